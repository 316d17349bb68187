"""`scrapy crawl news`: from a site's front page to every new article."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.discovery.feeds import read_feed
from crawler.discovery.records import Discovered
from crawler.discovery.sections import read_hub
from crawler.discovery.sitemaps import read_sitemap
from crawler.items import Fetched
from crawler.sites import Site, load_sites
from crawler.spiders.base import ArticleSpider
from pipelines.workers import TaskFailed

# Hubs and lists go before articles, so that the newest articles are known when they are chosen.
_DISCOVERY_PRIORITY = 10
# Front page, section, next page of a section.
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class NewsJob:
    """The sites to visit."""

    sites: tuple[Site, ...]


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
        crawler.signals.connect(spider.robots_parsed, signal=signals.robots_parsed)
        return spider

    async def start(self) -> AsyncIterator[Fetched | Request]:
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
        yield from self._look(site, [site.start], self.parse_hub)
        yield from self._look(site, site.feeds, self.parse_feed)
        yield from self._look(site, site.sitemaps, self.parse_sitemap)
        yield from self._look(site, site.sections, self.parse_hub)

    def _look(
        self,
        site: Site,
        urls: tuple[str, ...] | list[str],
        parse: Callable[..., Any],
        depth: int = 1,
    ) -> Iterator[Request]:
        """Requests for places to find links in, each address once a run."""
        for url in urls:
            if url not in self._asked and depth <= _MAX_DEPTH:
                self._asked.add(url)
                yield Request(
                    url,
                    callback=parse,
                    errback=self.place_failed,
                    cb_kwargs={"site": site, "depth": depth},
                    priority=_DISCOVERY_PRIORITY,
                    dont_filter=True,
                )

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        """Visit the sitemaps that robots.txt names, unless the site file names its own."""
        site = self._sites.get(urlsplit(request.url).netloc)
        engine = self.crawler.engine
        if site is None or site.sitemaps or engine is None:
            return
        named = list(robotparser.rp.sitemaps)
        for place in self._look(site, named, self.parse_sitemap):
            engine.crawl(place)

    async def parse_hub(self, response: Response, site: Site, depth: int) -> AsyncIterator[Request]:
        """Front page or section: article links, and the places it names."""
        found = await self._read(read_hub, response, _content_type(response))
        for request in self._follow(site, found, depth):
            yield request

    async def parse_feed(self, response: Response, site: Site, depth: int) -> AsyncIterator[Request]:
        """RSS or Atom."""
        found = await self._read(read_feed, response, _content_type(response))
        for request in self._follow(site, found, depth):
            yield request

    async def parse_sitemap(self, response: Response, site: Site, depth: int) -> AsyncIterator[Request]:
        """Sitemap or index of sitemaps."""
        found = await self._read(read_sitemap, response)
        for request in self._follow(site, found, depth):
            yield request

    async def _read(
        self, function: Callable[..., Discovered], response: Response, *more: object
    ) -> Discovered:
        """Parse in a worker: what strangers wrote is not parsed in this process."""
        try:
            return await self.run.workers.run(function, response.body, response.url, *more)
        except TaskFailed as failure:
            self.logger.warning("cannot read %s: %s", response.url, failure)
            return Discovered()

    def _follow(self, site: Site, found: Discovered, depth: int) -> Iterator[Request]:
        self.frontier.add(site, found.links)
        if not site.feeds:
            yield from self._look(site, list(found.feeds), self.parse_feed, depth + 1)
        if not site.sections:
            sections = self.frontier.unknown(found.sections)
            yield from self._look(site, sections, self.parse_hub, depth + 1)
        yield from self._look(site, list(found.sitemaps), self.parse_sitemap, depth + 1)
        yield from self.article_requests(site)

    def place_failed(self, failure: Any) -> None:
        """A place that gave nothing is no end of the run; its site's expectations will tell."""
        self.logger.info("no answer from %s: %s", failure.request.url, failure.value)


def _content_type(response: Response) -> str | None:
    value = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None
