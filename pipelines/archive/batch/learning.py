"""The first pass: what the pages of each site show, and the memory learnt from it before any page counts.

Of each site the newest pages are looked at, at most as many as memory remembers; which these are does not
depend on the order of the archives. What is known well enough of a site stays as it is when archives are
added: rows that were made with it would else have to be made again.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from pipelines.archive.batch.job import Job, Report, Slice, Task, slot_of
from pipelines.archive.batch.memories import MEMORIES, dump_memory, memory_name
from pipelines.archive.batch.pages import PagePool
from pipelines.archive.batch.reading import Reader
from pipelines.archive.batch.sheets import SheetWriter, read_report, read_sheets, sheet_schema
from pipelines.archive.batch.shelf import Shelf
from pipelines.body.site_history import SiteHistory
from pipelines.body.site_memory import NO_MEMORY
from pipelines.policy import Policy
from pipelines.records import PageView, values_of

_INSTANT = pa.timestamp("us", tz="UTC")
_PLACE = (
    ("site", pa.string()),
    ("fetched_at", _INSTANT),
    ("url", pa.string()),
    ("archive", pa.string()),
    ("offset", pa.int64()),
    ("source", pa.string()),
)
SEEN = sheet_schema(*_PLACE)
VIEWS = sheet_schema(
    *_PLACE,
    ("body", pa.string()),
    ("headline", pa.string()),
    ("marks", pa.binary()),
    ("quality", pa.float64()),
    ("stated", pa.bool_()),
    ("beside", pa.int64()),
)


class Seen(NamedTuple):
    """A page and where it is; they order as they are compared, newest last."""

    fetched_at: datetime
    url: str
    archive: str
    offset: int
    source: str

    def row(self, site: str) -> dict[str, Any]:
        """As sheets have it."""
        return {"slot": slot_of(site), "site": site, **self._asdict()}


class Newest:
    """The newest pages of each site, one an address, whatever order they come in."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sites: defaultdict[str, dict[str, Seen]] = defaultdict(dict)

    def add(self, site: str, seen: Seen) -> None:
        """Look at one more page."""
        of_site = self._sites[site]
        known = of_site.get(seen.url)
        if known is None or known < seen:
            of_site[seen.url] = seen
        if len(of_site) > 4 * self._most:
            self._sites[site] = {each.url: each for each in heapq.nlargest(self._most, of_site.values())}

    def take(self) -> Iterator[tuple[str, Seen]]:
        """Site and page, oldest first within a site."""
        for site in sorted(self._sites):
            for each in sorted(heapq.nlargest(self._most, self._sites[site].values())):
                yield site, each


def index(job: Job, task: Task, shelf: Shelf) -> Report:
    """The pages of an archive that memory may want to see."""
    source = _source(task)
    reader = Reader(job, source)
    newest = Newest(job.policy.memory_site_pages)
    for offset, page in reader.pages():
        newest.add(page.site, Seen(page.fetched_at, page.url, source.archive.name, offset, source.key))
    with SheetWriter(shelf, task.result, SEEN) as sheet:
        sheet.add(seen.row(site) for site, seen in newest.take())
        return sheet.finish(Report(reader.counts, tuple(reader.damaged)))


def choose(job: Job, task: Task, shelf: Shelf) -> Report:
    """The pages that some of the sites are learnt from, of all archives."""
    newest = Newest(job.policy.memory_site_pages)
    settled = {
        site for site, pages, _ in _memories(job, shelf, task.part) if pages >= job.policy.memory_hold_pages
    }
    for table in read_sheets(shelf, task.inputs, task.part):
        for row in table.drop_columns(["slot"]).to_pylist():
            if row["site"] not in settled:
                newest.add(row.pop("site"), Seen(**row))
    with SheetWriter(shelf, task.result, SEEN) as sheet:
        sheet.add(seen.row(site) for site, seen in newest.take())
        return sheet.finish(Report())


def view(job: Job, task: Task, shelf: Shelf, pool: PagePool) -> Report:
    """What the chosen pages of an archive show, cleaned as if nothing were known of their sites."""
    source = _source(task)
    chosen = _chosen(shelf, task.inputs, source.key)
    with SheetWriter(shelf, task.result, VIEWS) as sheet:
        reader = Reader(job, source)
        found = _pages_at(reader, chosen)
        for offset, page, cleaned in pool.clean((offset, page, NO_MEMORY) for offset, page in found):
            if cleaned.view is None:
                continue
            seen = Seen(page.fetched_at, page.url, source.archive.name, offset, source.key)
            sheet.add([seen.row(page.site) | values_of(cleaned.view)])
        return sheet.finish(Report({"viewed": len(chosen)}))


def learn(job: Job, task: Task, shelf: Shelf) -> Report:
    """The memory of some of the sites, from what their pages showed, oldest first."""
    known = {site: (pages, memory) for site, pages, memory in _memories(job, shelf, task.part)}
    views: defaultdict[str, list[tuple[Seen, PageView]]] = defaultdict(list)
    for table in read_sheets(shelf, task.inputs, task.part):
        for row in table.drop_columns(["slot"]).to_pylist():
            views[row["site"]].append(_seen_view(row))
    for site, some in views.items():
        learnt = _memory(some, job.policy)
        if known.get(site, (0, ""))[0] < min(learnt[0], job.policy.memory_hold_pages):
            known[site] = learnt
    rows = [
        {"slot": slot_of(site), "site": site, "pages": pages, "memory": memory}
        for site, (pages, memory) in sorted(known.items())
    ]
    with SheetWriter(shelf, task.result, MEMORIES) as sheet:
        sheet.add(rows)
        return sheet.finish(Report({"sites": len(rows)}, learnt=_learnt_from(shelf, task)))


def _learnt_from(shelf: Shelf, task: Task) -> tuple[str, ...]:
    before = read_report(shelf, task.result).learnt if shelf.has(task.result) else ()
    return tuple(sorted({*before, *task.learns}))


def _memory(some: Iterable[tuple[Seen, PageView]], policy: Policy) -> tuple[int, str]:
    history = SiteHistory(policy, (view for _, view in sorted(some, key=lambda each: each[0])))
    return history.pages, dump_memory(history.snapshot())


def _memories(job: Job, shelf: Shelf, part: Slice) -> Iterator[tuple[str, int, str]]:
    name = memory_name(job, part)
    if shelf.has(name):
        for table in read_sheets(shelf, [name]):
            yield from zip(*(table[each].to_pylist() for each in ("site", "pages", "memory")), strict=True)


def _chosen(shelf: Shelf, names: Iterable[str], source: str) -> set[int]:
    offsets: set[int] = set()
    for table in read_sheets(shelf, names, columns=["source", "offset"]):
        pairs = zip(table["source"].to_pylist(), table["offset"].to_pylist(), strict=True)
        offsets.update(offset for of, offset in pairs if of == source)
    return offsets


def _pages_at(reader: Reader, offsets: set[int]) -> Iterator[tuple[int, Any]]:
    """The pages at these offsets, which need not be where the archive can be entered."""
    left = set(offsets)
    if not left:
        return
    for offset, page in reader.pages(min(left)):
        if offset in left:
            left.discard(offset)
            yield offset, page
        if not left:
            return


def _seen_view(row: dict[str, Any]) -> tuple[Seen, PageView]:
    seen = Seen(**{name: row[name] for name in Seen._fields})
    return seen, PageView(**{each.name: row[each.name] for each in fields(PageView)})


def _source(task: Task) -> Any:
    assert task.source is not None
    return task.source
