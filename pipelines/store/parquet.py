"""Part files: written outside the dataset, made durable, read back and checked before anyone sees them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.store.errors import StoreError
from pipelines.store.schema import SCHEMAS, SORT_KEYS, to_table

# Text rows are 3 to 6 kB: groups are sized by bytes. One-row groups cost 802 MiB for 20,000 rows.
ROW_GROUP_BYTES = 64 * 1024 * 1024
# The knee of the curve: snappy is 1.7 times as large, zstd 19 is 66 times the work for 27 %.
COMPRESSION_LEVEL = 3
_CHUNK_BYTES = 1024 * 1024
# Rows as Python has them take some eight times their size: so much of them is there at a time. Read back in
# steps of so many rows, for the same reason.
_PIECE_BYTES = 2 * 1024 * 1024
_STEP_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """A verified part file, still at its temporary path; `name` is what it will be called."""

    path: Path
    name: str
    rows: int
    bytes: int
    sha256: str
    min_fetched_at: datetime
    max_fetched_at: datetime


def write_part(dataset: str, rows: Iterable[tuple[int, dict[str, Any]]], path: Path, run_id: str) -> Part:
    """Write (size in bytes, row) pairs, sorted by `SORT_KEYS`, to `path` and verify the result.

    Takes the memory of a few row groups as Arrow has them, however many there are. Raises `StoreError` when
    the disk gives back something else.
    """
    return write_tables(dataset, _tables(dataset, rows), path, run_id)


def write_tables(
    dataset: str, tables: Iterable[pa.Table], path: Path, run_id: str, level: int = COMPRESSION_LEVEL
) -> Part:
    """The same of tables of the dataset's schema, each a row group."""
    schema = SCHEMAS[dataset].with_metadata(
        {
            "schema_version": str(SCHEMA_VERSION),
            "dataset": dataset,
            "run_id": run_id,
            "created_by": EXTRACTOR,
        }
    )
    dictionary = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    sorting = [pq.SortingColumn(schema.get_field_index(name)) for name in SORT_KEYS[dataset]]
    seen = _Seen()
    writer = pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=level,
        use_dictionary=dictionary,
        write_page_index=True,
        write_page_checksum=True,
        sorting_columns=sorting,
        version="2.6",
    )
    try:
        with writer:
            for table in tables:
                seen.add(table)
                writer.write_table(table, row_group_size=table.num_rows)
                del table  # before the next is made
    except BaseException:  # raised again, whatever it was
        # Leaving the writer's block wrote a footer: the part looks whole and is not.
        path.unlink(missing_ok=True)
        raise
    _make_durable(path)
    _verify(dataset, path, seen.rows)
    digest = file_digest(path)
    assert seen.first is not None
    assert seen.last is not None
    return Part(
        path=path,
        name=f"part-{run_id}-{digest[:16]}.parquet",
        rows=seen.rows,
        bytes=path.stat().st_size,
        sha256=digest,
        min_fetched_at=seen.first,
        max_fetched_at=seen.last,
    )


def file_digest(path: Path) -> str:
    """SHA-256 of the file in hex, without holding it in memory."""
    with path.open("rb") as file:
        return digest(file)


def digest(file: BinaryIO) -> str:
    """The same of an open file, from where it stands to its end."""
    found = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        found.update(chunk)
    return found.hexdigest()


@dataclass(slots=True)
class _Seen:
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, table: pa.Table) -> None:
        times = pc.min_max(table["fetched_at"])
        first, last = times["min"].as_py(), times["max"].as_py()
        self.rows += table.num_rows
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)


def _tables(dataset: str, rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[pa.Table]:
    """A table for each row group."""
    pieces: list[pa.Table] = []
    size = 0
    for piece in _pieces(rows):
        pieces.append(to_table(dataset, piece))
        size += pieces[-1].nbytes
        if size >= ROW_GROUP_BYTES:
            group, pieces, size = pa.concat_tables(pieces), [], 0
            yield group.unify_dictionaries()
            del group
    if pieces:
        yield pa.concat_tables(pieces).unify_dictionaries()


def _pieces(rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """The rows, some at a time."""
    piece: list[dict[str, Any]] = []
    size = 0
    for length, row in rows:
        piece.append(row)
        size += length
        if size >= _PIECE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _make_durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _verify(dataset: str, path: Path, rows: int) -> None:
    """Read every page back with its checksum; the footer alone proves nothing."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found = sum(batch.num_rows for batch in file.iter_batches(_STEP_ROWS))
            same = file.schema_arrow.equals(SCHEMAS[dataset])
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} does not read back: {error}") from error
    if found != rows or not same:
        raise StoreError(f"{path} reads back with {found} of {rows} rows or another schema")
