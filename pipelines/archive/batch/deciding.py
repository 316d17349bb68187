"""The third pass: versions and copies, host by host, from what the sheets say of each capture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.batch.identity import Capture, Place, Row, compared, rows_of
from pipelines.archive.batch.job import Job, Report, Task, slot_of
from pipelines.archive.batch.sheets import SheetWriter, read_sheets, sheet_schema
from pipelines.archive.batch.shelf import Shelf
from pipelines.changes import change_kind
from pipelines.records import ChangeKind

DECIDED = sheet_schema(
    ("source", pa.string()),
    ("offset", pa.int64()),
    ("id", pa.string()),
    ("version", pa.int32()),
    ("previous_id", pa.string()),
    ("change_kind", pa.string()),
    ("key", pa.string()),
    ("url_canonical", pa.string()),
    ("fetched_at", pa.timestamp("us", tz="UTC")),
    ("minhash", pa.binary()),
)
_CAPTURE = (
    "fetched_at", "own", "archive", "offset", "source",
    "id", "key", "url_canonical", "text_hash", "headline", "copy",
)  # fmt: skip
_READING = ("title", "text", "text_hash", "word_count")


class _Reading(NamedTuple):
    """What is compared of an article."""

    title: str | None
    text: str
    text_hash: str
    word_count: int


def decide(job: Job, task: Task, shelf: Shelf) -> Report:  # noqa: ARG001  all steps are called alike
    """Which captures of some hosts make rows. Holds 1 kB a capture, and the texts of edited articles."""
    captures = [Capture(**row) for row in _values(shelf, task, _CAPTURE)]
    texts = _texts(shelf, task, compared(captures))

    def compare(before: Capture, after: Capture) -> ChangeKind | None:
        return change_kind(texts[before.place], texts[after.place])

    rows = {row.capture.place: row for row in rows_of(captures, compare)}
    with SheetWriter(shelf, task.result, DECIDED) as sheet:
        for row in _values(shelf, task, ("source", "offset", "minhash")):
            if (made := rows.get((row["source"], row["offset"]))) is not None:
                sheet.add([_decided(made, row["minhash"])])
        changed = sum(row.version > 1 for row in rows.values())
        counts = {"rows": len(rows), "changed": changed, "stored_already": len(captures) - len(rows)}
        return sheet.finish(Report(counts))


def _decided(row: Row, minhash: bytes | None) -> dict[str, Any]:
    capture = row.capture
    return {
        "slot": slot_of(urlsplit(capture.key).netloc),
        "source": capture.source,
        "offset": capture.offset,
        "id": row.id,
        "version": row.version,
        "previous_id": row.previous_id,
        "change_kind": row.change_kind,
        "key": capture.key,
        "url_canonical": capture.url_canonical,
        "fetched_at": capture.fetched_at,
        "minhash": minhash,
    }


def _values(shelf: Shelf, task: Task, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for table in read_sheets(shelf, task.inputs, task.part, columns):
        yield from table.select(columns).to_pylist()


def _texts(shelf: Shelf, task: Task, places: set[Place]) -> dict[Place, _Reading]:
    found: dict[Place, _Reading] = {}
    if not places:
        return found
    offsets = pa.array(sorted({offset for _, offset in places}), pa.int64())
    for table in read_sheets(shelf, task.inputs, task.part, ("source", "offset", *_READING)):
        some = table.filter(pc.is_in(table["offset"], offsets))
        for row in some.to_pylist():
            place = row["source"], row["offset"]
            if place in places:
                found[place] = _Reading(*(row[name] for name in _READING))
    return found
