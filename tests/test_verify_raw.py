"""The raw bytes that ledger and rows refer to are there, or what is missing is named."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.policy import MIB
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.output import FolderOutput
from pipelines.store.raw import RawStore
from pipelines.store.schema import to_table
from pipelines.store.verify import Problem
from pipelines.store.verify_raw import verify_raw
from pipelines.workers import Workers
from tests.helpers_store import NOW, Store, page, seed
from tests.helpers_verify import flip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store, _ = seed(tmp_path_factory.mktemp("template") / "output")
    store.publish()
    return store


@pytest.fixture
def store(template: Store, tmp_path: Path) -> Store:
    return template.copy(tmp_path / "output")


def raw_problems(store: Store) -> tuple[list[Problem], list[str]]:
    async def run() -> tuple[list[Problem], list[str]]:
        output = FolderOutput(store.output)
        workers = Workers(1, 60, 4096 * MIB, cleans=False)
        try:
            with closing(sqlite3.connect(store.ledger_path)) as db:
                return await verify_raw(output, db, list(output.targets()), workers)
        finally:
            workers.stop()

    return asyncio.run(run())


@pytest.fixture
def kept(store: Store) -> tuple[Store, Path, list[int]]:
    """A store with three pages fetched, and where their bytes are."""
    raw = RawStore(store.output / "raw", "run-1")
    offsets = []
    with closing(Ledger(store.ledger_path)) as ledger:
        for number in range(3):
            url = f"https://sahifa.test/raw/{number}"
            ledger.discover("run-1", "sahifa", [Link(url, url, "feed")], NOW)
            ledger.lease("run-1", "sahifa", 1)
            plain = page(url=url, body=b"<p>" + bytes(range(48, 90)) * 50)
            name, offset = raw.write(plain)
            ledger.fetched(url, replace(plain, warc_file=name, warc_offset=offset))
            offsets.append(offset)
    raw.close()
    return store, store.output / "raw" / name, offsets


def test_raw_bytes_that_are_there_are_well(kept: tuple[Store, Path, list[int]]) -> None:
    assert raw_problems(kept[0]) == ([], [])


def test_a_damaged_record_is_named(kept: tuple[Store, Path, list[int]]) -> None:
    store, path, offsets = kept
    flip(path, offsets[1] + 40)
    ((problem,), _) = raw_problems(store)
    assert problem.file == f"raw/{path.name}"
    assert str(offsets[1]) in problem.wrong


def test_a_missing_warc_file_is_named_once(kept: tuple[Store, Path, list[int]]) -> None:
    store, path, _ = kept
    path.unlink()
    assert [(each.file, each.wrong) for each in raw_problems(store)[0]] == [(f"raw/{path.name}", "missing")]


def test_a_record_cut_short_that_something_refers_to_is_a_problem(
    kept: tuple[Store, Path, list[int]],
) -> None:
    store, path, offsets = kept
    path.write_bytes(path.read_bytes()[:-10])
    ((problem,), (note,)) = raw_problems(store)
    assert f"at {offsets[2]}" in problem.wrong
    assert f"the record at {offsets[2]} is cut short" in note


def test_a_record_cut_short_that_nothing_refers_to_is_only_noted(kept: tuple[Store, Path, list[int]]) -> None:
    store, path, offsets = kept
    data = path.read_bytes()
    path.write_bytes(data + data[offsets[0] : offsets[0] + 50])
    problems, (note,) = raw_problems(store)
    assert problems == []
    assert note == f"raw/{path.name}: does not read to its end: the record at {len(data)} is cut short"


def test_columns_of_the_two_datasets_with_raw_bytes_are_there() -> None:
    """What `verify --raw` reads of the rows."""
    for dataset in ("articles", "rejected"):
        assert {"warc_file", "warc_offset"} <= set(to_table(dataset, []).column_names)
