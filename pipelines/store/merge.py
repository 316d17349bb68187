"""Sorted part files as one sorted stream of tables, of which a row group is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.store.parquet import ROW_GROUP_BYTES
from pipelines.store.schema import SCHEMAS, SORT_KEYS

# Rows read of a file at a time.
_BATCH_ROWS = 64


def merged(dataset: str, files: Sequence[BinaryIO]) -> Iterator[pa.Table]:
    """All rows of the files in the order of `SORT_KEYS`: tables of today's schema, each a row group.

    Columns that a file of an earlier version lacks are null. Raises `OSError` or `pa.ArrowException` for a
    file that does not read back.
    """
    opened = [pq.ParquetFile(file, page_checksum_verification=True) for file in files]
    sources = [_Source(dataset, file) for file in opened]
    turns = _turns(dataset, sources)
    rows = _rows_of_group([file.metadata for file in opened])
    for start in range(0, len(turns), rows):
        yield _piece(dataset, sources, turns[start : start + rows])


def uncompressed_bytes(footer: pq.FileMetaData) -> int:
    """Size of a file's rows before compression."""
    return sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))


def _rows_of_group(footers: Sequence[pq.FileMetaData]) -> int:
    """Rows that fill a row group when they are of these files' average size."""
    rows = sum(footer.num_rows for footer in footers)
    size = sum(uncompressed_bytes(footer) for footer in footers)
    return max(1, ROW_GROUP_BYTES * rows // max(size, 1))


class _Source:
    """One file, from which the next rows can be taken in sorted order."""

    def __init__(self, dataset: str, file: pq.ParquetFile) -> None:
        self._schema = _plain(SCHEMAS[dataset])
        names = SORT_KEYS[dataset]
        self.keys = self._today(file.read(columns=list(names))).select(names)
        order = pc.sort_indices(self.keys, [(name, "ascending") for name in names])
        if np.array_equal(order, np.arange(len(order))):
            self._tables = self._read(file)
        else:  # sorted by something else: an earlier version's
            self.keys = self.keys.take(order)
            self._tables = iter([self._today(file.read()).take(order)])
        self._left = self._schema.empty_table()

    def _read(self, file: pq.ParquetFile) -> Iterator[pa.Table]:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            yield self._today(pa.Table.from_batches([batch]))

    def _today(self, table: pa.Table) -> pa.Table:
        columns = [
            table[field.name].cast(field.type)
            if field.name in table.schema.names
            else pa.nulls(table.num_rows, field.type)
            for field in self._schema
        ]
        return pa.Table.from_arrays(columns, schema=self._schema)

    def take(self, count: int) -> Iterator[pa.Table]:
        """The next `count` rows."""
        while count:
            if not self._left.num_rows:
                self._left = next(self._tables)
            piece = self._left.slice(0, count)
            self._left = self._left.slice(piece.num_rows)
            count -= piece.num_rows
            yield piece


def _plain(schema: pa.Schema) -> pa.Schema:
    """The schema with nullable, plain columns: dictionaries of different files do not go together."""
    kinds = [f.type.value_type if pa.types.is_dictionary(f.type) else f.type for f in schema]
    return pa.schema([pa.field(f.name, kind) for f, kind in zip(schema, kinds, strict=True)])


def _turns(dataset: str, sources: Sequence[_Source]) -> np.ndarray[Any, np.dtype[np.int32]]:
    """For each row of the outcome the number of its file; of equal rows the first file's comes first."""
    names = SORT_KEYS[dataset]
    keys = pa.concat_tables([source.keys for source in sources])
    order = pc.sort_indices(keys, [(name, "ascending") for name in names]).to_numpy()
    numbers = np.repeat(np.arange(len(sources), dtype=np.int32), [len(source.keys) for source in sources])
    turns: np.ndarray[Any, np.dtype[np.int32]] = numbers[order]
    for source in sources:
        source.keys = None
    return turns


def _piece(dataset: str, sources: Sequence[_Source], turns: np.ndarray[Any, np.dtype[np.int32]]) -> pa.Table:
    counts = np.bincount(turns, minlength=len(sources))
    taken = [
        table for source, count in zip(sources, counts, strict=True) for table in source.take(int(count))
    ]
    places = np.empty(len(turns), dtype=np.int64)
    places[np.argsort(turns, kind="stable")] = np.arange(len(turns))
    table = pa.concat_tables(taken).combine_chunks().take(pa.array(places))
    return _encoded(table, SCHEMAS[dataset])


def _encoded(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        table[field.name].dictionary_encode() if pa.types.is_dictionary(field.type) else table[field.name]
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
