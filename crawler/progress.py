"""How far a crawl is, in one line that fits the terminal."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from crawler.figures import Figures
from crawler.terminal import display_width
from pipelines.archive.catalog import PAGE

# Seconds over which pages a second are counted.
_WINDOW = 10.0
_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Steps:
    """Of `total` sites or archive files, what `unit` says, `done` are through."""

    done: int
    total: int
    unit: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a crawl; `rate` is pages a second of late, `seconds` since it began."""

    steps: Steps
    pages: int
    articles: int
    rejected: int
    rate: float
    seconds: float

    def line(self, width: int) -> str:
        """As much as fits `width` columns: what matters least goes first, and the steps stay."""
        ranked = [  # as they stand, each with its rank
            (0, f"{self.steps.done:,}/{self.steps.total:,} {self.steps.unit}"),
            (3, f"{self.pages:,} pages"),
            (1, f"{self.articles:,} articles"),
            (4, f"{self.rejected:,} turned away"),
            (5, f"{self.rate:.1f} pages/s"),
            (2, str(timedelta(seconds=int(self.seconds)))),
        ]
        for most in range(len(ranked), 0, -1):
            line = _BETWEEN.join(text for rank, text in ranked if rank < most)
            if display_width(line) <= width:
                return line
        return line[:width]


@dataclass(slots=True)
class Meter:
    """Reads a run's figures from time to time; times are seconds of one monotonic clock."""

    began: float
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def read(self, figures: Figures, steps: Steps, now: float) -> Progress:
        """The figures at `now`: sums over the sites, no more."""
        tallies = figures.sites.values()
        pages = sum(tally.fetched for tally in tallies)
        if figures.archives is not None:
            pages = figures.archives.outcomes[PAGE]
        return Progress(
            steps=steps,
            pages=pages,
            articles=sum(tally.stored for tally in tallies),
            rejected=sum(tally.rejected.total() for tally in tallies),
            rate=self._rate(pages, now),
            seconds=now - self.began,
        )

    def _rate(self, pages: int, now: float) -> float:
        self._seen.append((now, pages))
        while self._seen[0][0] < now - _WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        return (pages - before) / (now - since) if now > since else 0.0
