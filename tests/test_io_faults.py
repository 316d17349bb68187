"""Every call with which publication changes the disk fails once, and once with all that follow."""

from __future__ import annotations

import errno
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import THOROUGH
from tests.helpers_compact import seed_rounds
from tests.helpers_faulty_io import COMPILER, Disk, Fault, FaultyDisk, Outcome, compiled, faulty_disk
from tests.helpers_store import FORKSERVER, Store, publish_until_killed, seed_small

pytestmark = pytest.mark.skipif(
    COMPILER is None, reason="there is no C compiler to build the faulty disk with"
)

Expected = set[tuple[Any, ...]]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyDisk]:
    with faulty_disk(compiled(tmp_path_factory.mktemp("library"))) as found:
        yield found


@pytest.fixture
def seeded(tmp_path: Path) -> tuple[Store, Expected]:
    """Rows in the spool."""
    return seed_small(tmp_path / "output")


@pytest.fixture
def interrupted(tmp_path: Path) -> tuple[Store, Expected]:
    """Files that have their names, of a run that was killed before the ledger knew."""
    store, expected = seed_small(tmp_path / "output")
    child = FORKSERVER.Process(target=publish_until_killed, args=(store.output, "commit", "before", 1))
    child.start()
    child.join()
    assert len(store.visible()) == 2
    return store, expected


@pytest.fixture
def compactable(tmp_path: Path) -> tuple[Store, Expected]:
    """Small files that are published."""
    return seed_rounds(tmp_path / "output", rounds=2)


def calls_of(disk: FaultyDisk, store: Store, action: str, folder: Path) -> int:
    """How often the action changes the disk when nothing fails."""
    whole = disk.try_out(Fault(str(store.copy(folder).output), action))
    assert whole.error is None
    return whole.calls


def assert_survives(disk: FaultyDisk, store: Store, expected: Expected, fault: Fault, whole: int) -> Outcome:
    """The fault is reported in one line; what is visible is whole; the next run, without it, ends it all."""
    outcome = disk.try_out(fault)
    assert outcome.calls >= min(fault.at, whole), fault
    assert outcome.error in (None, "StoreError"), (fault, outcome)
    assert "\n" not in outcome.message, (fault, outcome)
    wait_for_no_hollow_names(store)
    found = store.identities()
    assert set(found.values()) <= {1}, fault
    assert set(found) <= expected, fault
    again = disk.try_out(Fault(fault.folder, "publish"))
    assert again.error is None, (fault, again)
    store.assert_settled(expected)
    return outcome


def wait_for_no_hollow_names(store: Store) -> None:
    """What a compaction that failed could not take away goes a moment later."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):  # it went between two looks
            if all((store.output / name).read_bytes().strip(b"\0") for name in store.visible()):
                return
        time.sleep(0.01)


def points(whole: int, how: Disk) -> range:
    """Every call where there is time for it; of the failures that last, which repeat each other, fewer."""
    step = (1 if THOROUGH else 6) * (1 if how is Disk.ONCE else 4)
    return range(1 + how, whole + 1, step)


@pytest.mark.parametrize("how", Disk, ids=lambda how: how.name.lower())
@pytest.mark.parametrize(
    ("state", "action"), [("seeded", "publish"), ("interrupted", "publish"), ("compactable", "compact")]
)
def test_whichever_call_the_disk_refuses_nothing_is_lost_doubled_or_half_visible(
    disk: FaultyDisk, request: pytest.FixtureRequest, state: str, how: Disk, action: str
) -> None:
    template, expected = request.getfixturevalue(state)
    folder = template.output.with_name("faulty")
    whole = calls_of(disk, template, action, folder.with_name("whole"))
    outcomes: Counter[str | None] = Counter()
    for number in points(whole, how):
        shutil.rmtree(folder, ignore_errors=True)
        store = template.copy(folder)
        error = errno.EIO if how is Disk.BROKEN or number % 2 else errno.ENOSPC
        fault = Fault(str(folder), action, number, how, error)
        outcomes[assert_survives(disk, store, expected, fault, whole).error] += 1
    assert outcomes["StoreError"] > outcomes[None], "a disk that refuses is reported"
