"""Processes that parse what strangers wrote, and can be killed one by one.

A task has a deadline and a memory cap. What a worker dies of comes back as a value, never as an exception of
the caller's.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as DeadlineExceeded
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeVar

import pebble.pool.process
from pebble import ProcessExpired, ProcessPool

from pipelines.records import Reason

Result = TypeVar("Result")

# Pebble's deadlines go by the clock on the wall: set forward, it ends what works; set back, what hangs stays.
_CLOCK = SimpleNamespace(time=time.monotonic, sleep=time.sleep)
pebble.pool.process.time = _CLOCK  # type: ignore[attr-defined, assignment]  # the module it imported

# Recycled before the C libraries' caches and fragments add up.
_TASKS_PER_WORKER = 1_000


class TaskFailed(Exception):
    """A task came to no result; `reason` names what became of its worker, `detail` the figure."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a task raised, told in a form that always travels."""

    reason: Reason
    detail: str


def _attempt(function: Callable[..., Result], args: tuple[object, ...]) -> Result | _Failure:
    """The task, in the worker. An exception that does not unpickle (lxml's do not) breaks the whole pool."""
    try:
        return function(*args)
    except MemoryError:
        return _Failure(Reason.WORKER_MEMORY, "memory limit")
    except BaseException as error:  # the boundary: whatever a page made the code do is that page's
        detail = f"{type(error).__name__}: {error}"
        return _Failure(Reason.INTERNAL_ERROR, detail.encode(errors="replace").decode())


def _begin(limit_bytes: int, *, cleans: bool) -> None:
    """A worker's first steps; what loads here would else count against the first page's deadline."""
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    if not cleans:
        return
    with suppress(Exception):  # too little memory, say: the first page will tell, as a value
        import_module("pipelines.clean").warm_up()


class Workers:
    """A pool of `count` processes; started with the first task. They load the cleaning unless told not to."""

    def __init__(
        self, count: int, deadline_seconds: float, memory_bytes: int, *, cleans: bool = True
    ) -> None:
        self._begin = partial(_begin, cleans=cleans)
        self._count = count
        self._deadline = deadline_seconds
        self._memory = memory_bytes
        self._stopped = False
        self._under_way: set[Future[Any]] = set()
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        # forkserver: forking a process that runs threads (the reactor's, pebble's) copies held locks.
        return ProcessPool(
            max_workers=self._count,
            max_tasks=_TASKS_PER_WORKER,
            initializer=self._begin,
            initargs=(self._memory,),
            context=multiprocessing.get_context("forkserver"),
        )

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """`function(*args)` in a worker; raises `TaskFailed`. A crashed worker's task is tried twice.

        A task that `stop` gives up is cancelled.
        """
        try:
            return await self._once(function, args)
        except TaskFailed as failure:
            if failure.reason is not Reason.WORKER_CRASH:
                raise
        return await self._once(function, args)

    async def _once(self, function: Callable[..., Result], args: tuple[object, ...]) -> Result:
        future = self._schedule(function, args)
        try:
            result: Result | _Failure = await asyncio.wrap_future(future)
        except (DeadlineExceeded, TimeoutError):
            raise TaskFailed(Reason.EXTRACT_TIMEOUT, f"{self._deadline:g} s") from None
        except MemoryError:
            raise TaskFailed(Reason.WORKER_MEMORY, "memory limit") from None
        except ProcessExpired as error:
            raise TaskFailed(Reason.WORKER_CRASH, f"exit code {error.exitcode}") from None
        except BrokenProcessPool:
            if self._stopped:  # given up, which says nothing about the page
                raise asyncio.CancelledError from None
            raise TaskFailed(Reason.WORKER_CRASH, "all workers ended") from None
        except asyncio.CancelledError:
            raise
        except Exception as error:  # what could not be sent to the worker
            raise TaskFailed(Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}") from error
        if isinstance(result, _Failure):
            raise TaskFailed(result.reason, result.detail)
        return result

    def _schedule(self, function: Callable[..., object], args: tuple[object, ...]) -> Future[Any]:
        if self._stopped:
            raise asyncio.CancelledError
        if not self._pool.active:  # broken for good, as by the death of an idle worker
            self._end_pool()
            self._pool = self._new_pool()
        future: Future[Any] = self._pool.schedule(_attempt, args=(function, args), timeout=self._deadline)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def _end_pool(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves this one unannotated
        self._pool.join()

    def stop(self) -> None:
        """Kill the workers; tasks under way are given up."""
        self._stopped = True
        self._end_pool()
        for future in tuple(self._under_way):  # pebble forgets some of them
            future.cancel()
