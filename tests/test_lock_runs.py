"""Runs that meet on an output or a ledger, and runs that were killed while they held them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from demo.content import write_site_files
from demo.crawl import crawl_command
from demo.server import Newsroom
from pipelines.store.errors import OutputLocked
from pipelines.store.lock import OutputLock, RunLock, check_free
from tests.crawling import ROOT, Finished, environment, run, scrapy, start

# What takes longest to import; `scrapy` alone takes most of a second on a small machine.
_HEAVY = {"pyarrow", "trafilatura", "pydantic", "pebble", "pipelines.clean", "crawler.run"}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def ledger(output: Path) -> Path:
    return output / ".state" / "ledger.sqlite"


def crawl(output: Path, *settings: str) -> Finished:
    return scrapy("crawl", "news", "-a", "sites=demo/sites", "-s", f"NEWS_OUTPUT={output}", *settings)


def assert_refused(done: Finished, *words: str) -> None:
    assert done.code == 3, done.err
    assert len(done.err.splitlines()) == 1
    for word in words:
        assert word in done.err


# -- who comes second


def test_what_scrapy_imports_before_it_knows_the_command_takes_no_time() -> None:
    names = [f"crawler.commands.{path.stem}" for path in (ROOT / "crawler" / "commands").glob("[a-z]*.py")]
    code = f"import sys, {', '.join(names)}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert _HEAVY & set(found.stdout.split()) == set()


def test_a_second_run_is_refused_before_the_spiders_are_looked_at(output: Path, ledger: Path) -> None:
    with OutputLock(output / ".state" / "lock", "run first"):
        done = crawl(output, "-s", "SPIDER_MODULES=no.such.module")
    assert_refused(done, "run first", str(os.getpid()), str(output))


def test_two_outputs_with_one_ledger_exclude_each_other(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    lock = RunLock(tmp_path / "a", ledger, "run first", "output")
    try:
        done = crawl(tmp_path / "b", "-s", f"NEWS_STATE={ledger}")
    finally:
        lock.release()
    assert_refused(done, "run first", str(ledger), str(os.getpid()))
    assert not (tmp_path / "b").exists()


def test_a_ledger_is_one_ledger_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "ledger.sqlite").touch()
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "real" / "ledger.sqlite")
    lock = RunLock(tmp_path / "a", tmp_path / "link.sqlite", "run first", "output")
    with pytest.raises(OutputLocked, match="run first"):
        RunLock(tmp_path / "b", tmp_path / "real" / "ledger.sqlite", "run second", "output")
    lock.release()
    RunLock(tmp_path / "b", tmp_path / "real" / "ledger.sqlite", "run second", "output").release()


def test_a_run_refused_for_the_ledger_leaves_the_output_free(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    lock = RunLock(tmp_path / "a", ledger, "run first", "output")
    with pytest.raises(OutputLocked):
        RunLock(tmp_path / "b", ledger, "run second", "output")
    RunLock(tmp_path / "b", tmp_path / "other.sqlite", "run third", "output").release()
    lock.release()


def test_runs_with_an_output_and_a_ledger_each_do_not_meet(tmp_path: Path) -> None:
    first = RunLock(tmp_path / "a", tmp_path / "a.sqlite", "run first", "output")
    RunLock(tmp_path / "b", tmp_path / "b.sqlite", "run second", "output").release()
    first.release()


def test_looking_whether_a_lock_is_free_makes_nothing_and_keeps_nothing(output: Path, ledger: Path) -> None:
    check_free(output, ledger, "output")
    assert not output.exists()
    RunLock(output, ledger, "run first", "output").release()
    check_free(output, ledger, "output")
    lock = RunLock(output, ledger, "run second", "output")
    with pytest.raises(OutputLocked, match="run second"):
        check_free(output, ledger, "output")
    lock.release()


def test_who_only_looks_does_not_turn_a_run_away(output: Path, ledger: Path) -> None:
    """Two hundred looks a moment apart, and between them the lock is to be had each time."""
    RunLock(output, ledger, "run first", "output").release()
    look = (
        "import sys; from pathlib import Path; from pipelines.store.lock import check_free\n"
        "state, ledger = map(Path, sys.argv[1:])\n"
        "while True:\n  try: check_free(state, ledger, str())\n  except Exception: pass"
    )
    looking = subprocess.Popen(
        [sys.executable, "-c", look, str(output), str(ledger)], cwd=ROOT, env=environment()
    )
    try:
        for number in range(200):
            RunLock(output, ledger, f"run {number}", "output").release()
    finally:
        looking.kill()
        looking.wait()


# -- who was killed


@contextmanager
def crawling(
    newsroom: Newsroom, sites: Path, output: Path
) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """A crawl under way and its workers; whatever is left of it is killed at the end."""
    slowly = ("-s", "DOWNLOAD_DELAY=0.3", "-s", "NEWS_WORKERS=2", "-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1")
    process = start([*crawl_command(newsroom, sites, output), *slowly])
    try:
        deadline = time.monotonic() + 300
        while len(workers := descendants(process.pid)) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(workers) >= 4, "a forkserver, a resource tracker and two workers"
        yield process, workers
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def parents() -> dict[int, int]:
    """Process -> its parent, of all that live."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = (
                status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
            )
        except OSError:  # it ended meanwhile
            continue
        if state != "Z":
            found[int(status.parent.name)] = int(parent)
    return found


def open_files(process: int) -> list[str]:
    """What the process has open, but for what it closes while we look."""
    found = []
    with suppress(OSError):  # it ended
        for file in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                found.append(str(file.readlink()))
    return found


def descendants(process: int) -> list[int]:
    """Processes that this one started, and those that they started."""
    of, found = parents(), [process]
    for parent in found:
        found.extend(child for child, its in of.items() if its == parent)
    return found[1:]


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with Newsroom() as found:
        write_site_files(tmp_path / "sites", found.port)
        yield found


def test_a_second_crawl_is_refused_and_the_first_goes_on(
    newsroom: Newsroom, tmp_path: Path, output: Path
) -> None:
    site = tmp_path / "sites" / "harbour-ledger.toml"
    with crawling(newsroom, site, output) as (process, _):
        assert_refused(run(crawl_command(newsroom, site, output)), f"process {process.pid}")
        assert process.poll() is None


def test_workers_of_a_killed_run_keep_no_lock_and_end(
    newsroom: Newsroom, tmp_path: Path, output: Path, ledger: Path
) -> None:
    """kill -9 of the parent alone, not of its group."""
    site = tmp_path / "sites" / "harbour-ledger.toml"
    with crawling(newsroom, site, output) as (process, workers):
        for worker in workers:
            assert [path for path in open_files(worker) if path.startswith(str(output))] == [], "inherited"
        process.kill()
        process.wait()
        RunLock(output / ".state", ledger, "the next run", "output").release()
        deadline = time.monotonic() + 180
        while (left := parents().keys() & set(workers)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left == set()
    done = run(crawl_command(newsroom, site, output))
    assert done.code == 0, done.err
