"""The steps of a batch on a Ray cluster.

Plain Ray tasks and not Ray Data: the unit of a batch is one archive or one range of hosts, whose result is a
file. Ray Data puts rows through its object store, does not say which input a lost block was of, and gives up
all inputs or none by name; a task does both. Tasks leave their results on the shelf, so that the object store
holds reports only, and a task that a dying node took along is done again by another.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from pipelines.archive.batch.engine import ATTEMPTS
from pipelines.archive.batch.job import GivenUp, Job, Outcome, Task
from pipelines.archive.batch.pages import PagePool
from pipelines.archive.batch.steps import OF_PAGES, carry_out
from pipelines.store.errors import StoreError

_CONNECT_SECONDS = 5.0


class NoRay(StoreError):
    """Ray is not installed; the message says what to install."""


class RayEngine:
    """Tasks of one CPU each, on the cluster at `address`; without one a Ray of `count` CPUs is begun."""

    def __init__(self, job: Job, address: str | None, count: int, tell: Callable[[str], object]) -> None:
        if find_spec("ray") is None:
            raise NoRay(
                "--engine ray needs Ray: pip install 'ray==2.*' (in the requirements of make test-all)"
            )
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if address is not None:
            _refuse_unreachable(address)
        else:  # else Ray makes a token for good in the user's home
            os.environ.setdefault("RAY_AUTH_MODE", "token")
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        import ray  # noqa: PLC0415  an extra, and slow to load

        self._ray: Any = ray
        self._job = job
        self._tell = tell
        try:
            ray.init(
                address=address or "local",
                num_cpus=None if address else count,
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                configure_logging=True,
            )
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            where = address or "this machine"
            raise StoreError(f"no Ray cluster at {where}: {str(error).splitlines()[0]}") from None
        self._run = ray.remote(num_cpus=1, max_retries=0)(_on_node)

    def each(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """As `Engine.each`; what a node that died had is named and tried again."""
        under_way = {self._run.remote(self._job, task): (task, 1) for task in tasks}
        while under_way:
            (done,), _ = self._ray.wait(list(under_way), num_returns=1)
            task, attempt = under_way.pop(done)
            outcome = self._outcome(done, task)
            if isinstance(outcome, GivenUp) and not outcome.final and attempt < ATTEMPTS:
                self._tell(f"{task.name}: {outcome.why}; tried again")
                under_way[self._run.remote(self._job, task)] = task, attempt + 1
            else:
                yield outcome

    def _outcome(self, reference: Any, task: Task) -> Outcome:
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            return GivenUp(task, f"{type(error.cause).__name__}: {error.cause}", final=True)
        except self._ray.exceptions.RayError as error:  # its worker or node died
            return GivenUp(task, f"its node or process ended ({type(error).__name__})")
        return outcome

    def stop(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._ray.shutdown()


def _on_node(job: Job, task: Task) -> Outcome:
    return carry_out(job, task, _pool(job) if task.step in OF_PAGES else None)


@cache
def _pool(job: Job) -> PagePool:
    """A process of Ray's keeps its worker from task to task: a page that dies takes only that along."""
    pool = PagePool.of(job, 1)
    atexit.register(pool.stop)
    return pool


def _refuse_unreachable(address: str) -> None:
    """Ray tries for a minute and more."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise StoreError(f"--address {address}: it must be host:port of the cluster's head")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise StoreError(f"no Ray cluster at {address}: {error}; is its head running there?") from None
