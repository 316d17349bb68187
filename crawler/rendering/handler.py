"""Downloads as Scrapy does, and lets Chromium run the pages of sites with `render = true`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Self
from weakref import WeakKeyDictionary

from playwright.async_api import BrowserContext, Error, Page
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Headers, HtmlResponse, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.middlewares.transfer import TransferMiddleware
from crawler.network.handler import GuardedHandler
from crawler.rendering.gate import Gate
from crawler.rendering.page import Document, RenderFailed, RenderTimeout, Visit
from pipelines.unpacking import TransferFailed

_CLOSE_SECONDS = 10.0
# No proxy is as good as this one until the gate is open.
_NOWHERE = "http://127.0.0.1:9"
# They describe the document without what its scripts fetched: nothing may be concluded from them.
_UNTRUE = ("ETag", "Last-Modified", "Content-Encoding", "Content-Length", "Content-MD5", "Digest")


class RenderingHandler(ScrapyPlaywrightDownloadHandler, GuardedHandler):
    """Redirects, errors, 304 and other types pass as they come; HTML with status 200 is rendered."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._seconds = settings.getfloat("NEWS_RENDER_SECONDS")
        self._hard_seconds = 2 * self._seconds + 10  # to open it, too, and to read it
        self._max_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        self._turns = asyncio.Semaphore(settings.getint("NEWS_RENDER_PAGES"))
        self._transfer = TransferMiddleware(crawler)
        self._gate = Gate(settings.get("NEWS_ALLOW_PRIVATE") or "")
        self._names = count(1)
        self._closed = False
        self.config.launch_options["proxy"] = {"server": _NOWHERE}
        self.config.launch_options["args"].append(f"--user-agent={settings['USER_AGENT']}")
        crawler.signals.connect(self._open_gate, signal=signals.engine_started)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for http and https: one browser is enough."""
        if crawler not in _HANDLERS:
            _HANDLERS[crawler] = cls(crawler)
        handler = _HANDLERS[crawler]
        assert isinstance(handler, cls)
        return handler

    async def _open_gate(self) -> None:
        self.config.launch_options["proxy"] = {"server": await self._gate.open()}

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await super().close()
            await self._gate.close()
            self.stats.set_value("news/render/refused_connections", self._gate.refused)

    async def download_request(self, request: Request) -> Response:
        """As Scrapy's own handler; the body is the rendered HTML where the request asks for it."""
        fetched = await super(ScrapyPlaywrightDownloadHandler, self).download_request(request)
        if not request.meta.get("playwright"):
            return fetched
        try:
            answer = await self._transfer.unpacked(request, fetched)
        except TransferFailed:  # the middleware will find that, too, and knows what to do
            return fetched
        if not isinstance(answer, HtmlResponse) or answer.status != 200:
            return fetched
        async with self._turns:
            return await self._rendered(answer)

    async def _rendered(self, answer: HtmlResponse) -> Response:
        document = Document(answer.url, dict(_latin_1(answer.headers)), answer.body)
        try:
            async with asyncio.timeout(self._hard_seconds), self._page() as page:
                html = await Visit(page, document).html(self._seconds, self._max_bytes)
        except TimeoutError:
            raise RenderTimeout(f"{answer.url}: no page after {self._hard_seconds:g} s") from None
        except Error as error:  # the browser does not start, or it ended
            raise RenderFailed(f"{answer.url}: {error.message.splitlines()[0]}") from None
        self.stats.inc_value("news/render/pages")
        return self._response(answer, html)

    def _response(self, answer: HtmlResponse, html: str) -> Response:
        headers = answer.headers.copy()
        for name in _UNTRUE:
            headers.pop(name, None)
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["X-Khabar-Rendered"] = f"chromium/{self.browser.version}"
        return answer.replace(headers=headers, body=html.encode(), encoding="utf-8")

    @asynccontextmanager
    async def _page(self) -> AsyncIterator[Page]:
        """A page in a context of its own: what it stores and opens goes with it."""
        rules = {"service_workers": "block", "accept_downloads": False}
        name = f"page-{next(self._names)}"
        context: BrowserContext = (await self._create_browser_context(name, rules)).context
        try:
            yield await context.new_page()
        finally:
            await self._put_away(context)

    async def _put_away(self, context: BrowserContext) -> None:
        """Close it; where even that hangs, the browser goes, and the next page starts another."""
        with suppress(Error):
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await context.close()
            except TimeoutError:
                await self.browser.close()


def _latin_1(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, values in headers.items():
        yield name.decode("latin-1"), b", ".join(values).decode("latin-1")


_HANDLERS: WeakKeyDictionary[Crawler, RenderingHandler] = WeakKeyDictionary()
