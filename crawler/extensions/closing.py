"""A crawl that is told to stop ends when the pages that no response brought are through, too.

Scrapy's scraper looks whether it is idle only after a response; pages of an archive, or those that a killed
run left, are none. Without this a crawl of nothing else would wait for ever once it is closing.
"""

from __future__ import annotations

import asyncio
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

# Seconds between two looks; an item is still counted when its signal is sent.
_LOOK = 0.05


class ClosingExtension:
    """Looks after each item, while the crawl is closing."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._looking = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(extension.item_left, signal=signal)
        return extension

    def item_left(self) -> None:
        """An item is through, or will be in a moment."""
        if not self._looking and self._is_closing():
            self._look_later()

    def _is_closing(self) -> bool:
        engine = self._crawler.engine
        assert engine is not None  # it has taken an item
        slot = engine.scraper.slot
        return slot is not None and slot.closing is not None and not slot.closing.called

    def _look_later(self) -> None:
        self._looking = True
        asyncio.get_running_loop().call_later(_LOOK, self._look)

    def _look(self) -> None:
        self._looking = False
        if not self._is_closing():
            return
        engine = self._crawler.engine
        assert engine is not None  # it is closing
        slot = engine.scraper.slot
        spider = self._crawler.spider
        assert slot is not None  # as above
        assert slot.closing is not None
        assert spider is not None
        if slot.is_idle():
            slot.closing.callback(spider)
        else:
            self._look_later()
