"""The first visit to a site: front page, feeds, sitemaps and a few articles, in this order and no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from scrapy.http import Response

from crawler.discovery.feeds import read_feed
from crawler.discovery.places import usual_places
from crawler.discovery.records import Discovered, make_place
from crawler.discovery.sections import read_hub
from crawler.discovery.sitemaps import read_sitemap
from crawler.errors import UserError
from crawler.frontier import headers_of
from crawler.newsite import choose
from crawler.newsite.front import stated_language
from crawler.newsite.records import Answer, Look, Surveyed
from crawler.onepage import Unfetched
from pipelines.clean import clean, reject
from pipelines.metadata.setting import domain_country
from pipelines.records import Cleaned, Page
from pipelines.store.links import Link
from pipelines.urls import same_publisher
from pipelines.workers import TaskFailed

# A stranger's page may name hundreds; so many are asked.
_MAX_FEEDS = 5
_MAX_SITEMAPS = 3
_ARTICLES = 3
# What is listed first may be a video or gone by now.
_MAX_LOOKS = 5

Result = TypeVar("Result")


class Read(Protocol):
    """A function that runs in a worker, as `Workers.run`."""

    def __call__(self, function: Callable[..., Result], *args: object) -> Awaitable[Result]: ...


class Survey:
    """`fetch` raises `Unfetched`; `named_sitemaps` gives what robots.txt of an address names."""

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[Response]],
        read: Read,
        named_sitemaps: Callable[[str], Iterable[str]],
    ) -> None:
        self._fetch = fetch
        self._read = read
        self._named_sitemaps = named_sitemaps

    async def of(self, asked: str, front: Response) -> Surveyed:
        """What there is behind the front page; raises `UserError` when it is another site's."""
        start = make_place(front.url, asked)
        if start is None or not same_publisher(asked, start):
            raise UserError(f"{asked} leads to another site, {front.url}; give that address if it is meant")
        found = await self._discovered(read_hub, front, _content_type(front))
        feeds = await self._feeds(start, found.feeds)
        sitemaps = await self._sitemaps(start)
        listed = chain(*(answer.links for answer in (*feeds, *sitemaps)), found.links)
        links = choose.to_look_at(tuple(listed), start)
        return Surveyed(
            asked=asked,
            start=start,
            language=await self._language(front),
            feeds=feeds,
            sitemaps=sitemaps,
            sections=tuple(choose.likely_sections(found.sections, start)),
            listed=len(links),
            looks=await self._looks(links),
        )

    async def _language(self, front: Response) -> str | None:
        try:
            return await self._read(stated_language, front.body, _content_type(front))
        except TaskFailed:
            return None

    async def _feeds(self, start: str, named: Iterable[str]) -> tuple[Answer, ...]:
        """The feeds the page names; where none of them works, the first of the usual places that does."""
        asked = choose.feeds_of_articles(named)[:_MAX_FEEDS]
        answers = [await self._feed(url, start, named=True) for url in asked]
        if not any(answer.works for answer in answers):
            for url in usual_places(start)[0]:
                if url not in asked:
                    answers.append(await self._feed(url, start, named=False))
                    if answers[-1].works:
                        break
        return _each_once(answers)

    async def _feed(self, url: str, start: str, *, named: bool) -> Answer:
        try:
            response = await self._fetch(url)
        except Unfetched as error:
            return Answer(url, named, failed=str(error))
        found = await self._discovered(read_feed, response, _content_type(response))
        links = tuple(link for link in found.links if same_publisher(link.url, start))
        return Answer(_settled(url, response), named, links)

    async def _sitemaps(self, start: str) -> tuple[Answer, ...]:
        """Sitemaps are of a host: an edition that is a folder of one has none of its own."""
        if urlsplit(start).path.strip("/"):
            return ()
        named = choose.news_first(self._named_sitemaps(start))[:_MAX_SITEMAPS]
        answers = []
        for url in named or usual_places(start)[1]:
            answers.append(await self._sitemap(url, named=bool(named)))
            if answers[-1].works and not named:
                break
        return _each_once(answers)

    async def _sitemap(self, url: str, *, named: bool, inner: bool = False) -> Answer:
        """A sitemap; of an index also its first, so that there are articles to look at, and no deeper."""
        try:
            response = await self._fetch(url)
            found = await self._discovered(read_sitemap, response)
        except Unfetched as error:
            return Answer(url, named, failed=str(error))
        links = found.links
        if found.sitemaps and not inner:
            first = choose.news_first(found.sitemaps)[0]
            links = (await self._sitemap(first, named=named, inner=True)).links
        return Answer(_settled(url, response), named, links, len(found.sitemaps))

    async def _discovered(
        self, function: Callable[..., Discovered], response: Response, *more: object
    ) -> Discovered:
        try:
            return await self._read(function, response.body, response.url, *more)
        except TaskFailed:
            return Discovered()

    async def _looks(self, links: Iterable[Link]) -> tuple[Look, ...]:
        looks: list[Look] = []
        for link in links:
            looks.append(await self._look(link))
            if len(looks) == _MAX_LOOKS or sum(look.article is not None for look in looks) == _ARTICLES:
                break
        return tuple(looks)

    async def _look(self, link: Link) -> Look:
        try:
            response = await self._fetch(link.url)
        except Unfetched as error:
            return Look(link.url, failed=str(error))
        page = _page(link, response)
        try:
            return Look(response.url, await self._read(clean, page))
        except TaskFailed as failure:
            return Look(response.url, Cleaned(reject(page, failure.reason, failure.detail)))


def _page(link: Link, response: Response) -> Page:
    """The page as a run would have it whose site file tells no more than the address does."""
    return Page(
        url=response.url,
        url_requested=link.url,
        body=response.body,
        headers=headers_of(response),
        http_status=response.status,
        fetched_at=datetime.now(UTC),
        site="newsite",
        run_id="newsite",
        country=domain_country(response.url),
        discovered_via=link.via,
        witness=link.witness,
    )


def _settled(asked: str, response: Response) -> str:
    """Where a place is after redirects; the address asked for when they lead off the site."""
    there = make_place(response.url, asked)
    return there if there and same_publisher(asked, there) else asked


def _each_once(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Redirects make one place of several."""
    found: dict[str, Answer] = {}
    for answer in answers:
        found.setdefault(answer.url, answer)
    return tuple(found.values())


def _content_type(response: Response) -> str | None:
    value: Any = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None
