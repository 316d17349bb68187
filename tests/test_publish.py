from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import EXTRACTOR
from pipelines.store import parquet, publish
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.manifest import read_manifest
from pipelines.store.rows import loads
from pipelines.store.schema import SCHEMAS, SORT_KEYS
from tests.helpers_store import (
    FORKSERVER,
    NOW,
    STEPS,
    Crash,
    LineTracer,
    Store,
    article,
    block,
    largest_file,
    publish_until_killed,
    rejected,
    seed,
    seed_small,
    stage,
)

Expected = set[tuple[Any, ...]]


@pytest.fixture
def seeded(tmp_path: Path) -> tuple[Store, Expected]:
    return seed(tmp_path / "output")


@pytest.fixture
def store(seeded: tuple[Store, Expected]) -> Store:
    return seeded[0]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Expected]:
    """A store to copy: seeding takes longer than publishing."""
    return seed_small(tmp_path_factory.mktemp("template") / "output")


def published(store: Store) -> publish.Published:
    with store.publisher() as publisher:
        return publisher.publish()


def only_file(store: Store, dataset: str) -> Path:
    (name,) = (name for name in store.visible() if name.startswith(dataset))
    return store.output / name


def fill(store: Store, count: int, length: int = 20) -> None:
    """Articles of letters that do not compress, in no order."""
    letters = random.Random(7)
    with closing(Ledger(store.ledger_path)) as ledger, ledger.transaction():
        for number in letters.sample(range(count), count):
            text = "".join(letters.choices("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", k=length))
            item = article(f"https://sahifa.test/many/{number}", text)
            Ledger._spool(ledger.connection, "articles", None, None, publish_row(item))


def publish_row(item: Any) -> dict[str, Any]:
    from pipelines.store.rows import to_row

    return to_row(item)


# -- what readers find


def test_every_spooled_row_is_published_once(seeded: tuple[Store, Expected]) -> None:
    store, expected = seeded
    done = published(store)
    store.assert_settled(expected)
    assert sorted(done.files) == store.visible()
    assert done.rows == {"articles": 3, "rejected": 1, "removed_blocks": 2}


def test_a_published_row_is_the_spooled_row(store: Store) -> None:
    spooled = [loads(row) for (row,) in store.query("SELECT row FROM spool WHERE dataset = 'articles'")]
    published(store)
    assert sorted(store.rows("articles"), key=lambda row: row["id"]) == sorted(
        spooled, key=lambda row: row["id"]
    )


def test_urls_reach_their_end_when_their_rows_are_published(store: Store) -> None:
    published(store)
    states = Counter(state for (state,) in store.query("SELECT state FROM urls"))
    assert states == {"committed": 3, "rejected": 1}


def test_folders_are_hive_partitions_by_day_of_fetching(store: Store) -> None:
    published(store)
    table = ds.dataset(store.output / "articles", partitioning="hive").to_table(columns=["url", "fetch_date"])
    days = {row["url"][-1]: row["fetch_date"] for row in table.to_pylist()}
    assert days == {"1": "2026-11-21", "2": "2026-11-21", "3": "2026-11-22"}


def test_publishing_nothing_publishes_nothing(store: Store) -> None:
    published(store)
    before = store.visible()
    assert published(store) == publish.Published((), {"articles": 0, "rejected": 0, "removed_blocks": 0})
    assert store.visible() == before


def test_later_files_stand_beside_earlier_ones(store: Store) -> None:
    published(store)
    before = {name: (store.output / name).read_bytes() for name in store.visible()}
    with closing(Ledger(store.ledger_path)) as ledger:
        stage(ledger, article("https://sahifa.test/news/1", "متن تازه"))
    store.restart()
    assert {name: (store.output / name).read_bytes() for name in before} == before
    assert len(store.visible()) == len(before) + 1
    store.assert_manifest_equals_folder()


def test_two_versions_of_an_article_are_two_rows_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    with closing(Ledger(store.ledger_path)) as ledger:
        for text in ("قديم", "جديد", "أجد"):
            stage(ledger, article(text=text))
    published(store)
    assert [row["version"] for row in store.rows("articles")] == [1, 2, 3]


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_files_are_sorted_as_they_say(tmp_path: Path, dataset: str) -> None:
    store = Store(tmp_path / "output")
    with closing(Ledger(store.ledger_path)) as ledger:
        for number in random.Random(3).sample(range(40), 40):
            site = ("zaman", "alif", "صحيفة")[number % 3]
            url = f"https://{site}.test/{number}"
            stage(ledger, article(url, f"متن {number}", site=site), block(9), block(10), block(2))
            stage(ledger, rejected(url + "/about", site=site))
    published(store)
    keys = SORT_KEYS[dataset]
    found = [tuple(row[key] for key in keys) for row in store.rows(dataset)]
    assert found == sorted(found, key=lambda row: [str(v).encode() if isinstance(v, str) else v for v in row])
    sorting = pq.ParquetFile(only_file(store, dataset)).metadata.row_group(0).sorting_columns
    assert [SCHEMAS[dataset].names[column.column_index] for column in sorting] == list(keys)


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_files_describe_themselves(store: Store, dataset: str) -> None:
    published(store)
    name = next(name for name in store.visible() if name.startswith(dataset))
    schema = pq.read_schema(store.output / name)
    assert schema.equals(SCHEMAS[dataset])
    for field in SCHEMAS[dataset]:
        assert schema.field(field.name).metadata[b"description"] == field.metadata[b"description"]
    assert schema.metadata[b"dataset"].decode() == dataset
    assert schema.metadata[b"run_id"] == b"run-1"
    assert schema.metadata[b"schema_version"] == b"1"
    assert schema.metadata[b"created_by"].decode() == EXTRACTOR


def test_columns_are_zstd_with_page_indexes(store: Store) -> None:
    published(store)
    for name in store.visible():
        group = pq.ParquetFile(store.output / name).metadata.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
        assert {column.compression for column in columns} == {"ZSTD"}
        assert all(column.has_column_index and column.has_offset_index for column in columns)


def test_a_flipped_bit_fails_the_page_s_checksum(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    fill(store, 30, length=3000)
    published(store)
    path = only_file(store, "articles")
    column = pq.ParquetFile(path).metadata.row_group(0).column(SCHEMAS["articles"].get_field_index("text"))
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(path, page_checksum_verification=True).read()


def test_rows_share_row_groups(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    fill(store, 500)
    published(store)
    metadata = pq.ParquetFile(only_file(store, "articles")).metadata
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [500]


def test_row_groups_are_cut_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 20_000)
    store = Store(tmp_path / "output")
    fill(store, 100, length=1000)
    published(store)
    metadata = pq.ParquetFile(only_file(store, "articles")).metadata
    rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert len(rows) > 3
    assert min(rows[:-1]) > 5
    assert len(store.rows("articles")) == 100


def test_a_day_larger_than_one_file_becomes_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "_MAX_PART_BYTES", 20_000)
    store = Store(tmp_path / "output")
    fill(store, 60, length=1000)
    assert published(store).rows["articles"] == 60
    assert len(store.visible()) > 2
    assert set(store.identities().values()) == {1}
    store.assert_manifest_equals_folder()


def test_the_manifest_says_what_is_in_each_file(store: Store) -> None:
    published(store)
    entries = {(e["dataset"], e["partition"]): e for e in read_manifest(store.output)["files"]}
    assert {key: entry["rows"] for key, entry in entries.items()} == {
        ("articles", "2026-11-21"): 2,
        ("articles", "2026-11-22"): 1,
        ("rejected", "2026-11-21"): 1,
        ("removed_blocks", "2026-11-21"): 2,
    }
    late = entries["articles", "2026-11-22"]
    assert late["min_fetched_at"] == late["max_fetched_at"] == (NOW + timedelta(days=1)).isoformat()


def test_where_nothing_was_published_the_manifest_is_empty(tmp_path: Path) -> None:
    assert read_manifest(tmp_path)["files"] == []


# -- accidents


def test_nothing_is_visible_while_files_are_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    real = publish.write_part

    def watched(dataset: str, rows: Iterator[Any], path: Path, run_id: str) -> parquet.Part:
        part = real(dataset, rows, path, run_id)
        seen.append(store.visible())
        return part

    monkeypatch.setattr(publish, "write_part", watched)
    published(store)
    assert seen == [[]] * 4


def crash_at(store: Store, line: int, run_id: str = "run-2") -> int:
    """Recover and publish up to a line of the store's code; how many lines were run."""
    with store.publisher(run_id) as publisher, LineTracer(line) as tracer:
        try:
            publisher.recover()
            publisher.publish()
        except Crash:
            pass
    return len(tracer.lines)


def lines_of(store: Store) -> list[tuple[str, int]]:
    with store.publisher("run-2") as publisher, LineTracer() as tracer:
        publisher.recover()
        publisher.publish()
    return tracer.lines


def assert_whole(store: Store, expected: Expected) -> None:
    """What readers can see is readable and nothing of it is there twice."""
    found = store.identities()
    assert set(found.values()) <= {1}
    assert set(found) <= expected


def test_a_crash_before_any_line_loses_and_doubles_nothing(
    template: tuple[Store, Expected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is cut here, and it takes most of the time
    store, expected = template
    lines = lines_of(store.copy(tmp_path / "whole"))
    # Each line of the steps the first time it runs and the last: loops have a begin and an end.
    steps = [(line, n) for n, line in enumerate(lines) if line[0].endswith(("publish.py", "manifest.py"))]
    points = sorted({*dict(steps).values(), *dict(reversed(steps)).values()})
    assert len(points) > 80
    for number in points:
        crashed = store.copy(tmp_path / str(number))
        crash_at(crashed, number)
        assert_whole(crashed, expected)
        crashed.restart("run-3")
        crashed.assert_settled(expected)


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.lists(st.integers(0, 900), min_size=2, max_size=4))
def test_crashes_of_recoveries_lose_and_double_nothing(
    template: tuple[Store, Expected], tmp_path_factory: pytest.TempPathFactory, points: list[int]
) -> None:
    store, expected = template
    crashed = store.copy(tmp_path_factory.mktemp("crashed") / "output")
    for number, point in enumerate(points):
        crash_at(crashed, point, f"run-{number + 2}")
        assert_whole(crashed, expected)
    crashed.restart("run-9")
    crashed.assert_settled(expected)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("when", "number"), [("before", 1), ("after", 1), ("before", 3), ("after", 4)])
def test_a_killed_process_loses_and_doubles_nothing(
    seeded: tuple[Store, Expected], step: str, when: str, number: int
) -> None:
    store, expected = seeded
    once = min(number, 1) if step in ("manifest", "commit") else number
    child = FORKSERVER.Process(target=publish_until_killed, args=(store.output, step, when, once))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert_whole(store, expected)
    store.restart()
    store.assert_settled(expected)


def test_the_note_of_a_file_is_durable_before_the_file_has_its_name(store: Store) -> None:
    said: list[str] = []
    with store.publisher() as publisher:
        publisher._db.set_trace_callback(said.append)
        publisher.publish()
    for number, statement in enumerate(said):
        if statement.startswith("INSERT INTO files"):
            before = [each for each in said[:number] if each.startswith("PRAGMA synchronous")]
            after = [each for each in said[number:] if each.startswith(("COMMIT", "PRAGMA synchronous"))]
            assert (before[-1], after[0]) == ("PRAGMA synchronous = FULL", "COMMIT")
    assert any(statement.startswith("INSERT INTO files") for statement in said)


def test_a_file_damaged_before_its_commit_is_published_again(store: Store) -> None:
    with store.publisher() as publisher:
        publisher._commit = lambda targets: (_ for _ in ()).throw(Crash)  # type: ignore[method-assign]
        with pytest.raises(Crash):
            publisher.publish()
    damaged = store.output / store.visible()[0]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    store.restart()
    assert not damaged.exists()
    assert sum(store.identities().values()) == 6
    store.assert_manifest_equals_folder()


def test_a_full_disk_while_writing_leaves_nothing_visible(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    fill(store, 30, length=20_000)
    with largest_file(128 * 1024), pytest.raises(StoreError, match=r"cannot publish below .*output"):
        published(store)
    assert store.visible() == []
    assert not list(store.scratch.glob("*"))
    assert published(store).rows["articles"] == 30
    assert set(store.identities().values()) == {1}


def test_a_full_disk_while_noting_leaves_nothing_visible(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    fill(store, 30, length=20_000)
    with largest_file(900 * 1024), pytest.raises(StoreError, match=r"cannot publish below .*output"):
        published(store)
    assert store.visible() == []
    assert published(store).rows["articles"] == 30
    assert set(store.identities().values()) == {1}


def test_when_a_file_cannot_get_its_name_those_that_did_are_listed(seeded: tuple[Store, Expected]) -> None:
    store, expected = seeded
    obstacle = store.output / "rejected"
    obstacle.write_text("no folder")
    with pytest.raises(StoreError, match="rejected"):
        published(store)
    assert_whole(store, expected)
    store.assert_manifest_equals_folder()
    obstacle.unlink()
    published(store)
    store.assert_settled(expected)


def test_a_manifest_that_cannot_be_written_delays_the_commit(seeded: tuple[Store, Expected]) -> None:
    store, expected = seeded
    obstacle = store.output / "manifest.json"
    obstacle.mkdir()
    with pytest.raises(StoreError, match="cannot publish"):
        published(store)
    assert_whole(store, expected)
    assert not list(store.output.rglob("*.tmp"))
    obstacle.rmdir()
    published(store)
    store.assert_settled(expected)


def test_recovery_that_the_disk_refuses_is_reported(store: Store) -> None:
    child = FORKSERVER.Process(target=publish_until_killed, args=(store.output, "commit", "before", 1))
    child.start()
    child.join()
    (store.output / "manifest.json").mkdir()
    with store.publisher("run-2") as publisher, pytest.raises(StoreError, match="cannot publish"):
        publisher.recover()


def test_the_same_publisher_goes_on_after_a_failure(seeded: tuple[Store, Expected]) -> None:
    store, expected = seeded
    obstacle = store.output / "removed_blocks"
    obstacle.write_text("no folder")
    with store.publisher() as publisher:
        with pytest.raises(StoreError):
            publisher.publish()
        obstacle.unlink()
        publisher.publish()
    store.assert_settled(expected)


# -- leftovers


def test_leftovers_of_dead_runs_are_swept(store: Store) -> None:
    store.scratch.mkdir()
    (store.scratch / "articles-2026-11-20-0.parquet").write_bytes(b"half a file")
    (store.output / ".manifest.json.4711.tmp").write_text("{")
    with store.publisher("run-2") as publisher:
        publisher.recover()
    assert not store.scratch.exists()
    assert not list(store.output.rglob("*.tmp"))


def test_files_of_others_are_left_alone(store: Store) -> None:
    folder = store.output / "articles" / "fetch_date=2026-11-21"
    folder.mkdir(parents=True)
    foreign = [
        store.output / "notes.txt",
        store.output / "articles" / "README",
        folder / "analyst.parquet",
        store.output / "raw" / "khabar-run-0-00000.warc.gz",
        store.output / "manifest.json.tmp",
    ]
    foreign[3].parent.mkdir()
    for path in foreign:
        path.write_text("mine")
    store.restart()
    store.restart("run-3")
    assert [path.read_text() for path in foreign] == ["mine"] * len(foreign)
    assert os.path.relpath(foreign[2], store.output) not in {
        entry["path"] for entry in read_manifest(store.output)["files"]
    }
