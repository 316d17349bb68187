"""What the report is made of: records read from ledger and part files, with nothing left to look up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pipelines.health.alarms import Alarm
from pipelines.health.figures import SiteRun, SiteTally
from pipelines.health.waterfall import Ends


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run as the ledger has it, in aware UTC; `outcome` is None while it is on or when it was killed."""

    run_id: str
    spider: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One run on one site in little, for sparklines.

    `asked` URLs gave `stored` new articles, `changed` versions, and were `turned_away` or `failed`. Of the
    new articles: mean `chars`, the bin of `LAG_EDGES` of the median `lag`, and the share of `FIELDS` that is
    `filled`, 0..1; None where there were none.
    """

    run_id: str
    started_at: datetime
    asked: int = 0
    stored: int = 0
    changed: int = 0
    turned_away: int = 0
    failed: int = 0
    chars: float | None = None
    lag: int | None = None
    filled: float | None = None


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """A site's last runs, the oldest first; `latest`: what the latest run came to, if it was there."""

    name: str
    points: tuple[Point, ...] = ()
    latest: SiteRun | None = None
    ends: Ends = field(default_factory=Ends)


@dataclass(frozen=True, slots=True)
class Cut:
    """A block cut from an article; `order` is its place among all blocks of the page."""

    order: int
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class NewArticle:
    """A row of `articles`, as far as it is shown: `removed` blocks were cut, `cuts` are those to be had."""

    id: str
    site: str
    url: str
    title: str | None
    text: str
    language: str
    words: int
    removed: int
    fetched_at: datetime
    published_at: datetime | None = None
    published_date: date | None = None
    authors: tuple[str, ...] = ()
    score: float | None = None
    change_kind: str | None = None
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class RemovedCount:
    """A block that one rule cut `count` times from pages of one site, such as that at `url`."""

    site: str
    rule: str
    text: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Published:
    """What the newest part files hold: the newest articles, and the blocks that were cut most."""

    articles: tuple[NewArticle, ...] = ()
    removed: tuple[RemovedCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or part of one, that could not be read, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """All of it. `latest` is the latest run, of each shard; `runs` are all there were, the newest first.

    `earlier` adds up the runs in the sites' points but the latest. `rows` are those of `articles` in all
    files, by the day they were fetched.
    """

    made_at: datetime
    output: str
    latest: tuple[RunLine, ...] = ()
    runs: tuple[RunLine, ...] = ()
    sites: tuple[SiteHealth, ...] = ()
    earlier: SiteTally = field(default_factory=SiteTally)
    alarms: tuple[Alarm, ...] = ()
    rows: Mapping[date, int] = field(default_factory=dict)
    published: Published = field(default_factory=Published)
    unread: tuple[Unread, ...] = ()
