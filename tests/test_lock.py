from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.store.errors import OutputLocked, StoreError
from pipelines.store.lock import OutputLock
from tests.helpers_lock import attempt, hold
from tests.helpers_store import FORKSERVER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output" / ".state" / "lock"


@contextmanager
def held_elsewhere(path: Path, holder: str) -> Iterator[int]:
    """Another process holds the lock inside; its process number. It is killed at the end."""
    ours, theirs = FORKSERVER.Pipe()
    child = FORKSERVER.Process(target=hold, args=(path, holder, theirs))
    child.start()
    try:
        assert ours.recv() == "held"
        assert child.pid
        yield child.pid
    finally:
        child.kill()
        child.join()


def attempted_elsewhere(path: Path) -> str:
    ours, theirs = FORKSERVER.Pipe()
    child = FORKSERVER.Process(target=attempt, args=(path, "run late", theirs))
    child.start()
    said = str(ours.recv())
    child.join()
    return said


def test_a_lock_makes_its_folder(path: Path) -> None:
    with OutputLock(path, "run a"):
        assert path.exists()


def test_another_process_is_refused_with_the_holder_s_name(path: Path) -> None:
    with OutputLock(path, "run 20261121-abc"):
        said = attempted_elsewhere(path)
    assert "run 20261121-abc" in said
    assert str(os.getpid()) in said
    assert str(path.parent.parent) in said


def test_this_process_is_refused_with_the_other_s_name(path: Path) -> None:
    with held_elsewhere(path, "run ليلى") as number, pytest.raises(OutputLocked, match=f"run ليلى.*{number}"):
        OutputLock(path, "run b")


def test_the_same_process_is_refused_too(path: Path) -> None:
    with OutputLock(path, "run a"), pytest.raises(OutputLocked, match="run a"):
        OutputLock(path, "run b")


def test_a_refusal_does_not_take_the_holder_s_name(path: Path) -> None:
    with OutputLock(path, "run a"):
        for _ in range(2):
            assert "run a" in attempted_elsewhere(path)


def test_a_released_lock_is_free(path: Path) -> None:
    OutputLock(path, "run a").release()
    assert attempted_elsewhere(path) == "held"


def test_the_name_is_the_present_holder_s(path: Path) -> None:
    OutputLock(path, "a run with a very long name that is gone").release()
    with OutputLock(path, "run b"):
        said = attempted_elsewhere(path)
    assert "run b" in said
    assert "gone" not in said


def test_a_killed_process_s_lock_is_free(path: Path) -> None:
    with held_elsewhere(path, "run a"):
        pass
    assert "run a" in path.read_text(encoding="utf-8")
    with OutputLock(path, "run b"):
        assert "run b" in attempted_elsewhere(path)


def test_a_lock_does_not_outlive_its_holder_in_a_child(path: Path) -> None:
    with OutputLock(path, "run a"):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        assert attempted_elsewhere(path) == "held"
    finally:
        child.communicate(b"\n")


def test_a_lock_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("no folder")
    with pytest.raises(StoreError, match="lock"):
        OutputLock(tmp_path / "output" / ".state" / "lock", "run a")


def test_locks_of_different_outputs_are_apart(tmp_path: Path) -> None:
    with OutputLock(tmp_path / "a" / ".state" / "lock", "run a"):
        assert attempted_elsewhere(tmp_path / "b" / ".state" / "lock") == "held"
