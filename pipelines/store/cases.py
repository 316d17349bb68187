"""Cases: pages that show an alarm best, each as a WARC file of one record, for `scrapy explain -a case=FILE`.

They stand in `cases/<run>/<site>/` of the report folder, and outlive the raw store's files.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from pipelines.health.alarms import Alarm, SignKind
from pipelines.health.figures import FIELDS, lag_hours
from pipelines.records import Page
from pipelines.store.durable import sync_folder
from pipelines.store.errors import StoreError
from pipelines.store.page_details import stored_page
from pipelines.store.raw import read_response
from pipelines.store.rows import article_of, loads
from pipelines.store.warc_files import CutShort, members

FOLDER = "cases"
MAX_CASES = 5
# Alarms of a site whose cases are kept.
_MAX_ALARMS = 20
# Of so many rows of a run the best are chosen.
_MAX_ROWS = 500

Row = dict[str, Any]


def save_cases(db: sqlite3.Connection, raw: Path, report: Path, run_id: str, alarm: Alarm) -> tuple[str, ...]:
    """Copy pages of the run that show the alarm; their files. None for a site that gave no pages.

    `raw` is the folder of the run's WARC files; the rows of the run are still in the spool. Raises `OSError`,
    `StoreError` and `sqlite3.Error`.
    """
    chosen = list(_chosen(db, run_id, alarm))[:MAX_CASES]
    if not chosen:
        return ()
    folder = report / FOLDER / run_id / alarm.site
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, (name, offset) in enumerate(chosen, start=1):
        file = folder / f"{number:02d}.warc.gz"
        file.write_bytes(_record(raw / name, offset))
        files.append(str(file))
    sync_folder(folder)
    return tuple(files)


def read_case(file: Path) -> Page:
    """The page of a case; raises `StoreError` where it is none."""
    page = stored_page(read_response(file, 0), file.name, 0)
    if page is None:
        raise StoreError(f"{file} does not say of which site its page is: no case of an alarm")
    return page


def forget_cases(report: Path, site: str) -> None:
    """Leave those of the site's latest alarms. Raises `OSError`."""
    runs = sorted((report / FOLDER).glob(f"*/{site}"), key=lambda folder: folder.parent.name)
    for folder in runs[:-_MAX_ALARMS]:
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()


def _record(file: Path, offset: int) -> bytes:
    """The bytes of the record at `offset`, checksum verified."""
    try:
        with file.open("rb") as opened:
            member = next(members(opened, offset), None)
            if member is None:
                raise StoreError(f"no record in {file} at {offset}")
            opened.seek(member.offset)
            return opened.read(member.end - member.offset)
    except CutShort as error:
        raise StoreError(f"cannot read {file} at {offset}: {error}") from None


def _chosen(db: sqlite3.Connection, run_id: str, alarm: Alarm) -> Iterator[tuple[str, int]]:
    """Places of pages, the best of each kind by turns, each once."""
    rejected = list(_rows(db, "rejected", run_id, alarm.site))
    articles = list(_rows(db, "articles", run_id, alarm.site))
    by_kind = [list(_showing(SignKind(kind), rejected, articles)) for kind in alarm.kinds]
    seen = set()
    for row in chain.from_iterable(zip_longest(*by_kind)):
        if row and row["warc_file"] and (place := (row["warc_file"], row["warc_offset"])) not in seen:
            seen.add(place)
            yield place


def _rows(db: sqlite3.Connection, dataset: str, run_id: str, site: str) -> Iterator[Row]:
    found = db.execute(
        "SELECT row FROM spool WHERE dataset = ? AND site = ? ORDER BY seq DESC LIMIT ?",
        (dataset, site, _MAX_ROWS),
    )
    rows = (loads(text) for (text,) in found)
    return (row for row in rows if row["run_id"] == run_id)


def _showing(kind: SignKind, rejected: list[Row], articles: list[Row]) -> Iterable[Row]:
    """Rows that show a sign of this kind, the best first."""
    if kind in (SignKind.LAYOUT, SignKind.BLOCKED):
        return [*rejected, *sorted(articles, key=_filled)]
    if kind is SignKind.LANGUAGE:
        usual = _most([row["language"] for row in articles])
        return [row for row in articles if row["language"] == usual]
    if kind is SignKind.STALE:
        return sorted(articles, key=_lag, reverse=True)
    if kind is SignKind.BOILERPLATE:
        return sorted(articles, key=lambda row: row["char_count"])
    return ()


def _filled(row: Row) -> int:
    return sum(bool(row[name]) for name in FIELDS)


def _lag(row: Row) -> float:
    hours = lag_hours(article_of(row))
    return abs(hours) if hours is not None else 0.0


def _most(values: list[str]) -> str | None:
    return max(set(values), key=values.count) if values else None
