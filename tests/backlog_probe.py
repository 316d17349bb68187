"""An extension that looks at how many pages wait in the Scrapy process, and how many bytes of them.

`BACKLOG_FILE` is where it writes the most it saw when the crawl ends.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

_EVERY = 0.002


class BacklogProbe:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._most_pages = self._most_bytes = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        probe = cls(crawler)
        crawler.signals.connect(probe.begin, signal=signals.engine_started)
        crawler.signals.connect(probe.end, signal=signals.spider_closed)
        return probe

    def begin(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_EVERY, self._look)

    def _look(self) -> None:
        if (slot := self._crawler.engine.scraper.slot) is not None:
            self._most_pages = max(self._most_pages, len(slot.active))
            self._most_bytes = max(self._most_bytes, slot.active_size)
        self.begin()

    def end(self) -> None:
        self._timer.cancel()
        found = {"pages": self._most_pages, "bytes": self._most_bytes}
        Path(self._crawler.settings["BACKLOG_FILE"]).write_text(json.dumps(found), encoding="utf-8")
