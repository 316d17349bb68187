from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.store import parquet, publish
from pipelines.store.errors import StoreError
from pipelines.store.output import FolderOutput
from tests.helpers_store import (
    FORKSERVER,
    STEPS,
    Crash,
    LineTracer,
    Store,
    largest_file,
    publish_until_killed,
    seed,
    seed_small,
)

Expected = set[tuple[Any, ...]]
# The other steps are done for each of the four files.
ONCE = ("manifest", "commit")


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


def test_nothing_is_visible_while_files_are_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    real = publish.write_part

    def watched(dataset: str, rows: Iterator[Any], path: Path, run_id: str) -> parquet.Part:
        part = real(dataset, rows, path, run_id)
        seen.append(store.visible())
        return part

    monkeypatch.setattr(publish, "write_part", watched)
    store.publish()
    assert seen == [[]] * 4


def crash_at(store: Store, line: int, run_id: str = "run-2") -> bool:
    """Recover and publish up to a line of the store's code; whether it came that far."""
    with store.publisher(run_id) as publisher, LineTracer(line):
        try:
            publisher.recover()
            publisher.publish()
        except Crash:
            return True
    return False


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
    # The first time each line of the steps runs; the kills below come between the rounds of the loops.
    steps = [(line, n) for n, line in enumerate(lines) if line[0].endswith(("publish.py", "manifest.py"))]
    points = sorted(dict(reversed(steps)).values())
    assert len(points) > 50
    for number in points:
        crashed = store.copy(tmp_path / str(number))
        assert crash_at(crashed, number)
        assert_whole(crashed, expected)
        crashed.restart("run-3")
        crashed.assert_settled(expected)


@settings(
    deadline=None,
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
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


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("step", "number"), [(step, n) for step in STEPS for n in ((1,) if step in ONCE else (1, 2, 4))]
)
def test_a_killed_process_loses_and_doubles_nothing(
    seeded: tuple[Store, Expected], step: str, when: str, number: int
) -> None:
    store, expected = seeded
    child = FORKSERVER.Process(target=publish_until_killed, args=(store.output, step, when, number))
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
        publisher._commit = lambda targets: (_ for _ in ()).throw(Crash)  # type: ignore[method-assign]  # the crash
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
    store.fill(30, length=20_000)
    with largest_file(128 * 1024), pytest.raises(StoreError, match=r"cannot publish below .*output"):
        store.publish()
    assert store.visible() == []
    assert not list(store.scratch.glob("*"))
    assert store.publish().rows["articles"] == 30
    assert set(store.identities().values()) == {1}


def test_a_full_disk_while_noting_leaves_nothing_visible(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    store.fill(30, length=20_000)
    with largest_file(900 * 1024), pytest.raises(StoreError, match=r"cannot publish below .*output"):
        store.publish()
    assert store.visible() == []
    assert store.publish().rows["articles"] == 30
    assert set(store.identities().values()) == {1}


def test_when_a_file_cannot_get_its_name_those_that_did_are_listed(seeded: tuple[Store, Expected]) -> None:
    store, expected = seeded
    obstacle = store.output / "rejected"
    obstacle.write_text("no folder")
    with pytest.raises(StoreError, match="rejected"):
        store.publish()
    assert_whole(store, expected)
    store.assert_manifest_equals_folder()
    obstacle.unlink()
    store.publish()
    store.assert_settled(expected)


def test_a_manifest_that_cannot_be_written_delays_the_commit(seeded: tuple[Store, Expected]) -> None:
    store, expected = seeded
    obstacle = store.output / "manifest.json"
    obstacle.mkdir()
    with pytest.raises(StoreError, match="cannot publish"):
        store.publish()
    assert_whole(store, expected)
    assert not list(store.output.rglob("*.tmp"))
    obstacle.rmdir()
    store.publish()
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
        entry.path for entry in FolderOutput(store.output).listed()
    }
