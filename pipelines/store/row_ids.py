"""What rows there are: the identities in published files and spool, in a temporary table beside a ledger.

Only columns of identities are read. The table is SQLite's own temporary file, so memory stays flat.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.store.errors import StoreError
from pipelines.store.output import Output
from pipelines.urls import BadUrl, article_key

_INDEX = "CREATE INDEX temp.row_ids_by_id ON row_ids (dataset, id, mark)"
_INSERT = "INSERT INTO temp.row_ids VALUES (?, ?, ?, ?, ?, ?)"
_BATCH_ROWS = 10_000
# What reading a file that is missing or damaged raises.
UNREADABLE = (OSError, ValueError, KeyError, pa.ArrowException)

_Row = tuple[str, str | None, int | None, str]  # id, mark, blocks, site
_READERS: dict[str, tuple[list[str], Callable[..., _Row]]] = {
    "articles": (["id", "removed_blocks", "site"], lambda id_, blocks, site: (id_, None, blocks, site)),
    "rejected": (
        ["url", "url_requested", "fetched_at", "site"],
        lambda url, asked, at, site: (_key(asked or url), at.isoformat(), None, site),
    ),
    "removed_blocks": (
        ["article_id", "order", "site"],
        lambda id_, order, site: (id_, str(order), None, site),
    ),
}
_FROM_SPOOL = "INSERT INTO temp.row_ids SELECT dataset, {}, site, 0 FROM spool WHERE dataset = ?"
_SPOOLED = {
    "articles": _FROM_SPOOL.format("row ->> '$.id', NULL, row ->> '$.removed_blocks'"),
    "rejected": _FROM_SPOOL.format("url_key, row ->> '$.fetched_at', NULL"),
    "removed_blocks": _FROM_SPOOL.format("row ->> '$.article_id', row ->> '$.order', NULL"),
}


def prepare(db: sqlite3.Connection) -> None:
    """Make the temporary tables; the first read of the ledger, and so the state that is looked at."""
    db.create_function("row_key", 1, _key, deterministic=True)
    script = files("pipelines.store").joinpath("reconcile.sql").read_text(encoding="utf-8")
    for statement in re.sub("--.*", "", script).split(";"):
        db.execute(statement)  # `executescript` would end the transaction


def collect_rows(db: sqlite3.Connection, output: Output, paths: Iterable[str]) -> None:
    """Fill `temp.row_ids` from the files at `paths` and from the spool; after `prepare`.

    A file that cannot be read is named in `temp.row_files`.
    """
    db.execute("INSERT INTO temp.row_files VALUES (0, 'the spool', NULL, NULL)")
    for dataset, query in _SPOOLED.items():
        db.execute(query, (dataset,))
    for number, path in enumerate(paths, start=1):
        rows, wrong = _collect_file(db, output, path, number)
        db.execute("INSERT INTO temp.row_files VALUES (?, ?, ?, ?)", (number, path, rows, wrong))
    db.execute(_INDEX)


def _collect_file(
    db: sqlite3.Connection, output: Output, path: str, number: int
) -> tuple[int | None, str | None]:
    """Rows of the file, and what is wrong with it."""
    before, dataset = db.total_changes, path.partition("/")[0]
    try:
        for rows in _batches(output, path, *_READERS[dataset]):
            db.executemany(_INSERT, [(dataset, *row, number) for row in rows])
    except UNREADABLE as error:
        return None, why_unreadable(error)
    return db.total_changes - before, None


def identities(output: Output, path: str) -> Iterator[list[tuple[str, str]]]:
    """Id, or key of the URL, and site of each row of a published file. Raises `UNREADABLE`."""
    for rows in _batches(output, path, *_READERS[path.partition("/")[0]]):
        yield [(id_, site) for id_, _, _, site in rows]


def why_unreadable(error: Exception) -> str:
    """What is wrong with a file that gave this error."""
    if isinstance(error, FileNotFoundError):
        return "is missing"
    return f"cannot be read ({' '.join(str(error).split())[:200]})"


def _batches(
    output: Output, path: str, columns: list[str], as_row: Callable[..., _Row]
) -> Iterator[list[_Row]]:
    with open_part(output, path) as file, pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            values: list[list[Any]] = [batch.column(name).to_pylist() for name in columns]
            yield [as_row(*each) for each in zip(*values, strict=True)]


def open_part(output: Output, path: str) -> pa.NativeFile:
    """A part file as readers find it, or by the name that outlives a compaction that just replaced it."""
    try:
        try:
            return pa.PythonFile(output.open(path), mode="r")
        except FileNotFoundError:
            return pa.PythonFile(output.open(output.stable_path(path)), mode="r")
    except StoreError as error:
        raise OSError(str(error)) from None


def _key(url: str) -> str:
    try:
        return article_key(url)
    except BadUrl:
        return url
