"""What happens on one page of the browser: the document comes from Scrapy, scripts run, the HTML is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error, Page, Route, WebSocketRoute

# What text can come from. No pictures, fonts, films or frames: the rows need none of them.
_NEEDED = frozenset({"script", "stylesheet", "xhr", "fetch"})
# A page that asks for more than this many things is in a loop.
_MAX_REQUESTS = 500
# Answered after what the page itself had waiting: a slow machine is no quiet page.
_TICK = """new Promise(done => setTimeout(() => requestIdleCallback(
  () => done(document.documentElement?.textContent.length ?? 0), {timeout: 1000}), 250))"""
_READ = """(() => {
  const html = "<!DOCTYPE html>" + (document.documentElement?.outerHTML ?? "");
  return {url: location.href, html: html.length > %d ? null : html.toWellFormed()};
})()"""

_Evaluate = Callable[[str], Awaitable[Any]]


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
        self._in_flight = 0
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
        page.on("request", lambda _: self._count(1))
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda _: self._count(-1))
        await page.goto(self._document.url, wait_until="commit")
        world = await self._world()
        with suppress(TimeoutError):  # tickers and polling never end: the page is taken as it stands
            async with asyncio.timeout(seconds):
                await self._settle(world)
        return self._checked(await world(_READ % max_bytes), max_bytes)

    def _count(self, more: int) -> None:
        self._in_flight += more

    async def _settle(self, world: _Evaluate) -> None:
        """Wait until nothing is being fetched and the text has stayed as long for two ticks."""
        before = None
        while True:
            length = await world(_TICK)
            if length == before and not self._in_flight:
                return
            before = length

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

    async def _world(self) -> _Evaluate:
        """Evaluates in a world of our own, where the page's scripts have changed nothing."""
        tools = await self._page.context.new_cdp_session(self._page)
        frame = (await tools.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await tools.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "khabar"})
        fixed = {"contextId": world["executionContextId"], "returnByValue": True, "awaitPromise": True}

        async def evaluate(expression: str) -> Any:
            found = await tools.send("Runtime.evaluate", {"expression": expression} | fixed)
            return found["result"].get("value")

        return evaluate

    def _checked(self, found: dict[str, Any] | None, max_bytes: int) -> str:
        place = urlsplit(self._document.url)
        if found is None or urlsplit(found["url"])[:2] != place[:2]:
            raise RenderFailed(f"{self._document.url}: the page left its address")
        html: str | None = found["html"]
        if html is None or len(html.encode()) > max_bytes:
            raise PageTooLarge(f"{self._document.url}: larger than {max_bytes} bytes")
        return html


async def _hang_up(socket: WebSocketRoute) -> None:
    await socket.close()
