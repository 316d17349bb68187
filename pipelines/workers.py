"""Processes that parse what strangers wrote, and can be killed one by one.

A task has a deadline and a memory cap. What a worker dies of comes back as a value, never as an exception of
the caller's. A task whose worker crashed is tried once more in a pool of its own: there nobody's crash takes
it along, and its own takes nobody.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import resource
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as DeadlineExceeded
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.reduction import ForkingPickler
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
# The largest result that may travel; a page has 5 MiB, a sitemap's 50,000 addresses have ten.
_MAX_RESULT_BYTES = 64 << 20
_MAX_DETAIL_CHARS = 1_000
# The network has its turn before pages that can wait.
_NICENESS = 5


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


def _attempt(function: Callable[..., object], args: tuple[object, ...]) -> bytes | _Failure:
    """The task, in the worker: its result, packed for the way, so that none is too large for it.

    An exception that does not unpickle (lxml's do not) breaks the whole pool.
    """
    try:
        packed = bytes(ForkingPickler.dumps(function(*args)))
    except MemoryError:
        return _Failure(Reason.WORKER_MEMORY, "memory limit")
    except BaseException as error:  # the boundary: whatever a page made the code do is that page's
        detail = f"{type(error).__name__}: {error}"
        return _Failure(Reason.INTERNAL_ERROR, detail[:_MAX_DETAIL_CHARS].encode(errors="replace").decode())
    if len(packed) > _MAX_RESULT_BYTES:
        return _Failure(Reason.WORKER_MEMORY, f"a result of {len(packed)} bytes")
    return packed


def _begin(limit_bytes: int, *, cleans: bool) -> None:
    """A worker's first steps; what loads here would else count against the first page's deadline."""
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    logging.disable()  # libraries quote the page to stderr, as it is; what matters comes back as a value
    warnings.simplefilter("ignore")
    if not cleans:
        return
    with suppress(Exception):  # too little memory, say: the first page will tell, as a value
        import_module("pipelines.clean").warm_up()
        import_module("pipelines.garbage").collect_seldom()


def load_ahead() -> None:
    """Begin to load what workers that clean share, in the server they are forked from, and do not wait.

    To be called before this process forks anything from it; later it changes nothing.
    """
    forkserver.set_forkserver_preload(["pipelines.warmed"])
    forkserver.ensure_running()


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
        self._pool = self._new_pool(count)
        self._alone: ProcessPool | None = None

    def _new_pool(self, count: int) -> ProcessPool:
        # forkserver: forking a process that runs threads (the reactor's, pebble's) copies held locks.
        return ProcessPool(
            max_workers=count,
            max_tasks=_TASKS_PER_WORKER,
            initializer=self._begin,
            initargs=(self._memory,),
            context=multiprocessing.get_context("forkserver"),
        )

    def start(self) -> None:
        """Start the processes now and not with the first task, whose caller would wait for it."""
        _ = self._pool.active  # asked, pebble starts what was not

    async def run(self, function: Callable[..., Result], *args: object) -> Result:
        """`function(*args)` in a worker; raises `TaskFailed`. A crashed worker's task is tried again, alone.

        A task that `stop` gives up is cancelled.
        """
        try:
            return await self._once(function, args)
        except TaskFailed as failure:
            if failure.reason is not Reason.WORKER_CRASH:
                raise
        return await self._once(function, args, alone=True)

    async def _once(
        self, function: Callable[..., Result], args: tuple[object, ...], *, alone: bool = False
    ) -> Result:
        future = self._schedule(function, args, alone=alone)
        try:
            packed: bytes | _Failure = await asyncio.wrap_future(future)
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
        except Exception as error:  # the boundary: what could not be sent to the worker
            raise TaskFailed(Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}") from error
        if isinstance(packed, _Failure):
            raise TaskFailed(packed.reason, packed.detail)
        result: Result = ForkingPickler.loads(packed)
        return result

    def _schedule(
        self, function: Callable[..., object], args: tuple[object, ...], *, alone: bool
    ) -> Future[Any]:
        if self._stopped:
            raise asyncio.CancelledError
        pool = self._pool_alone() if alone else self._pool_of_all()
        future: Future[Any] = pool.schedule(_attempt, args=(function, args), timeout=self._deadline)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def _pool_of_all(self) -> ProcessPool:
        if not self._pool.active:  # broken for good, as by the death of an idle worker
            _end(self._pool)
            self._pool = self._new_pool(self._count)
        return self._pool

    def _pool_alone(self) -> ProcessPool:
        """One process for what crashed before, one task after the other."""
        if self._alone is not None and not self._alone.active:
            _end(self._alone)
            self._alone = None
        if self._alone is None:
            self._alone = self._new_pool(1)
        return self._alone

    def stop(self) -> None:
        """Kill the workers; tasks under way are given up."""
        self._stopped = True
        _end(self._pool)
        if self._alone is not None:
            _end(self._alone)
        for future in tuple(self._under_way):  # pebble forgets some of them
            future.cancel()


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves this one unannotated
    pool.join()
