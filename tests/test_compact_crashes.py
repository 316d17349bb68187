from __future__ import annotations

import gc
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NoReturn

import pytest

from pipelines.store import partition
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from tests.crawling import THOROUGH
from tests.helpers_compact import STEPS, Expected, compact, compact_until_killed, copy, seed_rounds
from tests.helpers_store import FORKSERVER, Crash, LineTracer, Store, article, largest_file, stage


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Expected]:
    """A store to copy: seeding takes longer than compacting."""
    return seed_rounds(tmp_path_factory.mktemp("template") / "output")


def hollow_in(folder: Path) -> list[Path]:
    """Files of zeros."""
    return [path for path in folder.glob("*.parquet") if not path.read_bytes().strip(b"\0")]


def assert_readable(store: Store, expected: Expected) -> None:
    """Whoever lists the folders now reads every row once."""
    assert store.identities() == Counter(expected)


def hollow(store: Store) -> set[str]:
    """Visible names that are no Parquet for the moment: of zeros. Some may go while we look."""
    found = set()
    for name in store.visible():
        with suppress(FileNotFoundError):
            if not (store.output / name).read_bytes().strip(b"\0"):
                found.add(name)
    return found


def assert_whole(store: Store, expected: Expected) -> None:
    """Nothing is lost or doubled, neither by pattern nor by manifest; what is hollow tells so."""
    listed = FolderOutput(store.output).listed()
    assert sum(entry.rows for entry in listed) == len(expected)
    for entry in listed:
        data = (store.output / entry.stable_path).read_bytes()
        assert len(data) == entry.bytes
        assert data.endswith(b"PAR1")
    for name in hollow(store):
        (store.output / name).unlink()  # as if it had not been listed: what is left must be whole
    assert {key: count for key, count in store.identities().items() if count != 1} == {}
    assert set(store.identities()) == expected


def assert_compacted(store: Store, expected: Expected) -> None:
    compact(store, "compact-9")
    store.assert_settled(expected)
    assert len(store.visible()) == 3
    assert store.query("SELECT * FROM compactions") == []


def crash_at(store: Store, line: int, run_id: str) -> bool:
    with LineTracer(line):
        try:
            compact(store, run_id)
        except Crash:
            crashed = True
        else:
            crashed = False
    gc.collect()  # what the crash left suspended may tidy up when it is collected: not while others look
    return crashed


@pytest.fixture
def small_heap() -> Iterator[None]:
    """Collections look at what is made from now on."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("small_heap")
def test_a_crash_before_any_line_loses_and_doubles_nothing(
    template: tuple[Store, Expected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is cut here, and it takes most of the time
    store, expected = template
    with LineTracer() as tracer:
        compact(copy(store, tmp_path / "whole"))
    ours = ("compact.py", "partition.py", "replacement.py", "exchange.py", "output.py")
    steps = [(line, number) for number, line in enumerate(tracer.lines) if line[0].endswith(ours)]
    points = sorted(dict(reversed(steps)).values())
    assert len(points) > 100
    for number in points[:: 1 if THOROUGH else 5]:
        crashed = copy(store, tmp_path / str(number))
        assert crash_at(crashed, number, "compact-1")
        assert_whole(copy(crashed, tmp_path / f"{number}-seen"), expected)
        assert_compacted(crashed, expected)


def test_crashes_of_recoveries_lose_and_double_nothing(
    template: tuple[Store, Expected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the exchange, then again before every line of the recovery."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    store, expected = template
    killed = copy(store, tmp_path / "killed")
    kill(killed, "exchange", "after", 1)
    with LineTracer() as tracer:
        copy(killed, tmp_path / "whole").restart()
    first = {line: number for number, line in reversed(list(enumerate(tracer.lines)))}
    ours = ("partition.py", "replacement.py", "publish.py", "output.py")
    points = sorted(number for line, number in first.items() if line[0].endswith(ours))
    assert len(points) > 60
    for number in points[:: 1 if THOROUGH else 5]:
        crashed = copy(killed, tmp_path / str(number))
        with LineTracer(number), pytest.raises(Crash):
            crashed.restart()
        assert_whole(copy(crashed, tmp_path / f"{number}-seen"), expected)
        crashed.restart()
        crashed.assert_settled(expected)


def kill(store: Store, step: str, when: str, number: int) -> None:
    child = FORKSERVER.Process(target=compact_until_killed, args=(store.output, step, when, number))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "number"), [(step, number) for step in STEPS for number in (1, 3)])
def test_a_killed_process_loses_and_doubles_nothing(
    template: tuple[Store, Expected], tmp_path: Path, step: str, when: str, number: int
) -> None:
    store, expected = copy(template[0], tmp_path / "output"), template[1]
    kill(store, step, when, number)
    assert_whole(copy(store, tmp_path / "seen"), expected)
    store.restart()
    store.assert_settled(expected)
    assert_compacted(store, expected)


def test_hollow_names_go_when_the_compaction_was_killed_and_a_publication_finishes_it(
    template: tuple[Store, Expected], tmp_path: Path
) -> None:
    store = copy(template[0], tmp_path / "output")
    kill(store, "exchange", "after", 1)
    deadline = time.monotonic() + 180
    while hollow(store) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert_readable(store, template[1])
    store.publish()
    store.assert_settled(template[1])


def test_sweeping_before_the_exchange_leaves_the_old_files_alone(
    template: tuple[Store, Expected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine so slow that the names are swept before they are seen: none of the old folder goes."""
    store = copy(template[0], tmp_path / "output")

    def late(first: Path, second: Path) -> NoReturn:
        deadline = time.monotonic() + 180
        while hollow_in(first) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not hollow_in(first)
        assert_readable(store, template[1])
        raise Crash

    monkeypatch.setattr(partition, "exchange", late)
    with pytest.raises(Crash):
        compact(store)
    store.restart()
    store.assert_settled(template[1])


def test_a_full_disk_leaves_the_partition_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    expected: Expected = set()
    for number in range(2):
        texts = ["".join(random.Random(f"{number} {n}").choices("ابتثجحخدذرز", k=20_000)) for n in range(15)]
        found = [article(f"https://sahifa.test/{number}/{n}", text) for n, text in enumerate(texts)]
        with closing(Ledger(store.ledger_path)) as ledger:
            for each in found:
                stage(ledger, each)
        store.publish()
        expected |= {("articles", each.id) for each in found}
    before = store.visible()
    size = max((store.output / name).stat().st_size for name in before)
    with (
        largest_file(size + size // 2),
        pytest.raises(StoreError, match="cannot compact articles/fetch_date="),
    ):
        compact(store)
    assert store.visible() == before
    store.assert_settled(expected)
    assert compact(store)[0].files_after == 1
    store.assert_settled(expected)


def test_an_interrupted_wait_leaves_no_hollow_name(
    template: tuple[Store, Expected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = copy(template[0], tmp_path / "output")

    def interrupted(_: float) -> None:
        assert hollow(store)
        raise KeyboardInterrupt

    monkeypatch.setattr(partition.time, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compact(store, grace=20)
    assert not hollow(store)
    monkeypatch.undo()
    assert_compacted(store, template[1])
