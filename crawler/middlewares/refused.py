"""A ledger that refuses what a spider tells it ends the crawl: no fault of the page or of the spider."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.refused import stop_writing


class LedgerRefusedMiddleware:
    """Takes `sqlite3.Error` out of what callbacks raise."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """What `start()` raises ends the crawl the same way."""
        try:
            async for each in start:
                yield each
        except sqlite3.Error as error:
            stop_writing(self._crawler, error)

    def process_spider_exception(self, response: Response, exception: Exception) -> list[Request] | None:
        if not isinstance(exception, sqlite3.Error):
            return None
        stop_writing(self._crawler, exception)
        return []
