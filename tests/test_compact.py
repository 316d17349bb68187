from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.store import compact as compacting
from pipelines.store import parquet, partition
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.manifest import PublishedFile, dump_manifest
from pipelines.store.merge import merged
from pipelines.store.output import FolderOutput
from pipelines.store.parquet import file_digest
from pipelines.store.replacement import sweep_retired
from pipelines.store.rows import to_row
from pipelines.store.schema import SCHEMAS, SORT_KEYS, to_table
from tests.crawling import THOROUGH
from tests.helpers_compact import Expected, compact, copy, seed_rounds
from tests.helpers_store import NOW, Store, article, rejected, stage

DAY = "articles/fetch_date=2026-11-21"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Expected]:
    return seed_rounds(tmp_path_factory.mktemp("template") / "output")


@pytest.fixture
def store(template: tuple[Store, Expected], tmp_path: Path) -> Store:
    return copy(template[0], tmp_path / "output")


@pytest.fixture
def expected(template: tuple[Store, Expected]) -> Expected:
    return template[1]


def articles_of(store: Store) -> list[str]:
    return [name for name in store.visible() if name.startswith("articles")]


def listing(handle: int) -> list[str]:
    with os.scandir(handle) as entries:
        return sorted(entry.name for entry in entries)


def in_order(store: Store, dataset: str) -> list[dict[str, Any]]:
    return sorted(store.rows(dataset), key=lambda row: [row[name] for name in SORT_KEYS[dataset]])


def publish_old(store: Store, rows: list[dict[str, Any]], schema: pa.Schema, name: str) -> None:
    """A file as it is, noted in the ledger as published."""
    target = f"{DAY}/{name}"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), store.output / target)
    time = NOW.isoformat()
    with closing(Ledger(store.ledger_path)) as ledger, ledger.transaction() as db:
        size, digest = (store.output / target).stat().st_size, file_digest(store.output / target)
        db.execute(
            "INSERT INTO files VALUES (?, 'articles', '2026-11-21', ?, ?, ?, 'run-0', ?, ?, 1)",
            (target, len(rows), size, digest, time, time),
        )


# -- what becomes of the files


def test_the_small_files_of_a_partition_become_one(store: Store, expected: Expected) -> None:
    before = {dataset: in_order(store, dataset) for dataset in SCHEMAS}
    done = compact(store)
    assert [(each.dataset, each.files_before, each.files_after) for each in done] == [
        (dataset, 3, 1) for dataset in sorted(SCHEMAS)
    ]
    assert len(store.visible()) == 3
    assert {dataset: store.rows(dataset) for dataset in SCHEMAS} == before
    store.assert_settled(expected)


def test_merged_files_are_like_published_ones(store: Store) -> None:
    compact(store)
    for dataset, name in zip(sorted(SCHEMAS), store.visible(), strict=True):
        with pq.ParquetFile(store.output / name, page_checksum_verification=True) as file:
            assert file.schema_arrow.equals(SCHEMAS[dataset])
            assert file.schema_arrow.metadata[b"run_id"] == b"compact-1"
            group = file.metadata.row_group(0)
            assert file.metadata.num_row_groups == 1
            assert group.column(0).compression == "ZSTD"
            assert len(group.sorting_columns) == len(SORT_KEYS[dataset])


def test_what_is_compact_stays_as_it_is(store: Store) -> None:
    compact(store)
    before = store.visible()
    assert compact(store, "compact-2") == []
    assert store.visible() == before


def test_the_ledger_and_the_manifest_sum_what_was_merged(store: Store) -> None:
    before = {e.path: e for e in FolderOutput(store.output).listed() if e.dataset == "articles"}
    compact(store)
    (after,) = (e for e in FolderOutput(store.output).listed() if e.dataset == "articles")
    assert after.rows == sum(entry.rows for entry in before.values())
    assert after.min_fetched_at == min(entry.min_fetched_at for entry in before.values())
    assert after.max_fetched_at == max(entry.max_fetched_at for entry in before.values())
    assert {entry.writer for entry in before.values()} == {after.writer}
    assert after.run_id == "compact-1"


def test_rows_published_later_join_the_next_compaction(store: Store, expected: Expected) -> None:
    compact(store)
    late = article("https://sahifa.test/late", "متأخر")
    with closing(Ledger(store.ledger_path)) as ledger:
        stage(ledger, late)
    store.publish()
    assert len(articles_of(store)) == 2
    (done,) = compact(store, "compact-2")
    assert (done.dataset, done.files_before, done.files_after) == ("articles", 2, 1)
    store.assert_settled(expected | {("articles", late.id)})


def test_large_files_are_left_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.visible()
    monkeypatch.setattr(compacting, "_SMALL_FILE", 1000)
    assert compact(store) == []
    monkeypatch.undo()
    monkeypatch.setattr(compacting, "_SMALL_ROWS", 100)
    assert compact(store) == []
    assert store.visible() == before


def test_many_files_are_merged_in_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: tuple[Store, Expected]
) -> None:
    monkeypatch.setattr(compacting, "_GROUP_FILES", 2)
    store, expected = copy(template[0], tmp_path / "output"), template[1]
    assert {each.files_after for each in compact(store)} == {1}
    store.assert_settled(expected)


def test_groups_are_bounded_by_the_size_of_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compacting, "_GROUP_BYTES", 250_000)
    monkeypatch.setattr(compacting, "_SMALL_ROWS", 125_000)
    store = Store(tmp_path / "output")
    for number in range(5):
        with closing(Ledger(store.ledger_path)) as ledger:
            stage(ledger, article(f"https://sahifa.test/{number}", "متن" * 16_000))
        store.publish()
    (done,) = compact(store)
    assert (done.files_before, done.files_after) == (5, 3)
    assert sorted(entry.rows for entry in FolderOutput(store.output).listed()) == [1, 2, 2]
    assert compact(store, "compact-2") == []


def test_files_of_other_ledgers_and_of_analysts_are_left_alone(store: Store, expected: Expected) -> None:
    day = store.output / DAY
    (day / "notes").mkdir()
    foreign = [day / "analyst.parquet", day / "notes" / "today.txt", day / "part-other.parquet"]
    for path in foreign:
        path.write_text(path.name)
    (day / "link").symlink_to("nowhere")
    entry = PublishedFile(f"{DAY}/part-other.parquet", f"{DAY}/part-other.parquet", "articles", "2026-11-21",
                          1, 18, "0" * 64, "run-x", NOW.isoformat(), NOW.isoformat(), "other")  # fmt: skip
    listed = FolderOutput(store.output).listed()
    (store.output / "manifest.json").write_text(dump_manifest([*listed, entry]), encoding="utf-8")
    inode = foreign[0].stat().st_ino
    compact(store)
    assert [path.read_text() for path in foreign] == [path.name for path in foreign]
    assert foreign[0].stat().st_ino == inode
    assert (day / "link").readlink() == Path("nowhere")
    assert entry in FolderOutput(store.output).listed()
    for path in (foreign[0], foreign[2]):
        path.unlink()
    assert store.identities() == Counter(expected)


def test_a_file_that_comes_just_before_the_exchange_is_brought_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, late = partition.exchange, store.output / DAY / "late.txt"

    def busy(first: Path, second: Path) -> None:
        late.write_text("just in time")
        real(first, second)

    monkeypatch.setattr(partition, "exchange", busy)
    compact(store)
    assert late.read_text() == "just in time"


def test_the_partition_keeps_its_rights(store: Store) -> None:
    (store.output / DAY).chmod(0o750)
    compact(store)
    assert (store.output / DAY).stat().st_mode & 0o777 == 0o750


# -- files that are not as today's


def test_files_of_an_earlier_version_get_today_s_columns(store: Store, expected: Expected) -> None:
    lacking = ("quality_flags", "rights", "wire_source")
    images = pa.list_(pa.struct([(name, pa.string()) for name in ("url", "caption", "credit", "alt")]))
    fields = [
        pa.field("images", images) if field.name == "images" else field
        for field in SCHEMAS["articles"]
        if field.name not in lacking
    ]
    row = to_row(article("https://sahifa.test/old", "قديم", schema_version=1))
    row = {name: value for name, value in row.items() if name not in lacking}
    row["images"] = [{"url": "https://sahifa.test/1.jpg", "caption": "صورة", "credit": None, "alt": None}]
    publish_old(store, [row], pa.schema(fields, metadata={"schema_version": "1"}), "part-old.parquet")
    compact(store)
    (found,) = (each for each in store.rows("articles") if each["url"] == row["url"])
    assert found["schema_version"] == 1
    assert [found[name] for name in lacking] == [None] * 3
    assert found["images"] == [row["images"][0] | {"cover": None}]
    assert {each["schema_version"] for each in store.rows("articles")} == {1, 2}
    store.assert_settled(expected | {("articles", row["id"])})


def test_files_of_a_later_version_are_left_alone(store: Store) -> None:
    row = to_row(article("https://sahifa.test/next", "غد"))
    schema = SCHEMAS["articles"].append(pa.field("mood", pa.string())).with_metadata({"schema_version": "99"})
    publish_old(store, [row | {"mood": "good"}], schema, "part-next.parquet")
    compact(store)
    assert len(articles_of(store)) == 2
    assert pq.read_table(store.output / DAY / "part-next.parquet")["mood"].to_pylist() == ["good"]


def test_files_in_another_order_are_sorted(store: Store) -> None:
    rows = [to_row(article(f"https://sahifa.test/z/{n}", f"{n}")) for n in (3, 1, 2)]
    publish_old(store, rows, SCHEMAS["articles"], "part-unsorted.parquet")
    compact(store)
    urls = [row["url"] for row in store.rows("articles")]
    assert urls == sorted(urls)
    assert len(urls) == 6


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_file_is_named_and_left_alone(store: Store, damage: str) -> None:
    name = articles_of(store)[1]
    path = store.output / name
    data = path.read_bytes()
    path.unlink()  # its second name keeps the bytes
    if damage != "gone":
        path.write_bytes(data[:-9] if damage == "cut" else data[:50] + b"x" + data[51:])
    done = compact(store)[0]
    assert (done.dataset, done.damaged, done.files_after) == ("articles", (name,), 2)
    assert path.exists() == (damage != "gone")


rows_of_urls = st.lists(st.lists(st.sampled_from("abcأبتé𐍈"), max_size=12), min_size=1, max_size=5)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=rows_of_urls, group=st.integers(1, 2000))
def test_merging_keeps_every_row_in_order(
    files: list[list[str]], group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.store.merge.ROW_GROUP_BYTES", group)
    monkeypatch.setattr("pipelines.store.merge._BATCH_ROWS", 2)
    number, written, opened = 0, [], []
    for urls in files:
        rows = []
        for url in sorted(urls, key=str.encode):
            rows.append(to_row(rejected(url, site=f"s-{url}", body_bytes=number)))
            number += 1
        written.extend(rows)
        pq.write_table(to_table("rejected", rows), buffer := BytesIO())
        opened.append(buffer)
    found = [row for table in merged("rejected", opened) for row in table.to_pylist()]
    assert found == sorted(written, key=lambda row: (row["site"].encode(), row["url"].encode()))


# -- what readers of before hold on to


def test_readers_of_an_older_manifest_find_every_file_for_a_day(store: Store) -> None:
    older = FolderOutput(store.output).listed()
    compact(store)
    compact(store, "compact-2", now=NOW + timedelta(hours=23))
    assert [file_digest(store.output / entry.stable_path) for entry in older] == [e.sha256 for e in older]
    compact(store, "compact-3", now=NOW + timedelta(hours=25))
    assert not any((store.output / entry.stable_path).exists() for entry in older)
    assert store.query("SELECT * FROM retired") == []
    store.assert_manifest_equals_folder()


def test_who_has_opened_the_old_folder_lists_all_of_it(store: Store) -> None:
    handle = os.open(store.output / DAY, os.O_RDONLY)
    before = sorted(Path(name).name for name in articles_of(store))
    compact(store)
    assert listing(handle) == before
    compact(store, "compact-2", now=NOW + timedelta(hours=23))
    assert listing(handle) == before
    os.close(handle)
    compact(store, "compact-3", now=NOW + timedelta(hours=25))
    assert not list((store.output / ".state" / "replaced").iterdir())


def test_a_clock_that_was_ahead_keeps_nothing_for_ever(store: Store) -> None:
    ahead = NOW + timedelta(days=400)
    compact(store, now=ahead)
    held = [entry for (entry,) in store.query("SELECT path FROM retired")]
    assert len(held) == 9
    with closing(Ledger(store.ledger_path)) as ledger:
        for hours, left in ((0, 9), (23, 9), (25, 0)):
            sweep_retired(ledger, FolderOutput(store.output), NOW + timedelta(hours=hours))
            assert len(store.query("SELECT * FROM retired")) == left
            assert len(list((store.output / ".state" / "replaced").iterdir())) == left // 3


def test_a_file_system_without_exchange_stays_as_it_is(
    store: Store, expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store.visible()

    def refuse(*_: Path) -> None:
        raise StoreError("no RENAME_EXCHANGE here")

    monkeypatch.setattr(partition, "exchange", refuse)
    with pytest.raises(StoreError, match=r"cannot compact articles.*no RENAME_EXCHANGE here"):
        compact(store)
    assert store.visible() == before
    store.assert_settled(expected)
    assert not list((store.output / ".state" / "replaced").iterdir())


# -- cron


def test_a_day_of_cron_leaves_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is cut here
    store, most, rounds = Store(tmp_path / "output"), 0, 300 if THOROUGH else 100
    for number in range(rounds):
        with closing(Ledger(store.ledger_path)) as ledger:
            stage(ledger, article(f"https://sahifa.test/{number}", f"متن {number}"))
        with store.publisher(f"run-{number:03}") as publisher:
            publisher.publish()
        most = max(most, len(store.visible()))
        if number % 50 == 49:
            compact(store, f"compact-{number:03}", now=NOW + timedelta(minutes=5 * number))
            assert len(store.visible()) == 1
    assert most == 51
    assert sorted(row["url"] for row in store.rows("articles")) == sorted(
        f"https://sahifa.test/{number}" for number in range(rounds)
    )
    compact(store, "compact-last", now=NOW + timedelta(days=3))
    assert len(list((store.output / ".state" / "files").rglob("*.parquet"))) == 1
    assert parquet.file_digest(store.output / store.visible()[0])
