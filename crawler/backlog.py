"""Back-pressure: a download begins only while there is room for its page among those that wait for workers.

Scrapy itself counts waiting bytes before it takes a request from its queue; what it took before, hundreds of
requests that wait for their hosts' delays, would still arrive.
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler

from pipelines.policy import MIB

# A download under way counts for the mean page that waits, and for so much at least: most pages have less.
_USUAL_BYTES = 128 * 1024
# Seconds between two looks while downloads are held back; workers clean a page or two meanwhile.
_LOOK = 0.05


class Backlog:
    """Pages on their way and pages that wait or are being cleaned, together, are at most `pages`.

    So are their bytes: at most `size`, as far as pages on their way are no larger than the mean of those that
    wait. One download is always let through.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._pages = crawler.settings.getint("NEWS_WAITING_PAGES")
        self._size = int(crawler.settings.getfloat("NEWS_WAITING_MB") * MIB)
        self._coming: set[Request] = set()
        self._held: deque[tuple[Request, asyncio.Future[None]]] = deque()

    @classmethod
    def of(cls, crawler: Crawler) -> Backlog:
        """The one of `crawler`: all its handlers share it."""
        if crawler not in _KNOWN:
            _KNOWN[crawler] = cls(crawler)
        return _KNOWN[crawler]

    async def room(self, request: Request) -> bool:
        """Returns when the download may begin: whether it was held back."""
        if not self._held and not self._is_full():
            self._coming.add(request)
            return False
        let: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held.append((request, let))
        if len(self._held) == 1:
            self._look_later()
        await let
        return True

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(_LOOK, self._look)

    def _look(self) -> None:
        """Let those begin for which there is room now, the first first."""
        while self._held and (self._held[0][1].done() or not self._is_full()):
            request, let = self._held.popleft()
            if not let.done():  # or it was given up
                self._coming.add(request)
                let.set_result(None)
        if self._held:
            self._look_later()

    def _is_full(self) -> bool:
        engine = self._crawler.engine
        assert engine is not None  # it asked for the download
        waiting = engine.scraper.slot
        assert waiting is not None  # as above
        # From here to the scraper's slot a page is in the hands of the downloader, middlewares included.
        self._coming &= engine.downloader.active
        usual = max(_USUAL_BYTES, waiting.active_size // max(len(waiting.active), 1))
        pages = len(self._coming) + len(waiting.active)
        size = waiting.active_size + usual * (len(self._coming) + 1)
        return pages > 0 and (pages >= self._pages or size > self._size)


_KNOWN: WeakKeyDictionary[Crawler, Backlog] = WeakKeyDictionary()
