"""A page waits for its turn outside the pool, so that it is cleaned with what is known of its site then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.item_pipelines import CleanPipeline
from crawler.items import Done, Fetched
from crawler.run import Run
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Cleaned, Page, Reason
from pipelines.workers import TaskFailed

PAGES = 10


class StandIn:
    """A run whose workers end when they are told to, and who counts who asks what."""

    def __init__(self) -> None:
        self.config = SimpleNamespace(workers=1)
        self.policy = DEFAULT_POLICY
        self.workers = self
        self.snapshots = 0
        self.under_way: list[asyncio.Future[Cleaned]] = []

    def history(self, site: str) -> StandIn:
        return self

    def snapshot(self) -> None:
        self.snapshots += 1

    async def run(self, function: Any, page: Page, *more: Any) -> Cleaned:
        self.under_way.append(asyncio.get_running_loop().create_future())
        return await self.under_way[-1]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setattr(Run, "of", lambda crawler: stand_in)
    return stand_in


def fetched(number: int) -> Fetched:
    url = f"https://a.test/{number}"
    return Fetched(url, Page(url, b"<p>", (), datetime(2026, 1, 1, tzinfo=UTC), "a", "r"))


def test_pages_beyond_two_a_worker_wait_and_ask_when_it_is_their_turn(run: StandIn) -> None:
    async def clean_all() -> list[Done]:
        pipeline = CleanPipeline(SimpleNamespace())  # type: ignore[arg-type]  # a stand-in
        tasks = [asyncio.ensure_future(pipeline.process_item(fetched(number))) for number in range(PAGES)]
        seen = []
        for ended in range(PAGES):
            for _ in range(10):
                await asyncio.sleep(0)
            seen.append((len(run.under_way), run.snapshots))
            run.under_way[ended].set_exception(TaskFailed(Reason.WORKER_CRASH, "as every other"))
        assert seen == [(min(2 + ended, PAGES),) * 2 for ended in range(PAGES)]
        return list(await asyncio.gather(*tasks))

    assert [done.key for done in asyncio.run(clean_all())] == [fetched(n).key for n in range(PAGES)]
