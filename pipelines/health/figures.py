"""What one run came to on one site: the record behind baselines, alarms, the report, metrics and log lines.

Counts and histograms, so that runs can be added up: no text, no URL, nothing that grows with the pages.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, time
from typing import Any

from pipelines.records import Article, Cleaned, Rejected

# Characters of a text at which the bins of `SiteRun.lengths` begin: half octaves, 64 to 65,536.
LENGTH_EDGES = tuple(round(2 ** (6 + half / 2)) for half in range(21))
# Hours from publication to fetching at which the bins of `SiteRun.lags` begin; before the first: dated ahead.
LAG_EDGES = (0, 1, 3, 6, 12, 24, 48, 72, 168, 720, 8760)
# Columns of `articles` of which `SiteRun.filled` counts how often they are known.
FIELDS = (
    *("title", "description", "authors", "section", "tags"),
    *("published_date", "published_at", "image_url"),
)
# Fields of `SiteRun` that are histograms.
_BINS = ("lengths", "lags")


@dataclass(frozen=True, slots=True)
class SiteRun:
    """One run on one site; `started_at` is the run's, aware UTC, `seconds` what the whole run took.

    `listed` URLs were on the site's places, known or new, `discovered` of them for the first time. Of
    `fetched` pages came `stored` new articles, `changed` versions, `unchanged` ones looked at again, `copies`
    of stored articles and those `rejected`, by reason. `failed`: URLs that gave no page, by reason. `waiting`
    URLs are left for the next run. `held_back`: why the host was left alone at the end, if it was.

    The rest is about the new articles: `languages`; how many have each of `FIELDS` (`filled`); histograms of
    their `lengths` (bins of `LENGTH_EDGES`, one more than edges) and `lags` (`LAG_EDGES`; undated ones are in
    none); `kept_chars` of all texts; `removed_chars` of all blocks cut, and how many each rule cut (`rules`).
    """

    run_id: str
    site: str
    spider: str
    started_at: datetime
    seconds: float = 0.0
    listed: int = 0
    discovered: int = 0
    fetched: int = 0
    stored: int = 0
    changed: int = 0
    unchanged: int = 0
    copies: int = 0
    waiting: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)
    lengths: tuple[int, ...] = (0,) * (len(LENGTH_EDGES) + 1)
    lags: tuple[int, ...] = (0,) * (len(LAG_EDGES) + 1)
    kept_chars: int = 0
    removed_chars: int = 0
    rules: Mapping[str, int] = field(default_factory=dict)
    held_back: str | None = None

    def plain(self) -> dict[str, Any]:
        """For JSON: what `from_plain` takes. Most runs bring most sites nothing: what is 0 is left out."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        known = {name: value for name, value in named.items() if (any(value) if name in _BINS else value)}
        return known | {"started_at": self.started_at.isoformat()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> SiteRun:
        """The record that `plain` was made of; names it does not know are of a later version and left out."""
        known = {each.name: plain[each.name] for each in fields(cls) if each.name in plain}
        known["started_at"] = datetime.fromisoformat(known["started_at"])
        for name in _BINS:
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)


@dataclass(slots=True)
class SiteTally:
    """A site's figures while its run is on."""

    discovered: int = 0
    fetched: int = 0
    stored: int = 0
    changed: int = 0
    unchanged: int = 0
    copies: int = 0
    kept_chars: int = 0
    removed_chars: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=lambda: [0] * (len(LENGTH_EDGES) + 1))
    lags: list[int] = field(default_factory=lambda: [0] * (len(LAG_EDGES) + 1))

    def take(self, staged: Cleaned) -> None:
        """Count a page as it was spooled."""
        result = staged.result
        if isinstance(result, Rejected):
            self.rejected[result.reason.value] += 1
        elif result.change_kind is not None:
            self.changed += 1
        else:
            self._take_article(result)
            self.rules.update(block.rule for block in staged.removed)

    def _take_article(self, article: Article) -> None:
        self.stored += 1
        self.languages[article.language] += 1
        self.filled.update(name for name in FIELDS if getattr(article, name))
        self.lengths[bisect_right(LENGTH_EDGES, article.char_count)] += 1
        if (lag := lag_hours(article)) is not None:
            self.lags[bisect_right(LAG_EDGES, lag)] += 1
        self.kept_chars += article.char_count
        self.removed_chars += article.removed_chars

    def site_run(
        self,
        run_id: str,
        site: str,
        spider: str,
        started_at: datetime,
        *,
        seconds: float,
        listed: int,
        waiting: int,
        held_back: str | None,
    ) -> SiteRun:
        """The record of it."""
        counted = {each.name: getattr(self, each.name) for each in fields(self)}
        counted |= {"lengths": tuple(self.lengths), "lags": tuple(self.lags)}
        counted |= {name: dict(found) for name, found in counted.items() if isinstance(found, Counter)}
        return SiteRun(
            run_id=run_id, site=site, spider=spider, started_at=started_at, seconds=seconds,
            listed=listed, waiting=waiting, held_back=held_back, **counted,
        )  # fmt: skip


def ended(of: SiteRun | SiteTally) -> int:
    """Pages that came to something, those that an earlier run fetched among them."""
    return of.stored + of.changed + of.unchanged + of.copies + sum(of.rejected.values())


def lag_hours(article: Article) -> float | None:
    """Hours from publication to fetching; of a day without a time, from its end, and not less than 0."""
    if article.published_at is not None:
        return (article.fetched_at - article.published_at).total_seconds() / 3600
    if article.published_date is None:
        return None
    end = datetime.combine(article.published_date, time.max, UTC)
    return max((article.fetched_at - end).total_seconds() / 3600, 0.0)


def added(runs: Iterable[SiteRun | SiteTally]) -> SiteTally:
    """Several runs or tallies, of one site or of many, as one tally."""
    total = SiteTally()
    names = [each.name for each in fields(total)]
    for run in runs:
        for name in names:
            mine, theirs = getattr(total, name), getattr(run, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, list):
                setattr(total, name, [one + other for one, other in zip(mine, theirs, strict=True)])
            else:
                setattr(total, name, mine + theirs)
    return total
