"""The raw bytes that ledger and rows refer to: every record read, every file read to its end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.store.errors import StoreError
from pipelines.store.output import Output, open_output
from pipelines.store.raw import read_record
from pipelines.store.release import released
from pipelines.store.verify import Problem
from pipelines.store.warc_files import CutShort, members, run_of
from pipelines.workers import TaskFailed, Workers

# Records a worker reads under one deadline.
_CHUNK = 200
_RESTORE = "restore it from a copy; pages whose bytes are gone cannot be cleaned again"
_REFERRED = "SELECT warc_file, warc_offset FROM {} WHERE warc_file NOT NULL AND warc_offset NOT NULL"


async def verify_raw(
    output: Output,
    db: sqlite3.Connection | None,
    paths: Iterable[str],
    workers: Workers,
    *,
    ours: Callable[[str], bool] | None = None,
) -> tuple[list[Problem], list[str]]:
    """Problems with what the ledger and the rows of the files at `paths` refer to; and notes.

    Of local WARC files that nothing refers to, those are looked at that are `ours`, by their names. A note
    names a file that ends in the middle of a record, as a killed run leaves it, or is damaged where nothing
    refers to it; no page is lost by that.
    """
    with closing(sqlite3.connect("")) as places:  # SQLite's own temporary file: there may be millions
        places.execute("CREATE TABLE places (file TEXT, at INTEGER, PRIMARY KEY (file, at)) WITHOUT ROWID")
        for some in _referred(output, db, paths):
            places.executemany("INSERT OR IGNORE INTO places VALUES (?, ?)", some)
        elsewhere = _elsewhere(db, places, set(output.raw_names()))
        places.executemany("DELETE FROM places WHERE file = ?", [(name,) for name in elsewhere])
        problems = await _records(output, places, workers)
        names = {name for (name,) in places.execute("SELECT DISTINCT file FROM places")}
    names |= {path.name for path in output.raw_folder.glob("*.warc.gz") if ours is None or ours(path.name)}
    missing = {each.file.removeprefix("raw/") for each in problems if each.wrong.startswith("missing")}
    gone = released(db) & set(elsewhere) if db else set()
    notes = [f"raw/: {len(gone)} WARC files behind rows were removed after NEWS_RAW_DAYS"] if gone else []
    return problems, notes + await _ends(output, sorted(names - missing), workers)


def _referred(
    output: Output, db: sqlite3.Connection | None, paths: Iterable[str]
) -> Iterator[Iterable[tuple[str, int]]]:
    if db is not None:
        for table in ("urls", "article_versions"):
            yield map(tuple, db.execute(_REFERRED.format(table)))
    for path in paths:
        if path.startswith("removed_blocks/"):
            continue
        with output.open(path) as file, pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(columns=["warc_file", "warc_offset"]):
                pairs = zip(batch["warc_file"].to_pylist(), batch["warc_offset"].to_pylist(), strict=True)
                yield [(file_, at) for file_, at in pairs if file_ is not None and at is not None]


def _elsewhere(db: sqlite3.Connection | None, places: sqlite3.Connection, here: set[str]) -> list[str]:
    """Files that are not in the raw store: released on purpose, or read where they are by `crawl warc`."""
    known = {name for (name,) in db.execute("SELECT name FROM archives")} | released(db) if db else set()
    found = places.execute("SELECT DISTINCT file FROM places").fetchall()
    return [name for (name,) in found if name not in here and (name in known or run_of(name) is None)]


async def _records(output: Output, places: sqlite3.Connection, workers: Workers) -> list[Problem]:
    chunks = list(_chunks(places))
    said = await asyncio.gather(*(_run(workers, check_records, output, *chunk) for chunk in chunks))
    wrong: dict[str, list[str]] = defaultdict(list)
    for (name, _), found in zip(chunks, said, strict=True):
        wrong[name].extend(found)
    return [
        Problem(f"raw/{name}", f"{found[0]}{f', and {len(found) - 1} more' if found[1:] else ''}", _RESTORE)
        for name, found in wrong.items()
        if found
    ]


def _chunks(places: sqlite3.Connection) -> Iterator[tuple[str, list[int]]]:
    offsets: list[int] = []
    last = ""
    for name, at in places.execute("SELECT file, at FROM places ORDER BY file, at"):
        if offsets and (name != last or len(offsets) >= _CHUNK):
            yield last, offsets
            offsets = []
        last = name
        offsets.append(at)
    if offsets:
        yield last, offsets


async def _ends(output: Output, names: list[str], workers: Workers) -> list[str]:
    said = await asyncio.gather(*(_run(workers, check_end, output, name) for name in names))
    return [f"raw/{name}: {found[0]}" for name, found in zip(names, said, strict=True) if found]


async def _run(workers: Workers, check: object, output: Output, *args: object) -> list[str]:
    try:
        return await workers.run(check, output.name, output.raw_folder.parent, *args)  # type: ignore[arg-type]  # one of the two below
    except TaskFailed as failure:
        return [f"cannot be read ({failure})"]


def check_records(place: str, state: Path, name: str, offsets: list[int]) -> list[str]:
    """In a worker: the records at `offsets` of a WARC file that do not give back a response."""
    try:
        file = open_output(place, state).open_raw(name)
    except FileNotFoundError:
        return ["missing"]
    except (OSError, StoreError) as error:
        return [f"cannot be read: {error}"]
    wrong = []
    with file:
        for at in offsets:
            try:
                read_record(file, at, name)
            except StoreError as error:
                wrong.append(str(error))
    return wrong


def check_end(place: str, state: Path, name: str) -> list[str]:
    """In a worker: the record, if any, at which reading the WARC file from its beginning ends."""
    try:
        with open_output(place, state).open_raw(name) as file:
            for _ in members(file):
                pass
    except (OSError, StoreError, CutShort) as error:
        return [f"does not read to its end: {error}"]
    return []
