"""What runs came to on sites, and the alarms they raised, as the ledger keeps them.

Every function may raise `sqlite3.Error`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from pipelines.health.alarms import Alarm, Sign
from pipelines.health.baseline import together
from pipelines.health.figures import SiteRun

# Runs are told apart for this long, and days for that long: what is usual looks back on five weeks.
_WHOLE, _KEPT = timedelta(days=3), timedelta(days=60)


def save_site_runs(db: sqlite3.Connection, runs: Iterable[SiteRun]) -> None:
    """Keep them; one that is there already is replaced."""
    db.executemany(
        "INSERT OR REPLACE INTO site_runs VALUES (?, ?, ?, ?, ?)",
        (
            (run.site, run.started_at.isoformat(), run.run_id, run.spider,
             json.dumps(run.plain(), ensure_ascii=False))
            for run in runs
        ),
    )  # fmt: skip


def thin_out(db: sqlite3.Connection, sites: Iterable[str], now: datetime) -> None:
    """One row a day instead of one a run where the day is long past, none after two months.

    A crawl every quarter of an hour makes 35,000 rows a site and year; what is usual is told from weeks. Runs
    of a day on which an alarm began or ended stay apart: some of them teach what is usual, some do not.
    """
    days_ago = (now - _WHOLE).date().isoformat()
    for site in sites:
        db.execute(
            "DELETE FROM site_runs WHERE site = ? AND started_at < ?", (site, (now - _KEPT).isoformat())
        )
        several = db.execute(
            "SELECT spider, substr(started_at, 1, 10) AS day FROM site_runs "
            "WHERE site = :site AND started_at < :days_ago AND day NOT IN ("
            "SELECT substr(raised_at, 1, 10) FROM alarms WHERE site = :site UNION "
            "SELECT substr(ended_at, 1, 10) FROM alarms WHERE site = :site AND ended_at NOT NULL) "
            "GROUP BY 1, 2 HAVING count(*) > 1",
            {"site": site, "days_ago": days_ago},
        ).fetchall()
        for spider, day in several:
            _join(db, site, spider, day)


def _join(db: sqlite3.Connection, site: str, spider: str, day: str) -> None:
    where = "WHERE site = ? AND spider = ? AND started_at BETWEEN ? AND ? || '~'"
    found = db.execute(f"SELECT figures FROM site_runs {where} ORDER BY started_at", (site, spider, day, day))  # noqa: S608  constants
    runs = [SiteRun.from_plain(json.loads(text)) for (text,) in found]
    db.execute(f"DELETE FROM site_runs {where}", (site, spider, day, day))  # noqa: S608  as above
    save_site_runs(db, [together(runs)])


def site_runs(
    db: sqlite3.Connection, site: str | None = None, *, since: datetime | None = None, spider: str = "news"
) -> Iterator[SiteRun]:
    """Those of a `site`, or of all by site, each the oldest first; only runs of `spider`."""
    first = since.isoformat() if since else ""
    if site is None:
        query = "SELECT figures FROM site_runs WHERE spider = ? AND started_at >= ? ORDER BY site, started_at"
        found = db.execute(query, (spider, first))
    else:
        query = "SELECT figures FROM site_runs WHERE site = ? AND started_at >= ? AND spider = ? "
        found = db.execute(f"{query} ORDER BY started_at", (site, first, spider))
    return (SiteRun.from_plain(json.loads(text)) for (text,) in found)


def runs_of(db: sqlite3.Connection, run_id: str) -> list[SiteRun]:
    """What one run came to, by site."""
    found = db.execute("SELECT figures FROM site_runs WHERE run_id = ? ORDER BY site", (run_id,))
    return [SiteRun.from_plain(json.loads(text)) for (text,) in found]


def unfinished_runs(db: sqlite3.Connection, since: datetime) -> frozenset[str]:
    """Runs that were stopped or could not finish: they saw a part of what there was."""
    found = db.execute(
        "SELECT run_id FROM runs WHERE run_id >= ? AND outcome IN ('stopped', 'unfinished')", (_first(since),)
    )
    return frozenset(run_id for (run_id,) in found)


def killed_runs(db: sqlite3.Connection, since: datetime, under_way: str, spider: str) -> list[datetime]:
    """When runs of `spider` began that never ended, but for one: nobody counted what they did."""
    found = db.execute(
        "SELECT started_at FROM runs WHERE run_id >= ? AND outcome IS NULL AND spider = ? AND run_id <> ?",
        (_first(since), spider, under_way),
    )
    return [datetime.fromisoformat(text) for (text,) in found]


def _first(since: datetime) -> str:
    """Ids of runs begin with their time: what those of later ones are not less than."""
    return f"{since.astimezone(UTC):%Y%m%dT%H%M%S}"


def save_alarms(db: sqlite3.Connection, alarms: Iterable[Alarm]) -> None:
    """Keep them, in place of what was known of each; an alarm is known by site and time."""
    db.executemany(
        "INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (alarm.site, alarm.raised_at.isoformat(), alarm.run_id, alarm.last_run_id,
             json.dumps([asdict(sign) for sign in alarm.signs], ensure_ascii=False), json.dumps(alarm.cases),
             alarm.ended_at.isoformat() if alarm.ended_at else None, alarm.ending)
            for alarm in alarms
        ),
    )  # fmt: skip


def alarms(db: sqlite3.Connection, *, only_open: bool = False) -> list[Alarm]:
    """All there were, or those that are open; the newest first."""
    found = db.execute(
        "SELECT site, raised_at, run_id, last_run_id, signs, cases, ended_at, ending FROM alarms "
        "WHERE NOT ? OR ended_at IS NULL ORDER BY raised_at DESC, site",
        (only_open,),
    )
    return [
        Alarm(
            site=site,
            run_id=run_id,
            raised_at=datetime.fromisoformat(raised_at),
            signs=tuple(Sign(**sign) for sign in json.loads(signs)),
            last_run_id=last_run_id,
            cases=tuple(json.loads(cases)),
            ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
            ending=ending,
        )
        for site, raised_at, run_id, last_run_id, signs, cases, ended_at, ending in found
    ]
