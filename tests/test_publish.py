from __future__ import annotations

import random
import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.store import parquet, publish
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.rows import loads
from pipelines.store.schema import SCHEMAS, SORT_KEYS
from tests.crawling import run
from tests.helpers_store import (
    NOW,
    Store,
    article,
    block,
    rejected,
    seed,
    stage,
)

Expected = set[tuple[Any, ...]]
# Rows of removed blocks: many and small, which is what Python takes most memory for.
WRITE_MUCH = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
import pyarrow.parquet as pq
from pipelines.store.parquet import write_part

def taken():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def rows():
    known = {"site": "a", "rule": "phrase", "reason": "boilerplate", "run_id": "r", "schema_version": 1}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(600_000):
        text = f"{number} of the blocks that every page of a site has, and that its readers need not see"
        own = {"article_id": f"{number // 30:032}", "url": f"https://a.example/{number // 30}", "text": text}
        yield 400, known | own | {"order": number % 30, "path": "html/body/div/div/ul/li", "fetched_at": now}

before = taken()
write_part("removed_blocks", rows(), Path(sys.argv[1]), "r")
print(pq.ParquetFile(sys.argv[1]).num_row_groups, taken() - before)
"""


@pytest.fixture
def seeded(tmp_path: Path) -> tuple[Store, Expected]:
    return seed(tmp_path / "output")


@pytest.fixture
def store(seeded: tuple[Store, Expected]) -> Store:
    return seeded[0]


def only_file(store: Store, dataset: str) -> Path:
    (name,) = (name for name in store.visible() if name.startswith(dataset))
    return store.output / name


# -- what readers find


def test_every_spooled_row_is_published_once(seeded: tuple[Store, Expected]) -> None:
    store, expected = seeded
    done = store.publish()
    store.assert_settled(expected)
    assert sorted(done.files) == store.visible()
    assert done.rows == {"articles": 3, "rejected": 1, "removed_blocks": 2}


def test_a_published_row_is_the_spooled_row(store: Store) -> None:
    spooled = [loads(row) for (row,) in store.query("SELECT row FROM spool WHERE dataset = 'articles'")]
    store.publish()
    assert sorted(store.rows("articles"), key=lambda row: row["id"]) == sorted(
        spooled, key=lambda row: row["id"]
    )


def test_urls_reach_their_end_when_their_rows_are_published(store: Store) -> None:
    store.publish()
    states = Counter(state for (state,) in store.query("SELECT state FROM urls"))
    assert states == {"committed": 3, "rejected": 1}


def test_folders_are_hive_partitions_by_day_of_fetching(store: Store) -> None:
    store.publish()
    table = ds.dataset(store.output / "articles", partitioning="hive").to_table(columns=["url", "fetch_date"])
    days = {row["url"][-1]: row["fetch_date"] for row in table.to_pylist()}
    assert days == {"1": "2026-11-21", "2": "2026-11-21", "3": "2026-11-22"}


def test_publishing_nothing_publishes_nothing(store: Store) -> None:
    store.publish()
    before = store.visible()
    assert store.publish() == publish.Published((), {"articles": 0, "rejected": 0, "removed_blocks": 0})
    assert store.visible() == before


def test_later_files_stand_beside_earlier_ones(store: Store) -> None:
    store.publish()
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
    store.publish()
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
    store.publish()
    keys = SORT_KEYS[dataset]
    found = [tuple(row[key] for key in keys) for row in store.rows(dataset)]
    assert found == sorted(found, key=lambda row: [str(v).encode() if isinstance(v, str) else v for v in row])
    sorting = pq.ParquetFile(only_file(store, dataset)).metadata.row_group(0).sorting_columns
    assert [SCHEMAS[dataset].names[column.column_index] for column in sorting] == list(keys)


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_files_describe_themselves(store: Store, dataset: str) -> None:
    store.publish()
    name = next(name for name in store.visible() if name.startswith(dataset))
    schema = pq.read_schema(store.output / name)
    assert schema.equals(SCHEMAS[dataset])
    for field in SCHEMAS[dataset]:
        assert schema.field(field.name).metadata[b"description"] == field.metadata[b"description"]
    assert schema.metadata[b"dataset"].decode() == dataset
    assert schema.metadata[b"run_id"] == b"run-1"
    assert schema.metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()
    assert schema.metadata[b"created_by"].decode() == EXTRACTOR


def test_columns_are_zstd_with_page_indexes(store: Store) -> None:
    store.publish()
    for name in store.visible():
        group = pq.ParquetFile(store.output / name).metadata.row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
        assert {column.compression for column in columns} == {"ZSTD"}
        assert all(column.has_column_index and column.has_offset_index for column in columns)


def test_a_flipped_bit_fails_the_page_s_checksum(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    store.fill(30, length=3000)
    store.publish()
    path = only_file(store, "articles")
    column = pq.ParquetFile(path).metadata.row_group(0).column(SCHEMAS["articles"].get_field_index("text"))
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(path, page_checksum_verification=True).read()


def test_rows_share_row_groups(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    store.fill(500)
    store.publish()
    metadata = pq.ParquetFile(only_file(store, "articles")).metadata
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [500]


def test_row_groups_are_cut_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_PIECE_BYTES", 1)
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 20_000)
    store = Store(tmp_path / "output")
    store.fill(100, length=1000)
    store.publish()
    metadata = pq.ParquetFile(only_file(store, "articles")).metadata
    rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert len(rows) > 3
    assert min(rows[:-1]) > 5
    assert len(store.rows("articles")) == 100


def test_memory_of_writing_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Four row groups in a process of their own; as Python has them, one would take half a gigabyte."""
    done = run([sys.executable, "-c", WRITE_MUCH, str(tmp_path / "part.parquet")])
    assert done.code == 0, done.err
    groups, taken = map(int, done.out.split())
    assert groups >= 3
    assert taken < 300 << 20


def test_a_day_larger_than_one_file_becomes_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "_MAX_PART_BYTES", 20_000)
    store = Store(tmp_path / "output")
    store.fill(60, length=1000)
    assert store.publish().rows["articles"] == 60
    assert len(store.visible()) > 2
    assert set(store.identities().values()) == {1}
    store.assert_manifest_equals_folder()


def test_the_manifest_says_what_is_in_each_file(store: Store) -> None:
    store.publish()
    entries = {(e.dataset, e.partition): e for e in FolderOutput(store.output).listed()}
    assert {key: entry.rows for key, entry in entries.items()} == {
        ("articles", "2026-11-21"): 2,
        ("articles", "2026-11-22"): 1,
        ("rejected", "2026-11-21"): 1,
        ("removed_blocks", "2026-11-21"): 2,
    }
    late = entries["articles", "2026-11-22"]
    assert late.min_fetched_at == late.max_fetched_at == (NOW + timedelta(days=1)).isoformat()


def test_where_nothing_was_published_the_manifest_is_empty(tmp_path: Path) -> None:
    assert FolderOutput(tmp_path).listed() == ()


@pytest.mark.parametrize("damage", ["gone", "cut", "of another"])
def test_a_manifest_that_was_lost_is_written_again_by_the_next_start(store: Store, damage: str) -> None:
    store.publish()
    manifest = store.output / "manifest.json"
    whole = manifest.read_text(encoding="utf-8")
    if damage == "gone":
        manifest.unlink()
    else:
        manifest.write_text(whole[:100] if damage == "cut" else '{"manifest_version": 2, "files": []}')
    with store.publisher("run-2") as publisher:
        publisher.recover()
    assert manifest.read_text(encoding="utf-8") == whole


def test_a_manifest_of_a_later_version_is_left_as_it_is(store: Store) -> None:
    store.publish()
    manifest = store.output / "manifest.json"
    manifest.write_text('{"manifest_version": 99, "files": []}')
    with store.publisher("run-2") as publisher, pytest.raises(StoreError, match="has version 99"):
        publisher.recover()
    assert "99" in manifest.read_text(encoding="utf-8")
