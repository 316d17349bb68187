"""The tables that steps hand on: Parquet, in pieces that are sorted by slot, each with its report.

A reader of a range of slots reads only the row groups that hold some of it; a writer holds one piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.archive.batch.job import SLOTS, WHOLE, Report, Slice
from pipelines.archive.batch.shelf import Shelf

# Rows as Python has them become a table this often, and a piece that is sorted and written at this size.
_STEP_ROWS = 256
_PIECE_BYTES = 64 * 1024 * 1024
# So many bytes of a piece are a row group: what is read at least of a file for a range of slots.
_GROUP_BYTES = 4 * 1024 * 1024
_REPORT = b"khabar_report"
SHARD = pa.field("slot", pa.uint16(), nullable=False)


def sheet_schema(*fields: tuple[str, pa.DataType]) -> pa.Schema:
    """A sheet's columns: its slot and these."""
    return pa.schema([SHARD, *(pa.field(name, kind) for name, kind in fields)])


def plain(schema: pa.Schema) -> pa.Schema:
    """A dataset's columns as a sheet has them: dictionaries differ between pieces, strings do not."""
    kinds = (
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    )
    return pa.schema([SHARD, *(field.with_nullable(True) for field in kinds)])


class SheetWriter:
    """Writes rows as they come; `finish` puts the sheet on the shelf, leaving without that drops it."""

    def __init__(self, shelf: Shelf, name: str, schema: pa.Schema) -> None:
        self._shelf = shelf
        self._name = name
        self._schema = schema
        self._rows: list[dict[str, Any]] = []
        self._tables: list[pa.Table] = []
        self._path = shelf.scratch()
        self._writer = pq.ParquetWriter(
            self._path, schema, compression="zstd", compression_level=1, write_page_checksum=True
        )
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):  # closed already, or the disk refuses: the file goes in any case
            self._writer.close()
        self._path.unlink(missing_ok=True)

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Append rows; keys are the columns."""
        for row in rows:
            self._rows.append(row)
            if len(self._rows) >= _STEP_ROWS:
                self._step()

    def add_table(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        self._step()
        self._tables.append(table.cast(self._schema))
        self._flush(_PIECE_BYTES)

    def finish(self, report: Report) -> Report:
        """The sheet is whole: put it on the shelf with what is to be said of it."""
        self._step()
        self._flush(0)
        self._writer.add_key_value_metadata({_REPORT.decode(): report.dumps()})
        self._writer.close()
        self._shelf.keep(self._path, self._name)
        return report

    def _step(self) -> None:
        if self._rows:
            self._tables.append(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []
            self._flush(_PIECE_BYTES)

    def _flush(self, least: int) -> None:
        size = sum(table.nbytes for table in self._tables)
        if not self._tables or size < least:
            return
        piece = pa.concat_tables(self._tables)
        self._tables = []
        self.count += piece.num_rows
        piece = piece.take(pc.sort_indices(piece, sort_keys=[("slot", "ascending")]))
        step = max(1, piece.num_rows * _GROUP_BYTES // max(size, 1))
        self._writer.write_table(piece, row_group_size=step)


def read_report(shelf: Shelf, name: str) -> Report:
    """What the sheet's writer said of it."""
    with shelf.open(name) as file, pq.ParquetFile(file) as sheet:
        return Report.loads(sheet.metadata.metadata[_REPORT].decode())


def read_sheet(
    shelf: Shelf, name: str, part: Slice = WHOLE, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """The rows of a range of slots, a row group at a time; `columns` without `slot`."""
    wanted = None if columns is None else ["slot", *columns]
    with shelf.open(name) as file, pq.ParquetFile(file, page_checksum_verification=True) as sheet:
        at = sheet.schema_arrow.get_field_index("slot")
        for group in range(sheet.metadata.num_row_groups):
            known = sheet.metadata.row_group(group).column(at).statistics
            if known is not None and (known.max < part.first or known.min >= part.beyond):
                continue
            table = sheet.read_row_group(group, columns=wanted)
            if part.count > 1:
                table = table.filter(_is_in(table["slot"], part))
            if table.num_rows:
                yield table


def read_sheets(
    shelf: Shelf, names: Iterable[str], part: Slice = WHOLE, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """The same of many."""
    for name in names:
        yield from read_sheet(shelf, name, part, columns)


def _is_in(slots: pa.ChunkedArray, part: Slice) -> pa.ChunkedArray:
    first = pc.greater_equal(slots, pa.scalar(part.first, pa.uint16()))
    if part.beyond >= SLOTS:
        return first
    return pc.and_(first, pc.less(slots, pa.scalar(part.beyond, pa.uint16())))
