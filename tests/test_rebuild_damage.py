from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import pipelines.store.rebuild as rebuilding
from crawler.config import RunConfig
from crawler.errors import ExitCode
from crawler.run import Run
from pipelines.store.errors import StoreError
from pipelines.store.ledger_file import LEDGER_VERSION, writer_file
from pipelines.store.manifest import MANIFEST
from pipelines.store.output import FolderOutput
from pipelines.store.rebuild import is_lost
from pipelines.store.rebuild_files import ALL
from tests.helpers_rebuild import crawl, known, lose, rebuilt, seed
from tests.helpers_store import FORKSERVER, NOW, Store, die_at


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "output")


def open_run(store: Store) -> Run:
    state = store.ledger_path.parent
    return Run(RunConfig(str(store.output), state, store.ledger_path, 1, 10, 512 << 20), "news")


# -- in which state it is found

Destroy = Callable[[Path], None]


def flip(path: Path) -> None:
    data, letters = bytearray(path.read_bytes()), random.Random(7)
    for place in letters.sample(range(100, len(data)), len(data) // 20):
        data[place] ^= 0x55
    path.write_bytes(data)


DESTROYED: dict[str, Destroy] = {
    "deleted": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "one byte": lambda path: os.truncate(path, 1),
    "a part of the header": lambda path: os.truncate(path, 60),
    "one page": lambda path: os.truncate(path, 4096),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "all but one page": lambda path: os.truncate(path, path.stat().st_size - 4096),
    "bits flipped": flip,
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "garbage": lambda path: path.write_bytes(b"these are no pages of a database " * 300),
    "a schema that is no text": lambda path: path.write_bytes(
        path.read_bytes().replace(b"CREATE TABLE urls", b"CREATE TABLE \xff\xfe\xfd\xfc")
    ),
    "a table that lost its name": lambda path: path.write_bytes(path.read_bytes().replace(b"urls", b"urlz")),
    "the whole state": lambda path: shutil.rmtree(path.parent),
}


@pytest.mark.parametrize("with_manifest", [True, False], ids=["manifest", "no manifest"])
@pytest.mark.parametrize("how", DESTROYED)
def test_a_run_makes_a_ledger_that_was_destroyed_anew_and_says_so_once(
    store: Store, how: str, with_manifest: bool
) -> None:
    seed(store)
    before, rows = known(store.ledger_path), store.identities()
    if not with_manifest:
        (store.output / MANIFEST).unlink()
    DESTROYED[how](store.ledger_path)
    there = store.ledger_path.exists() and store.ledger_path.read_bytes()
    run = open_run(store)
    run.close()
    assert run.figures.exit_code == ExitCode.DAMAGED
    assert run.figures.rebuilt is not None
    assert run.figures.rebuilt.articles == 5
    moved = run.figures.rebuilt.moved
    assert (moved is not None and moved.read_bytes()) == there
    after = known(store.ledger_path)
    for name in ("urls", "article_versions", "sites", "files"):
        assert [row | {"due_at": 0} for row in after[name]] == [row | {"due_at": 0} for row in before[name]]
    assert store.identities() == rows
    store.assert_manifest_equals_folder()
    again = open_run(store)
    again.close()
    assert (again.figures.exit_code, again.figures.rebuilt) == (ExitCode.OK, None)
    assert store.query("SELECT count(*) FROM spool") == [(0,)]


@pytest.mark.parametrize("left", [None, b""], ids=["no ledger", "an empty one"])
def test_a_new_output_is_no_damage(store: Store, left: bytes | None) -> None:
    if left is not None:
        store.ledger_path.parent.mkdir(parents=True)
        store.ledger_path.write_bytes(left)
    run = open_run(store)
    run.close()
    assert (run.figures.exit_code, run.figures.rebuilt) == (ExitCode.OK, None)


def test_a_ledger_of_a_newer_version_is_refused_and_left_as_it_is(store: Store) -> None:
    seed(store)
    with closing(sqlite3.connect(store.ledger_path)) as db:
        db.execute(f"PRAGMA user_version = {LEDGER_VERSION + 1}")
    before = store.ledger_path.read_bytes()
    with pytest.raises(StoreError, match="ledger version"):
        open_run(store)
    assert store.ledger_path.read_bytes() == before


def test_the_log_beside_a_damaged_ledger_goes_with_it(store: Store) -> None:
    seed(store)
    store.ledger_path.write_bytes(b"garbage" * 1000)
    wal = store.ledger_path.with_name("ledger.sqlite-wal")
    wal.write_bytes(b"what a killed run left")
    moved = rebuilt(store).moved
    assert moved is not None
    assert moved.with_name(f"{moved.name}-wal").read_bytes() == b"what a killed run left"
    assert not wal.exists()


# -- which files


def test_a_damaged_part_file_is_named_left_alone_and_its_pages_are_cleaned_again(store: Store) -> None:
    seed(store)
    damaged = next(path for path in store.visible() if path.startswith("articles/"))
    data = bytearray((store.output / damaged).read_bytes())
    data[len(data) // 2] ^= 0x55
    (store.output / damaged).write_bytes(data)
    lose(store)
    found = rebuilt(store)
    assert found.damaged == (damaged,)
    assert found.to_clean > 0
    assert (store.output / damaged).read_bytes() == data
    with crawl(store, 9):
        pass
    assert damaged not in {entry.path for entry in FolderOutput(store.output).listed()}


def test_files_with_other_names_are_none_of_ours(store: Store) -> None:
    seed(store)
    part = store.output / next(path for path in store.visible() if path.startswith("articles/"))
    shutil.copy(part, part.with_name("analyst.parquet"))
    shutil.copy(part, part.with_name("part-run-1.parquet"))
    before = lose(store)
    assert rebuilt(store).damaged == ()
    assert known(store.ledger_path) == known(before)


def test_a_file_whose_rows_stand_in_listed_ones_is_not_adopted(store: Store) -> None:
    seed(store)
    part = next(path for path in store.visible() if path.startswith("articles/"))
    entry = next(entry for entry in FolderOutput(store.output).listed() if entry.path == part)
    twin = part.replace("part-", "part-merged-")
    shutil.copy(store.output / part, store.output / twin)
    before = lose(store)
    found = rebuilt(store)
    assert (found.doubled, found.damaged) == ((twin,), ())
    assert known(store.ledger_path) == known(before)
    assert entry.rows > 0


def test_a_file_that_a_crash_kept_out_of_the_manifest_is_adopted(store: Store) -> None:
    seed(store)
    manifest = store.output / MANIFEST
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    listed["files"] = listed["files"][:-2]
    manifest.write_text(json.dumps(listed), encoding="utf-8")
    before = lose(store)
    assert rebuilt(store).files == 8
    assert known(store.ledger_path) == known(before)


def second_ledger(store: Store) -> Store:
    """Another ledger with rows of its own on the same output."""

    class Other(Store):
        @property
        def ledger_path(self) -> Path:
            return self.output.parent / "other" / "ledger.sqlite"

    other = Other(store.output)
    with crawl(other, 60) as run:
        run.look("https://sahifa.test/other/1", "Other|text|1")
        run.look("https://sahifa.test/other/2", "Other 2|lost|1")
    with crawl(other, 61) as run:
        run.look("https://sahifa.test/other/3", "Other 3|not yet published|1")
        run.killed()
    return other


def test_of_several_ledgers_each_takes_its_own_files_and_pages(store: Store) -> None:
    seed(store)
    other = second_ledger(store)
    before, rows = lose(store), store.identities()
    assert rebuilt(store).to_clean == 0
    assert known(store.ledger_path) == known(before)
    kept = other.ledger_path.rename(other.ledger_path.with_name("kept.sqlite"))
    assert rebuilt(other).to_clean == 1
    for table in ("files", "meta"):
        assert known(other.ledger_path)[table] == known(kept)[table]
    assert store.identities() == rows
    with crawl(other, 62):
        pass
    assert known(other.ledger_path)["article_versions"] == known(kept)["article_versions"]
    assert len(store.rows("articles")) == 8


def as_object_store(folder: FolderOutput) -> Any:
    """The same files, and no promise that they are this machine's alone."""
    names = ("name", "raw_folder", "targets", "open", "listed", "raw_names", "open_raw")
    return SimpleNamespace(**{name: getattr(folder, name) for name in names})


def test_on_an_object_store_a_machine_without_a_name_is_a_new_one(store: Store) -> None:
    seed(store)
    name = known(store.ledger_path)["meta"][0]["value"]
    before = lose(store)
    writer_file(store.ledger_path).unlink()
    rows = known(before)
    output = as_object_store(FolderOutput(store.output))
    assert not is_lost(store.ledger_path, output)
    assert rebuilding.rebuild(store.ledger_path, output, rebuilding.Recheck(), NOW).articles == 0
    store.ledger_path.unlink()
    assert rebuilding.rebuild(store.ledger_path, output, rebuilding.Recheck(), NOW, name).articles == 5
    assert known(store.ledger_path)["article_versions"] == rows["article_versions"]
    store.ledger_path.unlink()
    assert rebuilding.rebuild(store.ledger_path, output, rebuilding.Recheck(), NOW, ALL).articles == 5


# -- a kill while it is rebuilt

STEPS: dict[str, tuple[Any, str]] = {
    "parts": (rebuilding.Rows, "take"),
    "pages": (rebuilding.Pages, "take"),
    "urls": (rebuilding, "fill_urls"),
    "aside": (rebuilding, "_move_aside"),
    "rename": (Path, "rename"),
    "folder": (rebuilding, "sync_folder"),
}


def rebuild_until_killed(output: Path, step: str, when: str, number: int) -> None:
    """In a child: rebuild, and die before or after the given call of the step."""
    die_at(STEPS[step], when, number)
    rebuilt(Store(output))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "number"), [(step, 1) for step in STEPS] + [("rename", 2), ("rename", 3)])
def test_a_rebuild_that_is_killed_is_done_anew(store: Store, step: str, when: str, number: int) -> None:
    seed(store)
    before = known(store.ledger_path)
    store.ledger_path.write_bytes(b"garbage" * 1000)
    store.ledger_path.with_name("ledger.sqlite-wal").write_bytes(b"log")
    child = FORKSERVER.Process(target=rebuild_until_killed, args=(store.output, step, when, number))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    run = open_run(store)
    run.close()
    after = known(store.ledger_path)
    for name in ("article_versions", "sites", "files", "meta"):
        assert after[name] == before[name]
    left = {path.name.partition(".damaged-")[0] for path in store.ledger_path.parent.iterdir()}
    locks = {"lock", "ledger.sqlite.lock", "manifest.lock", "partitions.lock"}
    assert left <= locks | {"ledger.sqlite", "ledger.sqlite.writer", "files", "scratch", "figures.sqlite"}
    moved = [path for path in store.ledger_path.parent.glob("*.damaged-*") if not path.name.endswith("-wal")]
    assert [path.read_bytes() for path in moved] == [b"garbage" * 1000]
