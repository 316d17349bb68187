"""Keeps the garbage collector from holding the reactor up.

A full collection looks at every object there is: 0.2 to 0.4 s with all that a crawl imports and keeps, many
times a minute.
"""

from __future__ import annotations

import gc
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

# Collections of the middle generation between two full ones; Python's own are after every tenth.
_BETWEEN = 100


class HeapExtension:
    """What is there when the crawl begins stays to its end and is looked through no more; the rest rarely."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls()
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        return extension

    def engine_started(self) -> None:
        gc.collect()
        gc.freeze()
        youngest, middle, _ = gc.get_threshold()
        gc.set_threshold(youngest, middle, _BETWEEN)
