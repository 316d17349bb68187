"""A site in memory for the tests of `scrapy newsite`, and what a survey of it finds."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from scrapy.http import HtmlResponse, Response

from crawler.newsite.draft import draft
from crawler.newsite.records import Surveyed
from crawler.newsite.survey import Survey
from crawler.newsite.writing import check_loads
from crawler.onepage import Unfetched
from pipelines.records import Reason
from pipelines.workers import TaskFailed
from tests.helpers_clean import PARK, TITLE, document, paragraphs, story

START = "https://www.harbour.example/"
TODAY = date(2026, 11, 21)


@dataclass
class Web:
    """Pages by address; `asked` is every address that was fetched, in order."""

    pages: dict[str, str | int]
    robots: Sequence[str] = ()
    moved: dict[str, str] = field(default_factory=dict)
    failing: tuple[Callable[..., object], ...] = ()
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> Response:
        self.asked.append(url.removeprefix(START))
        there = self.moved.get(url, url)
        page = self.pages.get(there.removeprefix(START), 404)
        if isinstance(page, int):
            raise Unfetched(f"the server answered {page}")
        return HtmlResponse(there, body=page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})

    async def read(self, function: Callable[..., Any], *args: object) -> Any:
        if function.__name__ in {failing.__name__ for failing in self.failing}:
            raise TaskFailed(Reason.WORKER_MEMORY, "memory limit")
        return function(*args)

    def surveyed(self, start: str = START) -> Surveyed:
        async def survey() -> Surveyed:
            front = await self.fetch(start)
            self.asked.clear()
            return await Survey(self.fetch, self.read, lambda _: self.robots).of(start, front)

        return asyncio.run(survey())


NEWS = story(TITLE, paragraphs(*PARK))


def front(*paths: str, feeds: Sequence[str] = (), language: str = "en") -> str:
    """A front page that links to these."""
    links = "".join(f'<a href="/{path}">{path}</a>' for path in paths)
    named = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{feed}">' for feed in feeds)
    return document(named + links, "The Harbour", language)


def rss(*paths: str) -> str:
    items = "".join(f"<item><title>x</title><link>{START}{path}</link></item>" for path in paths)
    return f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'


def sitemap(*paths: str, index: bool = False) -> str:
    kind, entry = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{entry}><loc>{START}{path}</loc></{entry}>" for path in paths)
    return f'<{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{kind}>'


def values(found: Surveyed) -> dict[str, Any]:
    """What the drafted site file says, after it was loaded as one."""
    text = draft(found, "harbour", TODAY)
    check_loads(text)
    assert len(text.splitlines()) <= 30
    return tomllib.loads(text)
