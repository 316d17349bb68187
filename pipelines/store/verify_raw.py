"""The raw bytes that ledger and rows refer to: every record read, every file read to its end."""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import BinaryIO

import pyarrow.parquet as pq

from pipelines.store.errors import StoreError
from pipelines.store.output import Output, open_output
from pipelines.store.raw import read_record
from pipelines.store.verify import Problem
from pipelines.workers import TaskFailed, Workers

# Records a worker reads under one deadline.
_CHUNK = 200
_CHUNK_BYTES = 1024 * 1024
_RESTORE = "restore it from a copy; pages whose bytes are gone cannot be cleaned again"
_REFERRED = "SELECT warc_file, warc_offset FROM {} WHERE warc_file NOT NULL AND warc_offset NOT NULL"


async def verify_raw(
    output: Output, db: sqlite3.Connection | None, paths: Iterable[str], workers: Workers
) -> tuple[list[Problem], list[str]]:
    """Problems with what the ledger and the rows of the files at `paths` refer to; and notes.

    A note names a file that ends in the middle of a record, as a killed run leaves it; no page is lost by it.
    """
    with closing(sqlite3.connect("")) as places:  # SQLite's own temporary file: there may be millions
        places.execute("CREATE TABLE places (file TEXT, at INTEGER, PRIMARY KEY (file, at)) WITHOUT ROWID")
        for some in _referred(output, db, paths):
            places.executemany("INSERT OR IGNORE INTO places VALUES (?, ?)", some)
        problems = await _records(output.name, places, workers)
        names = {name for (name,) in places.execute("SELECT DISTINCT file FROM places")}
    names |= {path.name for path in output.raw_folder.glob("*.warc.gz")}
    missing = {each.file.removeprefix("raw/") for each in problems if each.wrong.startswith("missing")}
    return problems, await _ends(output.name, sorted(names - missing), workers)


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


async def _records(place: str, places: sqlite3.Connection, workers: Workers) -> list[Problem]:
    chunks = list(_chunks(places))
    said = await asyncio.gather(*(_run(workers, check_records, place, *chunk) for chunk in chunks))
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


async def _ends(place: str, names: list[str], workers: Workers) -> list[str]:
    said = await asyncio.gather(*(_run(workers, check_end, place, name) for name in names))
    return [f"raw/{name}: {found[0]}" for name, found in zip(names, said, strict=True) if found]


async def _run(workers: Workers, check: object, *args: object) -> list[str]:
    try:
        return await workers.run(check, *args)  # type: ignore[arg-type]  # one of the two below
    except TaskFailed as failure:
        return [f"cannot be read ({failure})"]


def check_records(place: str, name: str, offsets: list[int]) -> list[str]:
    """In a worker: the records at `offsets` of a WARC file that do not give back a response."""
    try:
        file = _open(place, name)
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


def check_end(place: str, name: str) -> list[str]:
    """In a worker: whether the last record of a WARC file is whole."""
    try:
        with _open(place, name) as file:
            at, whole = _last_record(file)
    except (OSError, StoreError, zlib.error) as error:
        return [f"does not read to its end: {error}"]
    return [] if whole else [f"ends in the middle of a record, at {at}, as of a killed run"]


def _open(place: str, name: str) -> BinaryIO:
    output = open_output(place)
    local = output.raw_folder / name
    return local.open("rb") if local.exists() else output.open_raw(name)


def _last_record(file: BinaryIO) -> tuple[int, bool]:
    """Offset of the last gzip member, and whether it is whole."""
    at = read = 0
    unzip = None
    rest = b""
    while rest or (rest := file.read(_CHUNK_BYTES)):
        if unzip is None:
            unzip, at = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), read
        unzip.decompress(rest)
        read += len(rest) - len(unzip.unused_data)
        rest = unzip.unused_data
        if unzip.eof:
            unzip = None
    return at, unzip is None
