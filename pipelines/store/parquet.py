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
# The knee of the curve: snappy is half as large again, zstd 19 sixty times slower for 13 %.
_COMPRESSION_LEVEL = 3
_CHUNK_BYTES = 1024 * 1024


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

    Bounded by one row group of memory. Raises `StoreError` when the disk gives back something else.
    """
    return write_tables(dataset, (to_table(dataset, group) for group in _groups(rows)), path, run_id)


def write_tables(
    dataset: str, tables: Iterable[pa.Table], path: Path, run_id: str, level: int = _COMPRESSION_LEVEL
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


def _groups(rows: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    size = 0
    for length, row in rows:
        group.append(row)
        size += length
        if size >= ROW_GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _make_durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _verify(dataset: str, path: Path, rows: int) -> None:
    """Read every page back with its checksum; the footer alone proves nothing."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found = sum(batch.num_rows for batch in file.iter_batches())
            same = file.schema_arrow.equals(SCHEMAS[dataset])
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} does not read back: {error}") from error
    if found != rows or not same:
        raise StoreError(f"{path} reads back with {found} of {rows} rows or another schema")
