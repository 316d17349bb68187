"""Pages through the killable workers, in order: what each becomes does not depend on how many there are."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pipelines.archive.batch.job import Job
from pipelines.body.site_memory import SiteMemory
from pipelines.clean import clean, reject
from pipelines.policy import Policy
from pipelines.records import Cleaned, Page
from pipelines.workers import TaskFailed, Workers

Marker = TypeVar("Marker")

# Pages under way for each worker: one that is cleaned and some that wait, so that none is ever idle.
_AT_A_WORKER = 3


class PagePool:
    """Some workers for the pages of one process; the deadline and the memory are of a page."""

    def __init__(self, count: int, seconds: float, memory_bytes: int, policy: Policy) -> None:
        self._workers = Workers(count, seconds, memory_bytes)
        self._runner = asyncio.Runner()
        self._most = count * _AT_A_WORKER
        self._policy = policy

    @classmethod
    def of(cls, job: Job, count: int) -> PagePool:
        """Of `count` workers with the bounds of a batch."""
        return cls(count, job.page_seconds, job.page_memory_bytes, job.policy)

    def clean(
        self, pages: Iterable[tuple[Marker, Page, SiteMemory]]
    ) -> Iterator[tuple[Marker, Page, Cleaned]]:
        """The pages as they come, each with what came of it; a bounded number is read ahead."""
        loop = self._runner.get_loop()
        waiting: deque[tuple[Marker, Page, asyncio.Task[Cleaned]]] = deque()
        for marker, page, memory in pages:
            waiting.append((marker, page, loop.create_task(self._clean(page, memory))))
            if len(waiting) >= self._most:
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def _next(
        self, waiting: deque[tuple[Marker, Page, asyncio.Task[Cleaned]]]
    ) -> tuple[Marker, Page, Cleaned]:
        marker, page, task = waiting.popleft()
        return marker, page, self._runner.get_loop().run_until_complete(task)

    async def _clean(self, page: Page, memory: SiteMemory) -> Cleaned:
        try:
            return await self._workers.run(clean, page, self._policy, memory)
        except TaskFailed as failure:
            return Cleaned(reject(page, failure.reason, failure.detail))

    def stop(self) -> None:
        """Kill the workers."""
        self._workers.stop()
        self._runner.close()
