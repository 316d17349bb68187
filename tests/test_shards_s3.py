"""Shards on machines of their own, whose one output is a prefix of an object store."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.run import Run
from demo.content import write_site_files
from demo.crawl import crawl_command
from demo.server import Newsroom
from pipelines.shard import Shard, shard_in
from pipelines.store.errors import OtherShards, StoreError
from pipelines.store.reconcile_shards import reconcile_shards
from tests.helpers_s3 import ENVIRONMENT, NEEDS_S3, Objects, s3_server
from tests.helpers_shards import ShardStore, listed, publish_rounds, writers
from tests.s3_proxy import Proxy
from tests.test_s3_crawl import run, start

pytestmark = NEEDS_S3

FORKSERVER = multiprocessing.get_context("forkserver")
# Hosts of the demo newsroom of which the first shard of three has one, and the second the other.
SITES = {1: "khabarnameh", 2: "bawabat-alkhalij"}


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch, s3_server() as port, Proxy(port).serving() as proxy:
        found = ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": proxy.url}
        for name, value in found.items():
            patch.setenv(name, value)
        Objects.make(proxy)
        yield found | {"PORT": str(port)}


@pytest.fixture(scope="module")
def objects(environment: dict[str, str]) -> Iterator[Objects]:
    with Proxy(int(environment["PORT"])).serving() as proxy:
        yield Objects.make(proxy)


@pytest.fixture
def stores(objects: Objects, tmp_path: Path) -> list[ShardStore]:
    """Three shards, each on a machine of its own."""
    place = objects.place(tmp_path.name)
    return [ShardStore(place, tmp_path / str(number), Shard(number, 3)) for number in (1, 2, 3)]


def test_shards_publish_at_the_same_time(stores: list[ShardStore]) -> None:
    children = [FORKSERVER.Process(target=publish_rounds, args=(s, 3, dict(os.environ))) for s in stores]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    output = stores[0].output()
    expected = Counter(store.url(f"{n}-{part}") for store in stores for n in range(3) for part in "ab")
    assert listed(output) == expected
    places = {each.shard: (each.ledger_path, each.output()) for each in stores}
    assert reconcile_shards(places, output).imbalances == ()


def test_the_store_says_how_many_shards_there_are(stores: list[ShardStore], tmp_path: Path) -> None:
    stores[0].crawl("1")
    assert stores[0].output().note("shards.json") == b'{"shards": 3}\n'
    with pytest.raises(OtherShards, match=r"is crawled in 3 shards, not in 2"):
        ShardStore(stores[0].place, tmp_path / "other", Shard(1, 2)).crawl()


def test_of_two_numbers_at_once_one_is_taken(stores: list[ShardStore]) -> None:
    output = stores[0].output()
    assert output.note_once("shards.json", b'{"shards": 2}\n')
    assert not output.note_once("shards.json", b'{"shards": 3}\n')
    assert output.note("shards.json") == b'{"shards": 2}\n'
    with pytest.raises(OtherShards):
        stores[0].crawl()


def test_a_lost_machine_is_replaced_and_who_comes_back_notices(
    stores: list[ShardStore], tmp_path: Path
) -> None:
    first, other = stores[0], stores[1]
    replacing = ShardStore(first.place, tmp_path / "new", first.shard)
    first.crawl("1")
    other.crawl("beside")
    slow = Run(first.config(), "news")
    first.stage(slow.ledger, "2")
    rebuilt = replacing.crawl("2").figures.rebuilt
    assert rebuilt is not None
    assert rebuilt.articles == 1
    slow.close()
    assert "has another ledger" in str(slow.figures.fatal)
    expected = Counter([first.url("1"), first.url("2"), other.url("beside")])
    assert listed(first.output()) == expected
    back = first.crawl("3").figures.rebuilt
    assert back is not None
    assert back.articles == 2
    assert Counter(map(shard_in, writers(first.output()))) == Counter([first.shard, other.shard])


def test_a_manifest_that_cannot_be_read_lets_no_new_ledger_begin(
    objects: Objects, stores: list[ShardStore]
) -> None:
    first, second = stores[:2]
    first.crawl("1")
    key = f"{first.place.removeprefix(f's3://{objects.bucket}/')}/manifest.json"
    objects.direct.put_object(Bucket=objects.bucket, Key=key, Body=b"no manifest")
    with pytest.raises(StoreError, match="is no manifest"):
        second.crawl()
    first.crawl("2")
    assert listed(first.output()) == Counter([first.url("1"), first.url("2")])


def test_crawls_on_several_machines_make_one_output(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", objects.proxy.url)
    place = objects.place("crawled")
    with Newsroom() as newsroom:
        commands = {number: machine(newsroom, tmp_path, place, number) for number in SITES}
        under_way = {number: start(tmp_path / str(number), each) for number, each in commands.items()}
        said = {number: process.communicate(timeout=300) for number, process in under_way.items()}
        assert {number: process.returncode for number, process in under_way.items()} == {1: 0, 2: 0}, said
        stores = {number: ShardStore(place, folder(tmp_path, number), Shard(number, 3)) for number in SITES}
        found = listed(stores[1].output())
        assert (len(found), set(found.values())) == (24, {1})
        shutil.rmtree(tmp_path / "1" / "output")
        again = run(tmp_path / "1", commands[1])
    assert again.code == 6, again.err  # once
    assert "12 articles and 1 rejected pages" in again.out
    assert listed(stores[1].output()) == found
    raw = [name for name in objects.names() if "/raw/" in name and name.startswith("crawled")]
    assert {str(shard_in(name)) for name in raw} == {"1/3", "2/3"}


def folder(tmp_path: Path, number: int) -> Path:
    (state,) = (tmp_path / str(number) / "output" / ".state").iterdir()
    return state


def machine(newsroom: Newsroom, tmp_path: Path, place: str, number: int) -> list[str]:
    """The command of a shard, to be run in a folder that is its machine's."""
    sites = tmp_path / str(number) / "sites"
    write_site_files(sites, newsroom.port)
    for path in sites.glob("*.toml"):
        if path.stem not in SITES.values():
            path.unlink()
    plain = crawl_command(newsroom, sites, Path("unused"))
    return [*plain, "-s", f"NEWS_OUTPUT={place}", "-a", f"shard={number}/3"]
