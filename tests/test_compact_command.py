"""`scrapy compact`: what it says, when it waits, what it refuses."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import scrapy
from tests.helpers_compact import Expected, compact, copy, seed_rounds
from tests.helpers_store import NOW, Store
from tests.test_lock import held_elsewhere

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


def command(store: Store, *arguments: str) -> Any:
    return scrapy("compact", "-s", f"NEWS_OUTPUT={store.output}", *arguments)


def test_the_command_says_what_changed(store: Store, expected: Expected) -> None:
    done = command(store)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        DAY,
        "rejected/fetch_date=2026-11-21",
        "removed_blocks/fetch_date=2026-11-21",
        "Total",
    ]
    assert re.fullmatch(r"Total: 9 -> 3 files, \d+\.\d -> \d+\.\d MiB", lines[-1])
    store.assert_settled(expected)
    again = command(store)
    assert (again.code, again.out) == (0, "Nothing to compact.\n")


def test_the_command_waits_for_a_run_only_when_told(store: Store) -> None:
    with held_elsewhere(store.output / ".state" / "lock", "run 4711"):
        refused = command(store)
        waited = command(store, "--wait", "0.5")
    assert (refused.code, waited.code) == (3, 3)
    assert "in use by run 4711" in refused.err
    assert len(refused.err.splitlines()) == 1


def test_the_command_names_a_damaged_file(store: Store) -> None:
    name = articles_of(store)[0]
    (store.output / name).write_bytes(b"PAR1")
    done = command(store)
    assert done.code == 4
    assert f"{name}: damaged and left alone; see scrapy verify" in done.out
    assert "Total: 9 -> 4 files" in done.out


def test_the_command_wants_an_output_that_was_published_into(tmp_path: Path) -> None:
    done = command(Store(tmp_path / "nowhere"))
    assert done.code == 4
    assert "there is no ledger" in done.err
    assert not (tmp_path / "nowhere").exists()


def test_the_next_run_sweeps_what_was_replaced(store: Store) -> None:
    compact(store, now=NOW - timedelta(days=400))
    assert json.loads((store.output / "manifest.json").read_text())["files"]
    assert command(store).code == 0
    assert store.query("SELECT * FROM retired") == []
