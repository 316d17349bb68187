"""What happens on one page of the browser: the document comes from Scrapy, scripts run, the HTML is read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Error, Page, Route, WebSocketRoute
from playwright.async_api import TimeoutError as StillBusy

# What text can come from. No pictures, fonts, films or frames: the rows need none of them.
_NEEDED = frozenset({"script", "stylesheet", "xhr", "fetch"})
# A page that asks for more than this many things is in a loop.
_MAX_REQUESTS = 500
_READ = """(() => {
  const html = "<!DOCTYPE html>" + (document.documentElement?.outerHTML ?? "");
  return {url: location.href, html: html.length > %d ? null : html.toWellFormed()};
})()"""


class RenderFailed(Exception):
    """The browser gave no page; the class is the reason that the ledger names."""


class RenderTimeout(RenderFailed):
    """The page did not even let itself be read when its time was over."""


class PageCrashed(RenderFailed):
    """The page took its process down, by memory or by a fault of the browser."""


class PageTooLarge(RenderFailed):
    """The rendered page is larger than DOWNLOAD_MAXSIZE."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the server answered: where, and how."""

    url: str
    headers: dict[str, str]
    body: bytes


class Visit:
    """One document on one page in a context of its own."""

    def __init__(self, page: Page, document: Document) -> None:
        self._page = page
        self._document = document
        self._given = False
        self._requests = 0
        self._crashed = asyncio.Event()

    async def html(self, seconds: float, max_bytes: int) -> str:
        """The page as HTML once its network is quiet or its time is over; raises `RenderFailed`."""
        work = asyncio.ensure_future(self._work(seconds, max_bytes))
        crash = asyncio.ensure_future(self._crashed.wait())
        try:
            await asyncio.wait({work, crash}, return_when=asyncio.FIRST_COMPLETED)
            if self._crashed.is_set():
                raise PageCrashed(self._document.url)
            return work.result()
        except Error as error:
            raise RenderFailed(f"{self._document.url}: {error.message.splitlines()[0]}") from None
        finally:
            crash.cancel()
            work.cancel()
            await asyncio.gather(work, crash, return_exceptions=True)

    async def _work(self, seconds: float, max_bytes: int) -> str:
        page, context = self._page, self._page.context
        page.on("crash", lambda _: self._crashed.set())
        context.on("page", lambda window: window.close())  # no window of the page's own
        await context.route("**/*", self._decide)
        await context.route_web_socket("**/*", _hang_up)
        await page.goto(self._document.url, wait_until="commit")
        with suppress(StillBusy):  # tickers and polling never end: the page is taken as it stands
            await page.wait_for_load_state("networkidle", timeout=seconds * 1000)
        return await self._read(max_bytes)

    async def _decide(self, route: Route) -> None:
        """Let pass what text may come from; another document is a matter for Scrapy and robots.txt."""
        with suppress(Error):  # the page is gone
            if route.request.is_navigation_request():
                await self._give(route)
            elif route.request.resource_type in _NEEDED and self._requests < _MAX_REQUESTS:
                self._requests += 1
                await route.continue_()
            else:
                await route.abort("blockedbyclient")

    async def _give(self, route: Route) -> None:
        if self._given:
            await route.abort("aborted")  # what is there stays there
            return
        self._given = True
        await route.fulfill(status=200, headers=self._document.headers, body=self._document.body)

    async def _read(self, max_bytes: int) -> str:
        """The HTML, read in a world of our own, where the page's scripts have changed nothing."""
        tools = await self._page.context.new_cdp_session(self._page)
        frame = (await tools.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await tools.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "khabar"})
        asked = {
            "contextId": world["executionContextId"],
            "expression": _READ % max_bytes,
            "returnByValue": True,
        }
        found = (await tools.send("Runtime.evaluate", asked))["result"].get("value")
        place = urlsplit(self._document.url)
        if found is None or urlsplit(found["url"])[:2] != place[:2]:
            raise RenderFailed(f"{self._document.url}: the page left its address")
        html = found["html"]
        if html is None or len(html.encode()) > max_bytes:
            raise PageTooLarge(f"{self._document.url}: larger than {max_bytes} bytes")
        assert isinstance(html, str)
        return html


async def _hang_up(socket: WebSocketRoute) -> None:
    await socket.close()
