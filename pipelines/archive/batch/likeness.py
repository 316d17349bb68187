"""The fourth pass: near-duplicates over the whole corpus, by keys that near texts share.

Rows are spread by these keys, compared within each bucket, and what hangs together is one cluster: the same
as `similarity.clusters.clusters` gives of all rows at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.batch.job import Job, Report, Task, slot_of
from pipelines.archive.batch.sheets import SheetWriter, read_sheets, sheet_schema
from pipelines.archive.batch.shelf import Shelf
from pipelines.similarity.clusters import Member, components, edges, marks
from pipelines.similarity.near import bands

BANDS = sheet_schema(("band", pa.binary()), ("id", pa.string()))
PAIRS = sheet_schema(("one", pa.string()), ("other", pa.string()))
CLUSTERS = sheet_schema(("id", pa.string()), ("cluster_id", pa.string()), ("duplicate_of", pa.string()))
_MEMBER = ("id", "minhash", "fetched_at", "url_canonical", "key")


def band(job: Job, task: Task, shelf: Shelf) -> Report:  # noqa: ARG001  all steps are called alike
    """The keys of some rows' signatures."""
    with SheetWriter(shelf, task.result, BANDS) as sheet:
        for table in read_sheets(shelf, task.inputs, task.part, ("id", "minhash")):
            for row in table.filter(pc.is_valid(table["minhash"])).to_pylist():
                keys = bands(row["minhash"])
                sheet.add({"slot": slot_of(key), "band": key, "id": row["id"]} for key in keys)
        return sheet.finish(Report())


def pair(job: Job, task: Task, shelf: Shelf) -> Report:
    """Which rows are near, of those that share one of some keys. `inputs`: sheets of bands, then of rows."""
    named = [name for name in task.inputs if name.startswith("band/")]
    buckets = _buckets(shelf, task, named)
    wanted = {each for bucket in buckets for each in bucket}
    members = dict(_members(shelf, [name for name in task.inputs if name not in named], wanted))
    found = {
        edge
        for bucket in buckets
        for edge in edges([members[each] for each in bucket if each in members], job.policy)
    }
    with SheetWriter(shelf, task.result, PAIRS) as sheet:
        sheet.add({"slot": 0, "one": one, "other": other} for one, other in sorted(found))
        return sheet.finish(Report({"pairs": len(found)}))


def cluster(job: Job, task: Task, shelf: Shelf) -> Report:  # noqa: ARG001  as above
    """What hangs together, over all; holds two ids for each row that is near another."""
    named = [name for name in task.inputs if name.startswith("pair/")]
    joined = components(_pairs(shelf, named))
    rows = [name for name in task.inputs if name not in named]
    homes: defaultdict[str, list[Member]] = defaultdict(list)
    for each, member in _members(shelf, rows, joined.keys()):
        homes[joined[each]].append(member)
    with SheetWriter(shelf, task.result, CLUSTERS) as sheet:
        for _, some in sorted(homes.items()):
            marked = marks(some, joined)
            sheet.add(_row(member, *marked[member.id]) for member in some)
        duplicates = sum(len(some) for some in homes.values())
        return sheet.finish(Report({"clusters": len(homes), "clustered": duplicates}))


def _row(member: Member, cluster_id: str, duplicate_of: str | None) -> dict[str, Any]:
    slot = slot_of(urlsplit(member.article).netloc)  # of its host, as the rows are
    return {"slot": slot, "id": member.id, "cluster_id": cluster_id, "duplicate_of": duplicate_of}


def _buckets(shelf: Shelf, task: Task, names: Iterable[str]) -> list[list[str]]:
    """The ids that share a key, for each key that several have."""
    tables = list(read_sheets(shelf, names, task.part, ("band", "id")))
    if not tables:
        return []
    table = pa.concat_tables(tables)
    shared = table.group_by("band").aggregate([("id", "count")])
    shared = shared.filter(pc.greater(shared["id_count"], 1))["band"].combine_chunks()
    found: defaultdict[bytes, list[str]] = defaultdict(list)
    for row in table.filter(pc.is_in(table["band"], shared)).to_pylist():
        found[row["band"]].append(row["id"])
    return [found[key] for key in sorted(found)]


def _members(shelf: Shelf, names: Iterable[str], wanted: Iterable[str]) -> Iterator[tuple[str, Member]]:
    ids = pa.array(sorted(wanted), pa.string())
    for table in read_sheets(shelf, names, columns=_MEMBER):
        for row in table.filter(pc.is_in(table["id"], ids)).to_pylist():
            order = row["fetched_at"].isoformat(), row["url_canonical"]
            yield row["id"], Member(row["id"], row["minhash"], order, row["key"])


def _pairs(shelf: Shelf, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for table in read_sheets(shelf, names, columns=("one", "other")):
        yield from zip(table["one"].to_pylist(), table["other"].to_pylist(), strict=True)
