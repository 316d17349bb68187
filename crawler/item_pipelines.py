"""Thin adapters between Scrapy's items and the core: raw bytes first, then cleaning, then the spool."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import NoReturn, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.items import Done, Fetched
from crawler.refused import stop_writing
from crawler.run import Run
from pipelines.body.site_memory import SiteMemory
from pipelines.changes import change_kind
from pipelines.clean import clean, reject
from pipelines.holding import FirstPages, Held
from pipelines.records import Article, ChangeKind, Cleaned, Page, Reason, Rejected
from pipelines.store.errors import StoreError
from pipelines.store.raw import packed
from pipelines.store.versions import StoredVersion
from pipelines.workers import TaskFailed

# A page of another kind; other refusals say nothing about what the address leads to.
_NO_ARTICLE = (Reason.NOT_ARTICLE, Reason.NO_BODY)
# Pages given to the pool for each of its workers: one that is cleaned and one that waits. What waits longer
# waits here, since it would be cleaned with what was known of its site when it came, and then again.
_AT_A_WORKER = 2
# Packing 5 MiB that do not shrink takes a quarter of a second, this much some 10 ms.
_LARGE_BYTES = 256 * 1024


class _RunPipeline:
    """Finds the run of its crawler."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = Run.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def give_up(self, error: Exception) -> DropItem:
        """The disk or the ledger refuses."""
        stop_writing(self.crawler, error)
        return DropItem("cannot write")


class RawStorePipeline(_RunPipeline):
    """Bytes are in the WARC, and the ledger says so, before anything reads them."""

    async def process_item(self, item: Fetched | Done) -> Fetched | Done:
        if isinstance(item, Done) or item.page.warc_file is not None:  # held before; taken up after a crash
            return item
        is_large, answer = len(item.page.body) > _LARGE_BYTES, (item.page, item.asked)
        record = await asyncio.to_thread(packed, *answer) if is_large else packed(*answer)
        try:
            name, offset = self.run.raw.append(record)
            self.run.figures.sites[item.page.site].fetched += 1
            page = replace(item.page, warc_file=name, warc_offset=offset)
            self.run.ledger.fetched(item.key, page)
        except (OSError, sqlite3.Error) as error:
            raise self.give_up(error) from error
        return replace(item, page=page)


class CleanPipeline(_RunPipeline):
    """Cleans in a worker; whatever the page does to the worker becomes the page's reason.

    The first articles of a new site are held until its memory knows enough to clean them, too. A page held is
    FETCHED in the ledger: what a kill takes is cleaned by the next run, from the WARC.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._waiting = FirstPages(self.run.policy)
        self._turns = asyncio.Semaphore(_AT_A_WORKER * self.run.config.workers)

    async def process_item(self, item: Fetched | Done) -> Done:
        if isinstance(item, Done):  # held before
            return item
        history = self.run.history(item.page.site)
        try:
            async with self._turns:
                memory = history.snapshot()
                if item.recheck:  # what is compared must be read alike, or a road's difference is a version
                    memory = memory.read_whole()
                cleaned = await self._clean(item.page, memory)
        except TaskFailed as failure:
            return Done(item.key, Cleaned(reject(item.page, failure.reason, failure.detail)))
        if item.recheck:
            return await self._compared(item, cleaned, memory)
        if cleaned.view is None:
            return Done(item.key, cleaned)
        history.learn(cleaned.view)
        held = Held(item.key, item.page, cleaned, memory)
        if not history.knows_enough:
            await self._release(list(self._waiting.add(held)))
            raise DropItem("held until its site is known")
        await self._release(self._waiting.take(item.page.site))
        return await self._finished(held)

    async def _compared(self, item: Fetched, cleaned: Cleaned, memory: SiteMemory) -> Done:
        """A stored article looked at again: what counts is what its page changed, not what we learnt since.

        So the page stored last is cleaned again with what is known now, and the two are compared. The page
        teaches site memory nothing: it was seen before.
        """
        article = cleaned.result
        cleaned = replace(cleaned, view=None)
        if isinstance(article, Rejected):
            return Done(item.key, cleaned)
        stored = self.run.ledger.last_version(article.url_canonical)
        if stored is None:
            return Done(item.key, cleaned)
        if stored.shows(article):
            return Done(item.key, cleaned, unchanged=True)
        before = await self._cleaned_again(stored, item.page, memory)
        kind = change_kind(before, article) if before else ChangeKind.TEXT
        if kind is None:
            return Done(item.key, cleaned, unchanged=True)
        return Done(item.key, replace(cleaned, result=replace(article, change_kind=kind)))

    async def _cleaned_again(self, stored: StoredVersion, now: Page, memory: SiteMemory) -> Article | None:
        """The article of the page that was stored, read from the WARC; None when that is gone."""
        if stored.warc_file is None or stored.warc_offset is None:
            return None
        try:
            raw = self.run.stored_response(stored.warc_file, stored.warc_offset)
            page = replace(now, url=raw.url, body=raw.body, headers=raw.headers)
            result = (await self._clean(page, memory)).result
        except (StoreError, TaskFailed):
            return None
        return result if isinstance(result, Article) else None

    async def close_spider(self) -> None:
        """Let go of what is still held; the run is still open then."""
        if not self.run.figures.fatal:
            await self.release_all()

    async def release_all(self) -> None:
        """No page is held any longer; returns when all are spooled."""
        await self._release(self._waiting.take_all())

    async def _release(self, some: Iterable[Held]) -> None:
        """Send pages through the item pipelines again, cleaned with what is known now."""
        engine = self.crawler.engine
        assert engine is not None  # it runs this

        async def pass_on(held: Held) -> None:
            await engine.scraper.start_itemproc_async(await self._finished(held), response=None)

        await asyncio.gather(*map(pass_on, some))

    async def _finished(self, held: Held) -> Done:
        memory = self.run.history(held.page.site).snapshot().read_whole()
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
        if item.unchanged:
            self._note_unchanged(item)
        try:
            staged = self.run.ledger.stage(item.key, item.cleaned)
        except sqlite3.Error as error:
            raise self.give_up(error) from error
        figures = self.run.figures
        tally = figures.sites[item.cleaned.result.site]
        if staged is None:
            tally.copies += 1
            raise DropItem("stored already")
        tally.take(staged)
        self._learn_shape(staged.result)
        if isinstance(staged.result, Rejected):
            self.crawler.stats.inc_value(f"news/rejected/{staged.result.reason}")
            raise DropItem(staged.result.reason)
        assert isinstance(staged.result, Article)
        if staged.result.change_kind is not None:
            figures.changed[staged.result.change_kind] += 1
            return Done(item.key, staged)
        self.crawler.stats.inc_value(f"news/language/{staged.result.language}")
        return Done(item.key, staged)

    def _learn_shape(self, result: Article | Rejected) -> None:
        """What an address turned out to be tells articles from other pages of the same site later."""
        if isinstance(result, Article) or result.reason in _NO_ARTICLE:
            is_article = isinstance(result, Article)
            self.run.shapes(result.site).learn(result.url_requested or result.url, is_article)

    def _note_unchanged(self, item: Done) -> NoReturn:
        article = item.cleaned.result
        assert isinstance(article, Article)  # a page turned away is compared with nothing
        try:
            self.run.ledger.unchanged(item.key, article)
        except sqlite3.Error as error:
            raise self.give_up(error) from error
        self.run.figures.rechecked["unchanged"] += 1
        self.run.figures.sites[article.site].unchanged += 1
        raise DropItem("unchanged")
