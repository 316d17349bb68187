"""How a step is mapped over its tasks: by this machine's processes, or by a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from pipelines.archive.batch.job import GivenUp, Job, Outcome, Task
from pipelines.archive.batch.pages import PagePool
from pipelines.archive.batch.steps import OF_PAGES, carry_out
from pipelines.workers import TaskFailed, Workers, load_ahead

# A task that failed so often is given up.
ATTEMPTS = 3
# What is not a page has no deadline to speak of, and the memory it takes.
_SECONDS = 7 * 24 * 3600.0
_MEMORY_BYTES = 1 << 44


class Engine(Protocol):
    """Gives an outcome for each task, in any order; tries a failed one again up to `ATTEMPTS` times."""

    def each(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """The outcomes of some tasks of one step."""

    def stop(self) -> None:
        """End what was started."""


class LocalEngine:
    """Processes of this machine: the pages of one archive after the other are spread over `count` workers."""

    def __init__(self, job: Job, count: int) -> None:
        load_ahead()
        self._job = job
        self._count = count
        self._pages: PagePool | None = None
        self._tasks: Workers | None = None

    def each(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """As `Engine.each`."""
        if tasks and tasks[0].step in OF_PAGES:
            return (self._tried(task) for task in tasks)
        return self._spread(tasks)

    def _tried(self, task: Task) -> Outcome:
        self._pages = self._pages or PagePool.of(self._job, self._count)
        for _ in range(ATTEMPTS):
            outcome = carry_out(self._job, task, self._pages)
            if not isinstance(outcome, GivenUp) or outcome.final:
                break
        return outcome

    def _spread(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        with asyncio.Runner() as runner:
            yield from runner.run(self._all(tasks))

    async def _all(self, tasks: Sequence[Task]) -> list[Outcome]:
        self._tasks = self._tasks or Workers(self._count, _SECONDS, _MEMORY_BYTES, cleans=False)
        turns = asyncio.Semaphore(self._count)
        return await asyncio.gather(*(self._in_worker(task, self._tasks, turns) for task in tasks))

    async def _in_worker(self, task: Task, workers: Workers, turns: asyncio.Semaphore) -> Outcome:
        async with turns:
            for _ in range(ATTEMPTS):
                try:
                    outcome = await workers.run(carry_out, self._job, task)
                except TaskFailed as failure:
                    outcome = GivenUp(task, f"{failure.reason}: {failure.detail}")
                if not isinstance(outcome, GivenUp) or outcome.final:
                    break
            return outcome

    def stop(self) -> None:
        """As `Engine.stop`."""
        if self._pages is not None:
            self._pages.stop()
        if self._tasks is not None:
            self._tasks.stop()
