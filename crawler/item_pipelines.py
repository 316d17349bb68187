"""Thin adapters between Scrapy's items and the core: raw bytes first, then cleaning, then the spool."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.utils.defer import deferred_from_coro

from crawler.items import Done, Fetched
from crawler.run import Run
from pipelines.body.site_memory import SiteMemory
from pipelines.clean import clean, reject
from pipelines.holding import FirstPages, Held
from pipelines.records import Article, Cleaned, Page, Rejected
from pipelines.workers import TaskFailed


class _RunPipeline:
    """Finds the run of its crawler."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = Run.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def give_up(self, error: Exception) -> DropItem:
        """The disk or the ledger refuses: stop fetching, keep what is durable, exit with code 4."""
        self.run.fail(f"cannot write below {self.run.config.output}: {error}")
        engine = self.crawler.engine
        if engine is not None:
            deferred_from_coro(engine.close_spider_async(reason="cannot_write"))
        return DropItem("cannot write")


class RawStorePipeline(_RunPipeline):
    """Bytes are in the WARC, and the ledger says so, before anything reads them."""

    def process_item(self, item: Fetched | Done) -> Fetched | Done:
        if isinstance(item, Done) or item.page.warc_file is not None:  # held before; taken up after a crash
            return item
        try:
            name, offset = self.run.raw.write(item.page)
            page = replace(item.page, warc_file=name, warc_offset=offset)
            self.run.ledger.fetched(item.key, page)
        except (OSError, sqlite3.Error) as error:
            raise self.give_up(error) from error
        return Fetched(item.key, page)


class CleanPipeline(_RunPipeline):
    """Cleans in a worker; whatever the page does to the worker becomes the page's reason.

    The first articles of a new site are held until its memory knows enough to clean them, too. A page held is
    FETCHED in the ledger: what a kill takes is cleaned by the next run, from the WARC.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._waiting = FirstPages(self.run.policy)

    async def process_item(self, item: Fetched | Done) -> Done:
        if isinstance(item, Done):  # held before
            return item
        history = self.run.history(item.page.site)
        memory = history.snapshot()
        try:
            cleaned = await self._clean(item.page, memory)
        except TaskFailed as failure:
            return Done(item.key, Cleaned(reject(item.page, failure.reason, failure.detail)))
        if cleaned.view is None:
            return Done(item.key, cleaned)
        history.learn(cleaned.view)
        held = Held(item.key, item.page, cleaned, memory)
        if not history.knows_enough:
            await self._release(list(self._waiting.add(held)))
            raise DropItem("held until its site is known")
        await self._release(self._waiting.take(item.page.site))
        return await self._finished(held)

    async def close_spider(self) -> None:
        """Let go of what is still held; the run is still open then."""
        if not self.run.figures.fatal:
            await self._release(self._waiting.take_all())

    async def _release(self, some: Iterable[Held]) -> None:
        """Send pages through the item pipelines again, cleaned with what is known now."""
        engine = self.crawler.engine
        assert engine is not None  # it runs this

        async def pass_on(held: Held) -> None:
            await engine.scraper.start_itemproc_async(await self._finished(held), response=None)

        await asyncio.gather(*map(pass_on, some))

    async def _finished(self, held: Held) -> Done:
        memory = self.run.history(held.page.site).snapshot()
        if not held.profits(memory):
            return Done(held.key, held.cleaned)
        try:
            return Done(held.key, await self._clean(held.page, memory))
        except TaskFailed:  # it was cleaned before, only not as well
            return Done(held.key, held.cleaned)

    async def _clean(self, page: Page, memory: SiteMemory) -> Cleaned:
        return await self.run.workers.run(clean, page, self.run.policy, memory)


class SpoolPipeline(_RunPipeline):
    """Makes the outcome durable; an item that passes is exactly one new row of `articles`."""

    def process_item(self, item: Done) -> Done:
        try:
            staged = self.run.ledger.stage(item.key, item.cleaned)
        except sqlite3.Error as error:
            raise self.give_up(error) from error
        figures, site = self.run.figures, item.cleaned.result.site
        if staged is None:
            figures.unchanged += 1
            raise DropItem("stored already")
        if isinstance(staged.result, Rejected):
            figures.rejected[staged.result.reason] += 1
            self.crawler.stats.inc_value(f"news/rejected/{staged.result.reason}")
            raise DropItem(staged.result.reason)
        assert isinstance(staged.result, Article)
        figures.stored[site] += 1
        figures.removed_blocks += len(staged.removed)
        figures.languages.setdefault(site, type(figures.stored)())[staged.result.language] += 1
        self.crawler.stats.inc_value(f"news/language/{staged.result.language}")
        return Done(item.key, staged)
