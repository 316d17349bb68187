"""Sheets between steps, site memory as JSON, and clusters found bucket by bucket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.archive.batch.deciding import DECIDED
from pipelines.archive.batch.job import SLOTS, Job, Report, Slice, Step, Task, slot_of
from pipelines.archive.batch.learning import Newest, Seen
from pipelines.archive.batch.likeness import band, cluster, pair
from pipelines.archive.batch.memories import dump_memory, load_memory
from pipelines.archive.batch.sheets import SheetWriter, read_report, read_sheets, sheet_schema
from pipelines.archive.batch.shelf import FolderShelf
from pipelines.body.site_memory import SiteMemory, Template
from pipelines.similarity.clusters import Member, clusters
from pipelines.similarity.near import signature

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHEET = sheet_schema(("name", pa.string()))


def write(shelf: FolderShelf, name: str, schema: pa.Schema, rows: list[dict[str, Any]]) -> None:
    with SheetWriter(shelf, name, schema) as sheet:
        sheet.add(rows)
        sheet.finish(Report({"rows": len(rows)}))


@given(st.integers(1, 300))
def test_slices_are_all_shards_each_once(count: int) -> None:
    slices = [Slice(number, count) for number in range(count)]
    assert [part.first for part in slices] == [0, *(part.beyond for part in slices[:-1])]
    assert slices[-1].beyond == SLOTS


def test_every_row_is_in_one_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.archive.batch.sheets._PIECE_BYTES", 4_000)  # several pieces, ...
    monkeypatch.setattr("pipelines.archive.batch.sheets._GROUP_BYTES", 500)  # ... of several row groups each
    shelf = FolderShelf(tmp_path)
    names = [f"name {number}" for number in range(3_000)]
    write(shelf, "some.parquet", SHEET, [{"slot": slot_of(name), "name": name} for name in names])
    found = [
        name
        for number in range(7)
        for table in read_sheets(shelf, ["some.parquet"], Slice(number, 7), ["name"])
        for name in table["name"].to_pylist()
    ]
    assert sorted(found) == sorted(names)
    assert read_report(shelf, "some.parquet").counts == {"rows": 3_000}


def test_a_sheet_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    with SheetWriter(shelf, "some.parquet", SHEET) as sheet:
        sheet.add([{"slot": 1, "name": "a"}])
    assert shelf.names(".") == []


MEMORIES = st.builds(
    SiteMemory,
    st.frozensets(st.integers(0, 2**64 - 1), max_size=9),
    st.lists(st.builds(Template, st.text(), st.none() | st.text(), st.integers(1, 99)), max_size=4).map(
        tuple
    ),
)


@given(MEMORIES)
def test_site_memory_comes_back(memory: SiteMemory) -> None:
    assert load_memory(dump_memory(memory)) == memory


SEEN = st.builds(
    Seen,
    st.integers(0, 9).map(lambda hour: NOON + timedelta(hours=hour)),
    st.sampled_from("abcdefghijkl"),
    st.just("archive"),
    st.integers(0, 99),
    st.just("key"),
)


@given(st.lists(SEEN, max_size=60), st.integers(1, 4), st.randoms())
def test_the_newest_pages_do_not_depend_on_the_order(some: list[Seen], most: int, random: Any) -> None:
    def taken(pages: list[Seen]) -> list[tuple[str, Seen]]:
        newest = Newest(most)
        for page in pages:
            newest.add("site", page)
        return list(newest.take())

    shuffled = list(some)
    random.shuffle(shuffled)
    by_url: dict[str, Seen] = {}
    for page in sorted(some):
        by_url[page.url] = page
    expected = sorted(by_url.values())[-most:]
    assert taken(shuffled) == taken(some) == [("site", page) for page in expected]


def test_clusters_by_buckets_are_those_of_the_whole_set(tmp_path: Path) -> None:
    members = [member(*given) for given in _texts()]
    shelf = FolderShelf(tmp_path)
    rows = [
        {
            "slot": number,
            "id": each.id,
            "minhash": each.signature,
            "fetched_at": NOON + timedelta(minutes=number),
            "url_canonical": each.article,
            "key": each.article,
        }
        for number, each in enumerate(members)
    ]
    decided = ("decide/x/0.parquet", "decide/x/1.parquet")
    for name, some in zip(decided, (rows[::2], rows[1::2]), strict=True):
        write(shelf, name, DECIDED, some)
    job = Job(str(tmp_path), str(tmp_path), 10, 2**30)
    bands = tuple(name.replace("decide", "band") for name in decided)
    for name, result in zip(decided, bands, strict=True):
        band(job, Task(Step.BAND, result, (name,)), shelf)
    pairs = tuple(f"pair/x/{number}.parquet" for number in range(3))
    for number, result in enumerate(pairs):
        pair(job, Task(Step.PAIR, result, bands + decided, part=Slice(number, 3)), shelf)
    cluster(job, Task(Step.CLUSTER, "cluster/x.parquet", pairs + decided), shelf)
    found = {
        row["id"]: (row["cluster_id"], row["duplicate_of"])
        for table in read_sheets(shelf, ["cluster/x.parquet"])
        for row in table.to_pylist()
    }
    whole = clusters(members)
    sizes = [first for first, _ in whole.values()]
    assert found == {each: marks for each, marks in whole.items() if sizes.count(marks[0]) > 1}
    assert len(set(sizes)) == 3  # one of three, one of two versions, one alone
    assert len(found) == 5


def member(number: int, text: str, article: str) -> Member:
    packed = signature(text)
    assert packed is not None
    moment = NOON + timedelta(minutes=number)
    return Member(f"id{9 - number}", packed, (moment.isoformat(), article), article)


def _texts() -> list[tuple[int, str, str]]:
    def story(seed: str) -> list[str]:
        return [
            f"The council of {seed} met on day {n} and spoke of {seed} bridge number {n}." for n in range(40)
        ]

    river, hill, coast = story("Riverton"), story("Hillgate"), story("Coastal Bay")
    return [
        (0, " ".join(river), "http://a.test/1"),
        (1, " ".join(hill), "http://b.test/1"),
        (2, " ".join(river[:-4]), "http://c.test/1"),
        (3, " ".join(coast), "http://d.test/1"),
        (4, " ".join([*hill, "One more line."]), "http://b.test/1"),
        (5, " ".join(["A lead of their own.", *river]), "http://e.test/1"),
    ]
