"""`scrapy crawl news`: from a site's front page to every new article.

The start page, feeds, sitemaps and sections are *places*. A place is read in a worker; the articles it lists
go to the frontier, the places it names are visited next, and the ledger remembers what it answered, so that
the next run asks only for what changed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.discovery.feeds import read_feed
from crawler.discovery.records import Discovered
from crawler.discovery.sections import read_hub
from crawler.discovery.sitemaps import read_sitemap
from crawler.items import Fetched
from crawler.politeness.refusals import HostUnavailable
from crawler.politeness.signals import robots_read
from crawler.sites import Site, load_sites
from crawler.spiders.base import NOT_MODIFIED, ArticleSpider, conditions
from pipelines.store.places import Place, PlaceKind, Places
from pipelines.workers import TaskFailed

# Places go before articles, so that the newest articles are known when they are chosen.
_DISCOVERY_PRIORITY = 10
# Front page, section, next page of a section.
_MAX_DEPTH = 3
_MISSING = (404, 410)
_READERS: dict[PlaceKind, Callable[..., Discovered]] = {
    PlaceKind.START: read_hub,
    PlaceKind.SECTION: read_hub,
    PlaceKind.FEED: read_feed,
    PlaceKind.SITEMAP: read_sitemap,
}


@dataclass(frozen=True, slots=True)
class NewsJob:
    """The sites to visit."""

    sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A place of a site on its way, so many steps from the start page; `changed` is what its index says."""

    site: Site
    kind: PlaceKind
    place: Place
    depth: int = 1


class NewsSpider(ArticleSpider):
    """Front page, feeds, sitemaps and sections of each site lead to its articles."""

    name = "news"
    arguments = ("sites", "site")
    job: NewsJob

    @classmethod
    def plan(cls, arguments: dict[str, str]) -> NewsJob:
        known = cls.known_arguments(arguments)
        return NewsJob(load_sites(known.get("sites", "sites"), known.get("site")))

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.robots_read, signal=robots_read)
        return spider

    async def start(self) -> AsyncIterator[Fetched | Request]:
        self._places = Places(self.run.ledger)
        self._asked: set[str] = set()
        # The sitemaps of a host belong to the site that is the whole host, not to one of its folders.
        starts = ((urlsplit(site.start), site) for site in self.job.sites)
        self._sites = {start.netloc: site for start, site in starts if start.path in ("", "/")}
        for fetched in self.frontier.unfinished():
            yield fetched
        for site in self.job.sites:
            for request in self._entrances(site):
                yield request
            for request in self.article_requests(site):
                yield request

    def _entrances(self, site: Site) -> Iterator[Request]:
        """The start page, and what the site file names or earlier runs found."""
        yield from self._visit(site, PlaceKind.START, [site.start])
        for kind, named in (
            (PlaceKind.FEED, site.feeds),
            (PlaceKind.SITEMAP, site.sitemaps),
            (PlaceKind.SECTION, site.sections),
        ):
            yield from self._visit(site, kind, named or self._places.known(site.name, kind))

    def _visit(
        self,
        site: Site,
        kind: PlaceKind,
        urls: Iterable[str],
        depth: int = 1,
        changed: dict[str, str] | None = None,
    ) -> Iterator[Request]:
        """Requests for places, each once a run; one that rests or did not change lists what it listed."""
        for url in urls:
            if url in self._asked or depth > _MAX_DEPTH:
                continue
            self._asked.add(url)
            place, stated = self._places.place(url), (changed or {}).get(url)
            if place.rests(datetime.now(UTC)) or (stated and stated == place.changed):
                self.frontier.listed_still(url)
                continue
            visit = Visit(site, kind, replace(place, changed=stated), depth)
            yield Request(
                url,
                callback=self.parse_place,
                errback=self.place_failed,
                cb_kwargs={"visit": visit},
                headers=conditions(place.etag, place.last_modified),
                meta={"visit": visit, "handle_httpstatus_list": [NOT_MODIFIED]},
                priority=_DISCOVERY_PRIORITY,
                dont_filter=True,
            )

    def robots_read(self, host_url: str, sitemaps: tuple[str, ...]) -> None:
        """Visit the sitemaps that robots.txt names, unless the site file names its own."""
        site = self._sites.get(urlsplit(host_url).netloc)
        engine = self.crawler.engine
        if site is None or site.sitemaps or engine is None:
            return
        for request in self._visit(site, PlaceKind.SITEMAP, sitemaps):
            engine.crawl(request)

    async def parse_place(self, response: Response, visit: Visit) -> AsyncIterator[Request]:
        """The articles of a place go to the frontier, the places it names are visited next."""
        site, place = visit.site, visit.place
        if response.status == NOT_MODIFIED:
            self.frontier.listed_still(place.url)
            self._answered(visit, place, brought=0)
        else:
            found = await self._read(visit.kind, response)
            brought = self.frontier.add(site, found.links, place.url)
            validators = (_header(response, "ETag"), _header(response, "Last-Modified"))
            self._answered(visit, replace(place, etag=validators[0], last_modified=validators[1]), brought)
            for request in self._follow(visit, found, brought):
                yield request
        for request in self.article_requests(site):
            yield request

    async def _read(self, kind: PlaceKind, response: Response) -> Discovered:
        """Parse in a worker: what strangers wrote is not parsed in this process."""
        arguments = [response.body, response.url]
        try:
            if kind is PlaceKind.SITEMAP:
                return await self.run.workers.run(read_sitemap, *arguments)
            return await self.run.workers.run(_READERS[kind], *arguments, _header(response, "Content-Type"))
        except TaskFailed as failure:
            self.logger.warning("cannot read %s: %s", response.url, failure)
            return Discovered()

    def _answered(self, visit: Visit, place: Place, brought: int) -> None:
        self._places.answered(visit.site.name, visit.kind, place, datetime.now(UTC), brought=brought)

    def _follow(self, visit: Visit, found: Discovered, brought: int) -> Iterator[Request]:
        site, depth = visit.site, visit.depth + 1
        if not site.feeds:
            yield from self._visit(site, PlaceKind.FEED, found.feeds, depth)
        if not site.sections:
            sections = self.frontier.unknown(found.sections)
            yield from self._visit(site, PlaceKind.SECTION, sections, depth)
        yield from self._visit(
            site, PlaceKind.SITEMAP, found.sitemaps, depth, dict(getattr(found, "sitemap_times", ()))
        )

    def place_failed(self, failure: Any) -> Iterator[Request]:
        """A place that gave nothing is no end of the run; its site's expectations will tell."""
        visit: Visit = failure.request.meta["visit"]
        error = failure.value
        if isinstance(error, HostUnavailable) and self.ask_later(failure.request, error):
            return
        self.logger.info("no answer from %s: %s", failure.request.url, error)
        if isinstance(error, HttpError) and error.response.status in _MISSING:
            self._places.missing(visit.site.name, visit.kind, visit.place.url, datetime.now(UTC))
        yield from self.article_requests(visit.site)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
