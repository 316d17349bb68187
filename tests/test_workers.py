from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pipelines.workers as module
from pipelines.records import Reason
from pipelines.workers import TaskFailed, Workers
from tests import worker_tasks as tasks

MEMORY = 512 << 20


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """One worker, so that each task meets what the one before left."""
    pool = Workers(1, 60, MEMORY, cleans=False)
    yield pool
    pool.stop()


@pytest.fixture
def hasty() -> Iterator[Workers]:
    pool = Workers(1, 0.3, MEMORY, cleans=False)
    yield pool
    pool.stop()


def failure(workers: Workers, task: Callable[..., object], *args: object) -> TaskFailed:
    """How the task fails; the pool must go on afterwards."""
    with pytest.raises(TaskFailed) as failed:
        asyncio.run(workers.run(task, *args))
    assert asyncio.run(workers.run(tasks.add, 2, 3)) == 5
    return failed.value


def test_a_task_gives_its_result(workers: Workers) -> None:
    text = "اصلاح‌طلبان 😀\x00"
    assert asyncio.run(workers.run(tasks.letters, text)) == text[::-1]


def test_a_task_runs_in_another_process(workers: Workers) -> None:
    assert asyncio.run(workers.run(tasks.process_number)) != os.getpid()


def test_a_worker_does_more_than_one_task(workers: Workers) -> None:
    assert asyncio.run(workers.run(tasks.process_number)) == asyncio.run(workers.run(tasks.process_number))


def test_workers_share_what_was_loaded_ahead() -> None:
    """In a process of its own: this one has forked workers before."""
    script = (
        "import asyncio; from pipelines.workers import Workers, load_ahead; from tests import worker_tasks\n"
        "if __name__ == '__main__':\n"
        "    load_ahead(); pool = Workers(1, 60, 1 << 30)\n"
        "    print(asyncio.run(pool.run(worker_tasks.shares_what_is_loaded))); pool.stop()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]


def test_tasks_run_side_by_side() -> None:
    async def many(pool: Workers) -> list[int]:
        return await asyncio.gather(*(pool.run(tasks.add, number, 1) for number in range(40)))

    pool = Workers(2, 60, MEMORY, cleans=False)
    try:
        assert asyncio.run(many(pool)) == list(range(1, 41))
    finally:
        pool.stop()


@pytest.mark.parametrize("task", [tasks.backtrack, tasks.huge_power])
def test_a_loop_inside_c_is_killed_at_the_deadline(hasty: Workers, task: Callable[..., object]) -> None:
    with pytest.raises(TaskFailed) as failed:
        asyncio.run(hasty.run(task))
    assert (failed.value.reason, failed.value.detail) == (Reason.EXTRACT_TIMEOUT, "0.3 s")


def test_after_a_deadline_the_pool_goes_on() -> None:
    pool = Workers(1, 2, MEMORY, cleans=False)
    try:
        assert failure(pool, tasks.backtrack).reason is Reason.EXTRACT_TIMEOUT
    finally:
        pool.stop()


def test_the_memory_cap_is_the_worker_s_and_not_ours(workers: Workers) -> None:
    before = tasks.memory_limit()
    assert asyncio.run(workers.run(tasks.memory_limit)) == MEMORY
    assert tasks.memory_limit() == before


def test_the_cap_holds_for_what_a_native_library_takes(workers: Workers) -> None:
    assert asyncio.run(workers.run(tasks.memory_of_c)) < MEMORY


@pytest.mark.parametrize(
    "task",
    [tasks.swallow_memory, tasks.swallow_memory_in_pieces, tasks.keep_pages],
)
def test_a_page_that_takes_all_memory_is_named_so(workers: Workers, task: Callable[..., object]) -> None:
    assert failure(workers, task).reason is Reason.WORKER_MEMORY


def test_a_crash_is_tried_twice_and_named(workers: Workers, tmp_path: Path) -> None:
    failed = failure(workers, tasks.segfault, tmp_path / "marks")
    assert (failed.reason, failed.detail) == (Reason.WORKER_CRASH, "exit code -11")
    assert (tmp_path / "marks").read_text() == "xx"


def test_a_crash_that_does_not_repeat_is_no_failure(workers: Workers, tmp_path: Path) -> None:
    assert asyncio.run(workers.run(tasks.segfault_once, tmp_path / "marks")) == "second try"


def test_a_crashed_task_is_tried_again_where_nothing_else_runs(tmp_path: Path) -> None:
    async def together(pool: Workers) -> tuple[list[int], list[int]]:
        crashing = [pool.run(tasks.process_number_after_a_crash, tmp_path / str(n)) for n in range(3)]
        others = [pool.run(tasks.process_number) for _ in range(30)]
        return list(await asyncio.gather(*crashing)), list(await asyncio.gather(*others))

    pool = Workers(2, 60, MEMORY, cleans=False)
    try:
        again, others = asyncio.run(together(pool))
        assert asyncio.run(pool.run(tasks.process_number)) not in again
    finally:
        pool.stop()
    assert len(set(again)) == 1  # one after the other
    assert not set(again) & set(others)


def test_after_a_crash_alone_the_next_is_tried_again_too(workers: Workers, tmp_path: Path) -> None:
    assert failure(workers, tasks.segfault, tmp_path / "first").reason is Reason.WORKER_CRASH
    assert asyncio.run(workers.run(tasks.segfault_once, tmp_path / "second")) == "second try"


def test_a_worker_that_leaves_without_a_word_is_a_crash(workers: Workers) -> None:
    failed = failure(workers, tasks.exit_at_once, 3)
    assert (failed.reason, failed.detail) == (Reason.WORKER_CRASH, "exit code 3")


def test_an_exception_is_an_internal_error_and_not_tried_again(workers: Workers, tmp_path: Path) -> None:
    failed = failure(workers, tasks.divide, tmp_path / "marks")
    assert (failed.reason, failed.detail) == (Reason.INTERNAL_ERROR, "ZeroDivisionError: division by zero")
    assert (tmp_path / "marks").read_text() == "x"


@pytest.mark.parametrize(
    ("task", "detail"),
    [
        (tasks.raise_unpicklable, "Unpicklable: خطأ"),
        (tasks.parse_broken_xml, "XMLSyntaxError: "),
        (tasks.recurse, "RecursionError: "),
        (tasks.leave, "SystemExit: 3"),
        (tasks.raise_timeout, "TimeoutError: the page's own"),
        (tasks.cancel, "CancelledError"),
    ],
)
def test_no_exception_breaks_the_pool(workers: Workers, task: Callable[..., object], detail: str) -> None:
    failed = failure(workers, task)
    assert failed.reason is Reason.INTERNAL_ERROR
    assert failed.detail.startswith(detail)


def test_a_failure_s_detail_can_be_written_down(workers: Workers) -> None:
    assert failure(workers, tasks.half_a_pair).detail.encode() == b"ValueError: ?"


def test_a_result_that_cannot_travel_costs_one_task(workers: Workers) -> None:
    failed = failure(workers, tasks.unpicklable_result)
    assert failed.reason is Reason.INTERNAL_ERROR
    assert "lambda" in failed.detail


def test_a_result_too_large_for_the_way_stays_in_the_worker() -> None:
    pool = Workers(1, 60, 4 * MEMORY, cleans=False)  # in which it has room to be packed
    try:
        failed = failure(pool, tasks.repeated, 80 << 20)
    finally:
        pool.stop()
    assert failed.reason is Reason.WORKER_MEMORY
    assert failed.detail.startswith("a result of 838")


def test_a_result_as_large_as_a_page_travels(workers: Workers) -> None:
    assert len(asyncio.run(workers.run(tasks.repeated, 20 << 20))) == 20 << 20


def test_an_argument_that_cannot_travel_costs_one_task(workers: Workers) -> None:
    assert failure(workers, tasks.letters, lambda: "x").reason is Reason.INTERNAL_ERROR


def test_a_failing_neighbour_costs_nobody_else_the_task(tmp_path: Path) -> None:
    async def together(pool: Workers) -> list[object]:
        work = [pool.run(tasks.segfault, tmp_path / "marks"), *(pool.run(tasks.add, n, 0) for n in range(10))]
        return list(await asyncio.gather(*work, return_exceptions=True))

    pool = Workers(2, 60, MEMORY, cleans=False)
    try:
        first, *others = asyncio.run(together(pool))
    finally:
        pool.stop()
    assert isinstance(first, TaskFailed)
    assert others == list(range(10))


def test_a_pool_that_did_nothing_can_be_stopped() -> None:
    Workers(2, 60, MEMORY, cleans=False).stop()


@pytest.mark.parametrize("delay", [0, 0.01, 0.1, 0.3])
def test_stopping_gives_up_what_is_under_way(delay: float) -> None:
    pool = Workers(2, 60, MEMORY, cleans=False)

    async def start_and_stop() -> list[object]:
        running = asyncio.gather(*(pool.run(tasks.backtrack) for _ in range(5)), return_exceptions=True)
        await asyncio.sleep(delay)
        pool.stop()
        return list(await asyncio.wait_for(running, 60))

    # Given up is not turned away: a page whose worker was stopped has no reason.
    assert {type(result) for result in asyncio.run(start_and_stop())} == {asyncio.CancelledError}


def test_a_stopped_pool_starts_nothing() -> None:
    pool = Workers(1, 60, MEMORY)
    pool.stop()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(pool.run(tasks.add, 1, 1))


def test_an_idle_worker_s_death_breaks_nothing(workers: Workers) -> None:
    idle = asyncio.run(workers.run(tasks.process_number))
    os.kill(idle, signal.SIGKILL)
    for _ in range(20):
        assert asyncio.run(workers.run(tasks.slow_add, 2, 3)) == 5


def test_workers_are_replaced_before_they_grow_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TASKS_PER_WORKER", 3)
    pool = Workers(1, 60, MEMORY, cleans=False)
    try:
        numbers = [asyncio.run(pool.run(tasks.process_number)) for _ in range(9)]
    finally:
        pool.stop()
    assert [numbers.count(number) for number in dict.fromkeys(numbers)] == [3, 3, 3]
