"""Shards of one output: whose is what, who may begin, and what each leaves alone of the others'."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.config import RunConfig
from crawler.run import Run
from pipelines.shard import Shard, new_run_id, shard_in
from pipelines.store.errors import OtherShards, OutputLocked, StoreError
from pipelines.store.lock import RunLock
from pipelines.store.output import FolderOutput
from pipelines.store.raw import RawStore
from pipelines.store.shards import claim_shard, number_of_shards
from tests.helpers_shards import (
    ShardStore,
    assert_manifest_equals_folder,
    compact_until_killed,
    in_folder,
    listed,
    publish_rounds,
    reconciled,
    said,
    visible,
    writers,
)
from tests.helpers_store import NOW, article, page, stage

FORKSERVER = multiprocessing.get_context("forkserver")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def stores(output: Path) -> list[ShardStore]:
    return in_folder(output, 3)


# -- who may begin


def test_the_first_run_says_how_many_shards_there_are(output: Path, stores: list[ShardStore]) -> None:
    stores[0].crawl()
    assert said(output) == {"shards": 3}
    assert number_of_shards(FolderOutput(output)) == 3
    stores[2].crawl()


def test_another_number_of_shards_is_refused_before_anything_is_made(
    output: Path, stores: list[ShardStore]
) -> None:
    stores[0].crawl("1")
    (other, *_) = in_folder(output, 4)
    with pytest.raises(
        OtherShards, match=r"in 3 shards, not in 4: give -a shard=1/3 to 3/3, or choose another"
    ):
        other.crawl()
    assert not other.ledger_path.exists()
    (output / "shards.json").unlink()  # the files say it, too
    with pytest.raises(OtherShards, match=r"holds 1 files of shard 1/3: choose another output"):
        other.crawl()


def whole(output: Path, ledger: Path | None = None) -> RunConfig:
    state = output / ".state"
    return RunConfig(str(output), state, ledger or state / "ledger.sqlite", 1, 10, 512 << 20)


def test_what_is_crawled_in_shards_is_not_crawled_in_one_piece(
    output: Path, stores: list[ShardStore]
) -> None:
    stores[0].crawl()
    with pytest.raises(OtherShards, match=r"is crawled in 3 shards: say which, as in -a shard=1/3"):
        Run(whole(output), "news")
    assert not (output / ".state" / "ledger.sqlite").exists()


def test_what_was_crawled_in_one_piece_is_not_crawled_in_shards(
    output: Path, stores: list[ShardStore]
) -> None:
    Run(whole(output), "news").close()
    with pytest.raises(
        OtherShards, match=r"is crawled in one piece, with the ledger .*ledger\.sqlite: go on"
    ):
        stores[0].crawl()
    assert not (output / "shards.json").exists()


def test_what_a_ledger_that_is_elsewhere_has_published_is_not_crawled_in_shards(
    output: Path, stores: list[ShardStore], tmp_path: Path
) -> None:
    run = Run(whole(output, tmp_path / "elsewhere.sqlite"), "news")
    name = run.ledger.writer
    stage(run.ledger, article())
    run.close()
    with pytest.raises(
        OtherShards, match=rf"holds 1 files of the ledger {name}, which is of no shard: go on"
    ):
        stores[0].crawl()
    assert not (output / "shards.json").exists()


def test_a_run_of_the_whole_that_is_on_is_seen(
    output: Path, stores: list[ShardStore], tmp_path: Path
) -> None:
    with (
        RunLock(output / ".state", tmp_path / "elsewhere.sqlite", "run first", str(output)),
        pytest.raises(OutputLocked, match="run first"),
    ):
        stores[0].crawl()


def test_a_shard_is_held_by_one_run_and_the_others_are_free(stores: list[ShardStore]) -> None:
    with stores[0].run() as run:
        with pytest.raises(OutputLocked, match=rf"shard 1/3 of .* is in use by run {run.run_id}"):
            stores[0].crawl()
        stores[1].crawl("beside")
    assert stores[1].urls() == {stores[1].url("beside")}


def test_a_ledger_serves_no_other_shard(output: Path, stores: list[ShardStore], tmp_path: Path) -> None:
    stores[0].crawl("1")
    strange = replace(stores[1].config(), ledger=stores[0].ledger_path)
    with pytest.raises(
        OtherShards, match=r"is that of shard 1/3, not of shard 2/3: NEWS_STATE names another's"
    ):
        Run(strange, "news")
    with pytest.raises(OtherShards, match="is that of shard 1/3, not of a whole output"):
        Run(whole(tmp_path / "new", stores[0].ledger_path), "news")
    assert listed(FolderOutput(output)) == Counter([stores[0].url("1")])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"shards": 0}', '{"shards": "3"}', "\x00\xff", '{"shards": 1e9}']
)
def test_a_number_that_cannot_be_read_is_named(output: Path, stores: list[ShardStore], text: str) -> None:
    output.mkdir()
    (output / "shards.json").write_text(text, encoding="latin-1")
    with pytest.raises(StoreError, match=r"shards\.json does not say how many shards there are, as in"):
        stores[0].crawl()


def test_the_ledger_of_a_shard_may_be_elsewhere(
    output: Path, stores: list[ShardStore], tmp_path: Path
) -> None:
    """Called as that of a whole output usually is, in a folder of its own."""
    config = replace(stores[0].config(), ledger=tmp_path / "two" / "ledger.sqlite")
    for name in ("1", "2"):
        run = Run(config, "news")
        stores[0].stage(run.ledger, name)
        run.close()
        assert run.figures.rebuilt is None
    assert sum(visible(output).values()) == 2
    claim_shard(FolderOutput(output), Shard(1, 3), tmp_path / "two" / "shard-1-of-3", config.ledger)


# -- whose is what


def test_a_shard_that_begins_takes_nothing_of_the_others(output: Path, stores: list[ShardStore]) -> None:
    stores[0].crawl("1", "2")
    assert stores[1].crawl("3").figures.rebuilt is None
    assert stores[2].crawl().figures.rebuilt is None
    assert stores[1].urls() == {stores[1].url("3")}
    assert stores[2].urls() == set()


@pytest.mark.parametrize("manifest", [True, False], ids=["manifest", "no manifest"])
@pytest.mark.parametrize("how", ["ledger", "all of its state", "damaged"])
def test_a_lost_ledger_takes_back_what_is_its_own(
    output: Path, stores: list[ShardStore], how: str, manifest: bool
) -> None:
    for store in stores:
        store.crawl("1", "2")
    others = {name for name in writers(FolderOutput(output)) if shard_in(name) != Shard(2, 3)}
    if how == "ledger":
        stores[1].ledger_path.unlink()
    elif how == "damaged":
        stores[1].ledger_path.write_bytes(b"garbage" * 1_000)
    else:
        shutil.rmtree(stores[1].state)
    if not manifest:
        (output / "manifest.json").unlink()
    rebuilt = stores[1].crawl("3").figures.rebuilt
    assert rebuilt is not None
    assert (rebuilt.articles, rebuilt.files) == (2, 1)
    assert stores[1].urls() == {stores[1].url(name) for name in "123"}
    for store in (stores[0], stores[2]):  # lists its files again, where the manifest was lost
        assert store.crawl().figures.rebuilt is None
    assert {name for name in writers(FolderOutput(output)) if shard_in(name) != Shard(2, 3)} == others
    assert listed(FolderOutput(output)) == visible(output)
    assert set(visible(output).values()) == {1}
    assert len(visible(output)) == 7


def test_a_lost_ledger_takes_back_only_its_own_pages_of_the_warc(
    output: Path, stores: list[ShardStore]
) -> None:
    for store in stores[:2]:
        run = Run(store.config(), "news")
        run.raw.write(page(url=store.url("fetched"), run_id=run.run_id))
        run.workers.stop()
        run.raw.close()
        run._let_go()  # killed: nothing is published
    shutil.rmtree(stores[0].state)
    with stores[0].run() as run:
        rebuilt = run.figures.rebuilt
        assert rebuilt is not None
        assert rebuilt.to_clean == 1
        assert [left.details["url"] for left in run.ledger.unfinished()] == [stores[0].url("fetched")]


def test_what_another_shard_writes_in_the_warc_is_left_alone(output: Path, stores: list[ShardStore]) -> None:
    """A run cuts off what killed runs left at the ends of their files; this one is not killed."""
    run = Run(stores[0].config(), "news")
    run.raw.write(page(url=stores[0].url("1"), run_id=run.run_id))
    (path,) = (output / "raw").iterdir()
    with path.open("ab") as file:
        file.write(path.read_bytes()[:100])  # a record that is being written
    size = path.stat().st_size
    stores[1].crawl()
    assert path.stat().st_size == size
    assert stores[1].query("SELECT count(*) FROM runs") == [(1,)]
    run.workers.stop()
    run._let_go()
    stores[0].crawl()  # now it is killed, and its shard's
    assert path.stat().st_size == size - 100


# -- the same shard on two machines


@pytest.fixture
def machines(output: Path, tmp_path: Path) -> tuple[ShardStore, ShardStore]:
    """The same shard with its state in two places, as of an object store or with NEWS_STATE."""
    shard = Shard(1, 2)
    return ShardStore(str(output), tmp_path / "a", shard), ShardStore(str(output), tmp_path / "b", shard)


def test_a_machine_goes_on_with_the_shard_of_another(
    output: Path, machines: tuple[ShardStore, ShardStore]
) -> None:
    first, second = machines
    first.crawl("1")
    rebuilt = second.crawl("2").figures.rebuilt
    assert rebuilt is not None
    assert rebuilt.articles == 1
    assert first.query("SELECT value FROM meta") != second.query("SELECT value FROM meta")
    rebuilt = first.crawl("3").figures.rebuilt  # it knows nothing of "2"
    assert rebuilt is not None
    assert rebuilt.articles == 2
    assert rebuilt.moved is not None
    assert first.urls() == {first.url(name) for name in "123"}
    assert first.crawl().figures.rebuilt is None
    assert visible(output) == Counter(first.urls())
    assert len(writers(FolderOutput(output))) == 1


@pytest.mark.parametrize("new", [True, False])
def test_who_comes_second_does_not_publish_what_the_first_has(
    output: Path, machines: tuple[ShardStore, ShardStore], new: bool
) -> None:
    """A machine that was given up for dead, and was only slow."""
    first, second = machines
    if not new:
        first.crawl("1")
    slow = Run(first.config(), "news")
    first.stage(slow.ledger, "1", "2")
    second.crawl("1", "2")
    slow.close()
    assert slow.figures.fatal is not None
    assert "shard 1/2 has another ledger, shard-1-of-2-" in slow.figures.fatal
    assert listed(FolderOutput(output)) == visible(output) == Counter([first.url("1"), first.url("2")])
    assert first.crawl("3").figures.rebuilt is not None
    assert listed(FolderOutput(output)) == visible(output) == Counter(first.url(name) for name in "123")


# -- at the same time


def test_shards_publish_and_compact_at_the_same_time(output: Path, stores: list[ShardStore]) -> None:
    environment = dict(os.environ)
    children = [FORKSERVER.Process(target=publish_rounds, args=(each, 9, environment)) for each in stores]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    expected = Counter(store.url(f"{n}-{part}") for store in stores for n in range(9) for part in "ab")
    assert visible(output) == expected
    assert listed(FolderOutput(output)) == expected
    assert_manifest_equals_folder(output)
    assert reconciled(output, stores).imbalances == ()


@pytest.mark.parametrize("step", ["exchange", "move what is new", "drop the old names", "ledger"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_compaction_that_was_killed_brings_nothing_back_that_another_shard_compacted(
    output: Path, stores: list[ShardStore], step: str, when: str
) -> None:
    one, other = stores[:2]
    for store in (one, other):
        for name in "abc":
            store.publish(name)
    child = FORKSERVER.Process(target=compact_until_killed, args=(one, step, when))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    expected = Counter(store.url(name) for store in (one, other) for name in "abc")
    other.compact()
    one.compact()
    assert visible(output) == expected
    assert listed(FolderOutput(output)) == expected
    assert_manifest_equals_folder(output)
    assert len(FolderOutput(output).listed()) == 2


def test_the_raw_files_of_shards_that_start_in_one_second_are_different_files(tmp_path: Path) -> None:
    names = {RawStore(tmp_path, new_run_id(NOW, Shard(n, 8))).write(page())[0] for n in range(1, 9)}
    assert len(names) == 8
