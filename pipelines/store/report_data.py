"""What the report shows, read from ledgers and part files; what cannot be read is named."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

from pipelines.health.alarms import Alarm
from pipelines.health.figures import SiteRun, SiteTally, added
from pipelines.health.waterfall import Ends
from pipelines.report.measures import point_of
from pipelines.report.records import Point, Published, ReportData, RunLine, SiteHealth, Unread
from pipelines.shard import Shard
from pipelines.store.ends import NOTHING_KNOWN, KnownEnds, ends_by_site
from pipelines.store.errors import StoreError
from pipelines.store.ledger_file import open_read_only
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import Files, Output
from pipelines.store.part_check import is_well_formed
from pipelines.store.report_rows import published_rows
from pipelines.store.shard_files import ShardFiles
from pipelines.store.site_runs import alarms, runs_of, site_runs

# Runs that sparklines look back on, and those that the calendar and the list of runs know.
_RUNS_BACK = 60
_RUNS_LISTED = 1_000


@dataclass(slots=True)
class _Found:
    """What several ledgers come to."""

    latest: list[RunLine] = field(default_factory=list)
    runs: list[RunLine] = field(default_factory=list)
    points: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    site_runs: dict[str, SiteRun] = field(default_factory=dict)
    ends: dict[str, Ends] = field(default_factory=dict)
    earlier: list[SiteTally] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def report_data(
    ledgers: Mapping[Path, Shard | None],
    output: Output,
    made_at: datetime,
    known: KnownEnds = NOTHING_KNOWN,
) -> ReportData:
    """Of one ledger, or of one for each shard; reads only. `made_at` is aware UTC.

    Whatever is missing or damaged is in `unread` of the record, and raises nothing.
    """
    found = _Found()
    for path, shard in ledgers.items():
        _read_ledger(path, shard, found, known.get(path))
    files = _listed(output, list(ledgers.values()), found.unread)
    newest = {run.run_id for run in found.latest}
    return ReportData(
        made_at=made_at,
        output=output.name,
        latest=tuple(found.latest),
        runs=tuple(sorted(found.runs, key=lambda run: (run.started_at, run.run_id), reverse=True)),
        sites=tuple(_sites(found)),
        earlier=added(found.earlier),
        alarms=tuple(sorted(found.alarms, key=lambda alarm: alarm.raised_at, reverse=True)),
        rows=_rows_by_day(files),
        published=published_rows(output, files, newest, found.unread) if files else Published(),
        unread=tuple(found.unread),
    )


def _read_ledger(
    path: Path, shard: Shard | None, found: _Found, known: Mapping[str, Ends] | None = None
) -> None:
    """Each part of it by itself: a table that is damaged takes no other away. Not what is `known`."""
    if not path.exists():
        if shard:
            found.unread.append(Unread(f"ledger of shard {shard}", f"{path} is not on this machine"))
        return
    try:
        db = open_read_only(path)
    except StoreError as error:
        found.unread.append(Unread(f"ledger {path}", str(error)))
        return
    with closing(db):
        found.ends |= known or {}
        for what, read in _PARTS.items():
            if read is _read_ends and known is not None:
                continue
            try:
                read(db, found)
            except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
                found.unread.append(Unread(f"{what} in {path}", f"{type(error).__name__}: {error}"))


def _read_runs(db: sqlite3.Connection, found: _Found) -> None:
    rows = db.execute(
        "SELECT run_id, spider, started_at, ended_at, outcome FROM runs ORDER BY started_at DESC LIMIT ?",
        (_RUNS_LISTED,),
    )
    runs = [
        RunLine(
            run_id,
            spider,
            datetime.fromisoformat(started_at),
            datetime.fromisoformat(ended_at) if ended_at else None,
            outcome,
        )
        for run_id, spider, started_at, ended_at, outcome in rows
    ]
    found.runs += runs
    if runs:
        found.latest.append(runs[0])
        latest = runs_of(db, runs[0].run_id)
        added(latest)  # what does not add up raises here, and not when the page is drawn
        found.site_runs |= {run.site: run for run in latest}


def _read_points(db: sqlite3.Connection, found: _Found) -> None:
    rows = db.execute(
        "SELECT run_id, started_at FROM runs WHERE spider = 'news' ORDER BY started_at DESC LIMIT ?",
        (_RUNS_BACK,),
    ).fetchall()
    if not rows:
        return
    since, newest = datetime.fromisoformat(rows[-1][1]), {run.run_id for run in found.latest}
    for site, runs in groupby(site_runs(db, since=since), key=lambda run: run.site):
        all_of_it = list(runs)
        found.points[site] = tuple(map(point_of, all_of_it))
        found.earlier.append(added(run for run in all_of_it if run.run_id not in newest))


def _read_ends(db: sqlite3.Connection, found: _Found) -> None:
    found.ends |= ends_by_site(db)


def _read_alarms(db: sqlite3.Connection, found: _Found) -> None:
    found.alarms += alarms(db)


_PARTS: dict[str, Callable[[sqlite3.Connection, _Found], None]] = {
    "runs": _read_runs,
    "earlier runs of the sites": _read_points,
    "URLs": _read_ends,
    "alarms": _read_alarms,
}


def _sites(found: _Found) -> Iterator[SiteHealth]:
    alarmed = {alarm.site for alarm in found.alarms if alarm.ended_at is None}
    for name in sorted(found.points.keys() | found.site_runs.keys() | found.ends.keys() | alarmed):
        yield SiteHealth(
            name, found.points.get(name, ()), found.site_runs.get(name), found.ends.get(name, Ends())
        )


def _listed(output: Output, shards: Sequence[Shard | None], unread: list[Unread]) -> Files:
    """The files that the manifest lists: of the one shard that is looked at, or all."""
    only = shards[0] if len(shards) == 1 else None
    try:
        files = ShardFiles(output, only).listed() if only else output.listed()
    except (StoreError, OSError) as error:
        unread.append(Unread("list of the published files", str(error)))
        return ()
    kept = tuple(filter(_is_usable, files))
    if strange := len(files) - len(kept):
        unread.append(Unread("list of the published files", f"{strange} of its entries are damaged"))
    return kept


def _is_usable(entry: PublishedFile) -> bool:
    if not is_well_formed(entry):
        return False
    try:
        return bool(date.fromisoformat(entry.partition)) and bool(
            datetime.fromisoformat(entry.max_fetched_at)
        )
    except (ValueError, TypeError):
        return False


def _rows_by_day(files: Sequence[PublishedFile]) -> dict[date, int]:
    found: Counter[date] = Counter()
    for each in files:
        if each.dataset == "articles":
            found[date.fromisoformat(each.partition)] += each.rows
    return dict(found)
