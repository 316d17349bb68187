"""What a run counts, for its summary, its log lines and its exit code."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.errors import ExitCode
from crawler.politeness.hosts import HostLine
from crawler.watch import Watched
from pipelines.health.figures import SiteRun, SiteTally
from pipelines.store.publish import Published
from pipelines.store.rebuild import Rebuilt

if TYPE_CHECKING:  # it reads for a run
    from crawler.archives import ArchivesRead


@dataclass(slots=True)
class Figures:
    """`sites` has the tally of each site from its first event on; `site_runs` what they came to."""

    errors: int = 0
    fatal: str | None = None
    stopped: bool = False  # it was told to stop before it was through
    sites: defaultdict[str, SiteTally] = field(default_factory=lambda: defaultdict(SiteTally))
    site_runs: tuple[SiteRun, ...] = ()
    changed: Counter[str] = field(default_factory=Counter)  # new versions, by what they changed
    rechecked: Counter[str] = field(default_factory=Counter)  # stored articles looked at that gave no row
    known: int = 0  # articles listed by their sites that an earlier run stored
    traps: dict[str, Counter[str]] = field(default_factory=dict)  # by site: addresses left out, by kind
    hosts: tuple[HostLine, ...] = ()
    shortfalls: list[str] = field(default_factory=list)
    watched: Watched | None = None  # alarms, of runs that are watched
    published: Published | None = None
    rebuilt: Rebuilt | None = None  # the ledger was lost or damaged
    part: tuple[int, int] | None = None  # of a shard: how many sites it has, of how many
    archives: ArchivesRead | None = None
    released: tuple[str, ...] = ()  # WARC files that were kept long enough
    report: Path | None = None  # where the page about the run is
    documents: tuple[str, ...] = ()  # what stands beside the data, below the output
    given_up: list[str] = field(default_factory=list)  # files and parts of files that could not be read

    @property
    def stored(self) -> Counter[str]:
        """New articles by site."""
        return Counter({site: tally.stored for site, tally in self.sites.items() if tally.stored})

    @property
    def rejected(self) -> Counter[str]:
        """Pages turned away, by reason."""
        return sum((tally.rejected for tally in self.sites.values()), Counter())

    @property
    def copies(self) -> int:
        """Pages that hold an article stored under another URL."""
        return sum(tally.copies for tally in self.sites.values())

    @property
    def removed_blocks(self) -> int:
        """Blocks cut from new articles."""
        return sum(tally.rules.total() for tally in self.sites.values())

    @property
    def exit_code(self) -> ExitCode:
        """The code of the worst that happened."""
        if self.fatal:
            return ExitCode.UNFINISHED
        if self.errors:
            return ExitCode.BUG
        if self.given_up:
            return ExitCode.UNFINISHED
        if self.rebuilt:
            return ExitCode.DAMAGED
        is_short = self.shortfalls or (self.watched and self.watched.raised)
        return ExitCode.SHORTFALL if is_short else ExitCode.OK

    @property
    def outcome(self) -> str:
        """How the run ended, in one word: the name of its exit code, or that it was told to stop."""
        code = self.exit_code
        return "stopped" if self.stopped and code is ExitCode.OK else code.name.lower()
