"""A ledger in figures, for those who watch over it: last runs, each site's last run, what waits, what grows.

URLs are counted in an index, without a look at them. All may raise `sqlite3.Error`, and `ValueError` where
the ledger holds nonsense.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.health.figures import SiteRun
from pipelines.store.site_runs import alarms

# A site that no run visited for so long has no file any more.
_FORGOTTEN = timedelta(days=7)
_LAST_RUN = """
SELECT run_id, spider, started_at, ended_at, outcome FROM runs
WHERE spider = ? AND ended_at IS NOT NULL ORDER BY run_id DESC LIMIT 1
"""
_LAST_ON_SITE = """
SELECT figures FROM site_runs WHERE site = ? AND spider = 'news' ORDER BY started_at DESC LIMIT 1
"""
_LAST_ARTICLE = """
SELECT started_at FROM site_runs WHERE site = ? AND spider = 'news' AND json_extract(figures, '$.stored') > 0
ORDER BY started_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended; `outcome` is the name of its exit code in small letters, or `stopped`."""

    run_id: str
    spider: str
    started_at: datetime
    ended_at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """`runs`: the last that ended of each spider; `sites`: the last run of `news` on each site.

    `last_articles`: when the last run began that stored a new article of the site, where there was one.
    `alarming` sites have an open alarm. `urls` by state; `oldest_pending`: when the URL was discovered that
    waits longest. `size` of the ledger's files in bytes, `spooled` rows wait to be published, in `files` are.
    """

    runs: tuple[EndedRun, ...]
    sites: tuple[SiteRun, ...]
    last_articles: Mapping[str, datetime]
    alarming: frozenset[str]
    urls: Mapping[str, int]
    oldest_pending: datetime | None
    size: int
    spooled: int
    files: int


def ledger_figures(db: sqlite3.Connection, path: Path, now: datetime) -> LedgerFigures:
    """The figures of the ledger that is open as `db` from `path`."""
    sites = _sites(db, now)
    return LedgerFigures(
        runs=tuple(_runs(db)),
        sites=sites,
        last_articles=dict(_last_articles(db, sites)),
        alarming=frozenset(alarm.site for alarm in alarms(db, only_open=True)),
        urls=dict(db.execute("SELECT state, count(*) FROM urls GROUP BY state").fetchall()),
        oldest_pending=_oldest_pending(db),
        size=sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists()),
        spooled=_count(db, "SELECT count(*) FROM spool"),
        files=_count(db, "SELECT count(*) FROM files"),
    )


def _runs(db: sqlite3.Connection) -> list[EndedRun]:
    spiders = [name for (name,) in db.execute("SELECT DISTINCT spider FROM runs ORDER BY spider")]
    found = (db.execute(_LAST_RUN, (spider,)).fetchone() for spider in spiders)
    return [
        EndedRun(run_id, spider, datetime.fromisoformat(started), datetime.fromisoformat(ended), outcome)
        for run_id, spider, started, ended, outcome in filter(None, found)
    ]


def _sites(db: sqlite3.Connection, now: datetime) -> tuple[SiteRun, ...]:
    names = db.execute(
        "SELECT site FROM site_runs WHERE spider = 'news' "
        "GROUP BY site HAVING max(started_at) > ? ORDER BY site",
        ((now - _FORGOTTEN).isoformat(),),
    ).fetchall()
    found = (db.execute(_LAST_ON_SITE, (name,)).fetchone()[0] for (name,) in names)
    return tuple(SiteRun.from_plain(json.loads(text)) for text in found)


def _last_articles(db: sqlite3.Connection, sites: tuple[SiteRun, ...]) -> list[tuple[str, datetime]]:
    found = ((site.site, db.execute(_LAST_ARTICLE, (site.site,)).fetchone()) for site in sites)
    return [(name, datetime.fromisoformat(row[0])) for name, row in found if row]


def _oldest_pending(db: sqlite3.Connection) -> datetime | None:
    """By the index of what waits: it has the time, and the state must be there literally."""
    found = db.execute("SELECT min(discovered_at) FROM urls WHERE state = 'pending'").fetchone()[0]
    return datetime.fromisoformat(found) if found else None


def _count(db: sqlite3.Connection, query: str) -> int:
    found: int = db.execute(query).fetchone()[0]
    return found
