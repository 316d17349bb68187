"""All shards of an output together: the balance, rows in two of them, ledgers that are elsewhere."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.store.errors import StoreError
from pipelines.store.manifest import PublishedFile, dump_manifest
from pipelines.store.output import FolderOutput
from tests.helpers_shards import (
    ShardStore,
    in_folder,
    reconciled,
)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def stores(output: Path) -> list[ShardStore]:
    return in_folder(output, 3)


def test_the_balance_is_the_sum_of_the_shards(output: Path, stores: list[ShardStore]) -> None:
    for number, store in enumerate(stores):
        store.publish(*"abc"[: number + 1])
    found = reconciled(output, stores)
    assert [(str(shard), each.total.stored) for shard, each in found.shards] == [
        ("1/3", 1),
        ("2/3", 2),
        ("3/3", 3),
    ]
    assert (found.total.stored, found.imbalances) == (6, ())


def test_a_row_in_two_shards_is_found_though_each_ledger_is_well(
    output: Path, stores: list[ShardStore]
) -> None:
    for store in stores:
        store.publish("a")
    stores[1].publish("b", of=stores[0])
    stores[2].publish("b", of=stores[0])
    found = reconciled(output, stores)
    assert all(each.imbalances == () for _, each in found.shards)
    (wrong,) = found.imbalances
    assert wrong.check == "row in two shards"
    assert wrong.wrong.startswith("1 rows")
    assert "shard-2-of-3" in wrong.example
    assert "shard-3-of-3" in wrong.example


def test_a_ledger_that_is_not_here_is_named_and_its_rows_are_compared_all_the_same(
    output: Path, stores: list[ShardStore]
) -> None:
    for store in stores:
        store.publish("a")
    shutil.rmtree(stores[1].state)
    (wrong,) = reconciled(output, stores).imbalances
    assert (wrong.check, wrong.site) == ("ledger", "shard 2/3")
    assert str(stores[1].ledger_path) in wrong.example
    stores[2].ledger_path.write_bytes(b"garbage" * 1_000)
    assert [each.site for each in reconciled(output, stores).imbalances] == ["shard 2/3", "shard 3/3"]
    victim = next(each.path for each in FolderOutput(output).listed() if "shard-2-of-3" in each.writer)
    (output / victim).unlink()
    (output / ".state" / "files" / victim).unlink()
    assert victim in reconciled(output, stores).imbalances[-1].example


def test_an_imbalance_says_in_which_shard_it_is(output: Path, stores: list[ShardStore]) -> None:
    for store in stores:
        store.publish("a")
    with closing(sqlite3.connect(stores[1].ledger_path)) as db, db:
        db.execute("UPDATE sites SET discovered = 9")
    (wrong,) = reconciled(output, stores).imbalances
    assert wrong.site == "shard 2/3, sahifa"


def test_files_of_no_shard_are_named(output: Path, stores: list[ShardStore]) -> None:
    stores[0].publish("a")
    (mine,) = FolderOutput(output).listed()
    foreign = PublishedFile(**{name: getattr(mine, name) for name in mine.__slots__} | {"writer": "a1b2c3d4"})
    (output / "manifest.json").write_text(dump_manifest([foreign]), encoding="utf-8")
    found = reconciled(output, stores[:1])
    assert [each.check for each in found.imbalances] == ["writer"]


def test_one_site_of_all_shards(output: Path, stores: list[ShardStore]) -> None:
    for store in stores:
        store.publish("a")
    assert reconciled(output, stores, "sahifa").total.stored == 3
    with pytest.raises(StoreError, match="no site 'other' in the ledgers of these shards"):
        reconciled(output, stores, "other")
