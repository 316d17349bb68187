"""The last pass: rows of a day as part files, sorted, with what was decided of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.batch.cleaning import dataset_name
from pipelines.archive.batch.identity import Place
from pipelines.archive.batch.job import Job, Report, Task
from pipelines.archive.batch.rows import SHEETS
from pipelines.archive.batch.sheets import SheetWriter, read_sheets, sheet_schema
from pipelines.archive.batch.shelf import Shelf
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import open_output
from pipelines.store.parquet import ROW_GROUP_BYTES, Part, write_tables
from pipelines.store.schema import SCHEMAS, SORT_KEYS

# The name under which the manifest lists what batches published.
WRITER = "archives"
_NO_ROWS = sheet_schema()
_MARKS = ("id", "version", "previous_id", "change_kind", "cluster_id", "duplicate_of")
# What tells rows apart whose sort keys are the same.
_TIES = ("fetched_at", "archive", "offset", "source")

_Marks = dict[Place, dict[str, Any]]


def write(job: Job, task: Task, shelf: Shelf) -> Report:
    """Part files of one day and range of hosts; `inputs`: sheets of articles, of rows, of clusters.

    Takes the memory of the slice's rows thrice, some 800 MB at most. A folder's parts wait on the shelf; an
    object store's are put where they belong, and no manifest lists them yet.
    """
    cleaned = [name for name in task.inputs if name.startswith("articles/")]
    marks = _marks(shelf, task)
    files = []
    for dataset in SCHEMAS:
        names = [dataset_name(name, dataset) for name in cleaned]
        rows = _rows(shelf, task, dataset, names, marks)
        if rows is not None:
            part = write_tables(dataset, _groups(dataset, rows), shelf.scratch(), task.run_id)
            files.append(asdict(_put(job, task, shelf, dataset, part)))
    with SheetWriter(shelf, task.result, _NO_ROWS) as sheet:
        return sheet.finish(Report(files=tuple(files)))


def waiting_name(target: str) -> str:
    """Where a part waits that is to be published in a folder."""
    return f"waiting/{target}"


def _put(job: Job, task: Task, shelf: Shelf, dataset: str, part: Part) -> PublishedFile:
    assert task.day is not None
    target = f"{dataset}/fetch_date={task.day.isoformat()}/{part.name}"
    published = PublishedFile(
        path=target,
        stable_path=target,
        dataset=dataset,
        partition=task.day.isoformat(),
        rows=part.rows,
        bytes=part.bytes,
        sha256=part.sha256,
        run_id=task.run_id,
        min_fetched_at=part.min_fetched_at.isoformat(),
        max_fetched_at=part.max_fetched_at.isoformat(),
        writer=WRITER,
    )
    if job.output.startswith("s3://"):
        open_output(job.output, part.path.parent / "khabar-batch").put(part.path, target, part.sha256)
    else:
        shelf.keep(part.path, waiting_name(target))
    return published


def _marks(shelf: Shelf, task: Task) -> _Marks:
    """What was decided of the captures that make rows."""
    clusters = {
        row["id"]: row
        for table in read_sheets(shelf, _named(task, "cluster/"), task.part)
        for row in table.to_pylist()
    }
    marks = {}
    wanted = ("source", "offset", "id", "version", "previous_id", "change_kind", "minhash", "fetched_at")
    for table in read_sheets(shelf, _named(task, "decide/"), task.part, wanted):
        for row in _of_day(table, task).to_pylist():
            alone = row["id"] if row.pop("minhash") is not None else None
            known = clusters.get(row["id"], {"cluster_id": alone, "duplicate_of": None})
            row |= {name: known[name] for name in ("cluster_id", "duplicate_of")}
            marks[row["source"], row["offset"]] = row
    return marks


def _named(task: Task, folder: str) -> list[str]:
    return [name for name in task.inputs if name.startswith(folder)]


def _of_day(table: pa.Table, task: Task) -> pa.Table:
    assert task.day is not None
    kind = table.schema.field("fetched_at").type
    first = datetime.combine(task.day, time(), UTC)
    moments = table["fetched_at"]
    return table.filter(
        pc.and_(
            pc.greater_equal(moments, pa.scalar(first, kind)),
            pc.less(moments, pa.scalar(first + timedelta(days=1), kind)),
        )
    )


def _rows(shelf: Shelf, task: Task, dataset: str, names: list[str], marks: _Marks) -> pa.Table | None:
    """The rows of the slice in their order; None when there are none."""
    tables = []
    for table in read_sheets(shelf, names, task.part):
        some = _of_day(table, task)
        tables.append(some if dataset == "rejected" else _marked(some, dataset, marks))
    tables = [table for table in tables if table.num_rows]
    if not tables:
        return None
    rows = pa.concat_tables(tables)
    keys = [*SORT_KEYS[dataset], *_TIES]
    order = pc.sort_indices(rows, sort_keys=[(key, "ascending") for key in keys])
    return rows.take(order).select(SCHEMAS[dataset].names)


def _marked(table: pa.Table, dataset: str, marks: _Marks) -> pa.Table:
    """The rows that stay, with what was decided."""
    places = zip(table["source"].to_pylist(), table["offset"].to_pylist(), strict=True)
    found = [marks.get(place) for place in places]
    table = table.filter(pa.array([mark is not None for mark in found]))
    kept = [mark for mark in found if mark is not None]
    renamed = {"article_id": "id"} if dataset == "removed_blocks" else {name: name for name in _MARKS}
    for column, name in renamed.items():
        at = table.schema.get_field_index(column)
        field = SHEETS[dataset].field(column)
        table = table.set_column(at, field, pa.array([mark[name] for mark in kept], field.type))
    return table


def _groups(dataset: str, rows: pa.Table) -> Iterator[pa.Table]:
    """The rows in the dataset's schema, a row group at a time; the same rows give the same groups."""
    rows = rows.combine_chunks()
    schema = SCHEMAS[dataset]
    step = max(1, rows.num_rows * ROW_GROUP_BYTES // max(rows.nbytes, 1))
    for start in range(0, rows.num_rows, step):
        some = rows.slice(start, step)
        columns = [
            some[field.name].combine_chunks().dictionary_encode().cast(field.type)
            if pa.types.is_dictionary(field.type)
            else some[field.name]
            for field in schema
        ]
        yield pa.Table.from_arrays(columns, schema=schema)
