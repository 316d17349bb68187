"""Thin adapters between Scrapy's items and the core: raw bytes first, then cleaning, then the spool."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.utils.defer import deferred_from_coro

from crawler.items import Done, Fetched
from crawler.run import Run
from pipelines.clean import clean, reject
from pipelines.records import Article, Cleaned, Rejected
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

    def process_item(self, item: Fetched) -> Fetched:
        if item.page.warc_file is not None:  # taken up again after a crash
            return item
        try:
            name, offset = self.run.raw.write(item.page)
            page = replace(item.page, warc_file=name, warc_offset=offset)
            self.run.ledger.fetched(item.key, page)
        except (OSError, sqlite3.Error) as error:
            raise self.give_up(error) from error
        return Fetched(item.key, page)


class CleanPipeline(_RunPipeline):
    """Cleans in a worker; whatever the page does to the worker becomes the page's reason."""

    async def process_item(self, item: Fetched) -> Done:
        run = self.run
        memory = run.counts(item.page.site).snapshot(run.policy)
        try:
            cleaned = await run.workers.run(clean, item.page, run.policy, memory)
        except TaskFailed as failure:
            cleaned = Cleaned(reject(item.page, failure.reason, failure.detail))
        return Done(item.key, cleaned)


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
        self.run.counts(site).learn(staged.block_keys)
        figures.stored[site] += 1
        figures.removed_blocks += len(staged.removed)
        figures.languages.setdefault(site, type(figures.stored)())[staged.result.language] += 1
        self.crawler.stats.inc_value(f"news/language/{staged.result.language}")
        return Done(item.key, staged)
