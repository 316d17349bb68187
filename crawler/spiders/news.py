"""`scrapy crawl news`: from a site's front page to every new article.

The start page, feeds, sitemaps and sections are *places*. A place is read in a worker; the articles it lists
go to the frontier, the places it names are visited next, and the ledger remembers what it answered, so that
the next run asks only for what changed. When all places of a site have answered its articles are fetched,
newest first, and then those that are due to be looked at again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.discovery.feeds import read_feed
from crawler.discovery.records import Discovered
from crawler.discovery.sections import read_hub
from crawler.discovery.sitemaps import read_sitemap
from crawler.items import Fetched
from crawler.itinerary import HUBS, Itinerary, Visit
from crawler.politeness.refusals import HostUnavailable
from crawler.politeness.signals import robots_read
from crawler.progress import Steps
from crawler.rendering.opt_in import request_meta
from crawler.shard import given_shard
from crawler.sites import SITES, Site, load_sites
from crawler.spiders.base import NOT_MODIFIED, ArticleSpider, conditions
from pipelines.store.links import Link
from pipelines.store.places import Place, PlaceKind
from pipelines.urls import registered_domain
from pipelines.workers import TaskFailed

# Places go before articles, so that the newest articles are known when they are chosen.
_DISCOVERY_PRIORITY = 10
_MISSING = (404, 410)
# Links that are taken in at a time: the 2,000 that a list may have hold the reactor up for 0.2 s.
_AT_ONCE = 100
# A page that lists so many articles is none itself.
_MANY = 5


@dataclass(frozen=True, slots=True)
class NewsJob:
    """The sites to visit, how many others are for other shards, and where their files are."""

    sites: tuple[Site, ...]
    others: int = 0
    files: str = SITES


class NewsSpider(ArticleSpider):
    """Front page, feeds, sitemaps and sections of each site lead to its articles."""

    name = "news"
    arguments = ("sites", "site", "shard")
    job: NewsJob
    # Sites of the job whose entrances were asked for.
    _begun = 0

    @classmethod
    def plan(cls, arguments: dict[str, str]) -> NewsJob:
        known = cls.known_arguments(arguments)
        files, shard = known.get("sites", SITES), given_shard(known)
        sites = load_sites(files, known.get("site"))
        if shard is None:
            return NewsJob(sites, files=files)
        own = tuple(site for site in sites if shard.has(registered_domain(site.start)))
        return NewsJob(own, len(sites) - len(own), files)

    @classmethod
    def part(cls, job: NewsJob) -> tuple[int, int]:
        return len(job.sites), len(job.sites) + job.others

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.robots_read, signal=robots_read)
        return spider

    async def start(self) -> AsyncIterator[Fetched | Request]:
        self._itinerary = Itinerary(self.run, self.job.sites)
        self._hanging: set[str] = set()
        # The sitemaps of a host belong to the site that is the whole host, not to one of its folders.
        starts = ((urlsplit(site.start), site) for site in self.job.sites)
        self._sites = {start.netloc: site for start, site in starts if start.path in ("", "/")}
        for fetched in self.frontier.unfinished():
            yield fetched
        for site in self.job.sites:
            for request in self._requests(self._itinerary.entrances(site)):
                yield request
            self._begun += 1

    def steps(self) -> Steps:
        begun = self.job.sites[: self._begun]
        left = sum(self._itinerary.is_under_way(site) or self.is_under_way(site.name) for site in begun)
        return Steps(len(begun) - left, len(self.job.sites), "sites")

    def robots_read(self, host_url: str, sitemaps: tuple[str, ...]) -> None:
        """Visit the sitemaps that robots.txt names."""
        if site := self._sites.get(urlsplit(host_url).netloc):
            self.send(self._requests(self._itinerary.sitemaps_of_robots(site, sitemaps)))

    def _requests(self, visits: Iterable[Visit]) -> Iterator[Request]:
        for visit in visits:
            place = visit.place
            rendered = request_meta(visit.site) if visit.kind in HUBS else {}
            yield Request(
                place.url,
                callback=self.parse_place,
                errback=self.place_failed,
                cb_kwargs={"visit": visit},
                headers=conditions(place.etag, place.last_modified),
                meta={"visit": visit, "handle_httpstatus_list": [NOT_MODIFIED], **rendered},
                priority=_DISCOVERY_PRIORITY,
                dont_filter=True,
            )

    async def parse_place(self, response: Response, visit: Visit) -> AsyncIterator[Request]:
        """The articles of a place go to the frontier, the places it names are visited next."""
        if response.status == NOT_MODIFIED:
            self._itinerary.not_modified(visit)
        else:
            found = await self._read(visit, response)
            brought = await self._take(visit, found)
            sections = self.frontier.unknown(found.sections)
            # What it leads to is durable before its answer is: killed between, the next run gets a 304 here.
            onward = list(self._itinerary.onward(visit, found, sections, brought))
            again = visit.site.name in self._hanging or any(each.kind is PlaceKind.PAGE for each in onward)
            self._itinerary.answered(visit, _answer(visit, response, again=again), brought)
            for request in self._requests(onward):
                yield request
        for request in self._arrived(visit):
            yield request

    async def _read(self, visit: Visit, response: Response) -> Discovered:
        """Parse in a worker: what strangers wrote is not parsed in this process."""
        run, page = self.run.workers.run, (response.body, response.url)
        content_type = _header(response, "Content-Type")
        try:
            if visit.kind is PlaceKind.SITEMAP:
                return await run(read_sitemap, *page)
            if visit.kind is PlaceKind.FEED:
                return await run(read_feed, *page, content_type)
            return await run(read_hub, *page, content_type, self.run.shapes(visit.site.name).as_counts())
        except TaskFailed as failure:
            self.logger.warning("cannot read %s: %s", response.url, failure)
            return Discovered()

    async def _take(self, visit: Visit, found: Discovered) -> int:
        """Hand the articles to the frontier, some at a time; how many are new."""
        links: list[Link] = []
        brought = 0
        for some in _parts(found):
            admitted = self._itinerary.admitted(visit, some)
            wanted = await self._wanted(visit.site, admitted)
            brought += self.frontier.add(visit.site, wanted, visit.listing)
            links += admitted
            await asyncio.sleep(0)  # a turn for all others
        shapes = self.run.shapes(visit.site.name)
        if visit.kind is PlaceKind.FEED and brought:  # what a feed lists is an article
            for link in links:
                shapes.learn(link.url, is_article=True)
        if visit.kind is PlaceKind.SECTION and len(links) >= _MANY:
            shapes.learn(visit.place.url, is_article=False)
        return brought

    async def _wanted(self, site: Site, links: list[Link]) -> list[Link]:
        """The links that the site file admits; patterns that hang are tried once."""
        if not site.paths or not links:
            return links
        if site.name in self._hanging:
            return []
        try:
            admitted = await self.run.workers.run(site.paths.admitted, [link.url for link in links])
        except TaskFailed as failure:
            self._hanging.add(site.name)
            said = "site %s: 'allow' and 'deny' of its file cannot be matched (%s), so nothing new is taken"
            self.logger.warning(said, site.name, failure)
            return []
        return [link for link, wanted in zip(links, admitted, strict=True) if wanted]

    def place_failed(self, failure: Any) -> Iterator[Request]:
        """A place that gave nothing is no end of the run; its site's expectations will tell."""
        request, error = failure.request, failure.value
        if isinstance(error, HostUnavailable) and self.ask_later(request, error):
            return
        visit: Visit = request.meta["visit"]
        self.logger.info("no answer from %s: %s", request.url, error)
        if isinstance(error, HttpError) and error.response.status in _MISSING:
            self._itinerary.missing(visit)
            yield from self._requests(self._itinerary.instead(visit))
        yield from self._arrived(visit)

    def _arrived(self, visit: Visit) -> Iterator[Request]:
        self._itinerary.arrived(visit)
        yield from self.article_requests(visit.site)

    def article_requests(self, site: Site) -> Iterator[Request]:
        """Nothing while places of the site are on their way: the newest article may stand in the last."""
        if not self._itinerary.is_under_way(site):
            yield from super().article_requests(site)

    def stay_while_waiting(self) -> None:
        """Before the run ends, nothing that could be fetched is left."""
        super().stay_while_waiting()
        self._itinerary.wait_no_longer()
        requests = [request for site in self.job.sites for request in self.article_requests(site)]
        if requests:
            self.send(requests)
            raise DontCloseSpider


def _parts(found: Discovered) -> Iterator[Discovered]:
    """The same with few links at a time; what was dropped is told with the first."""
    for start in range(0, max(len(found.links), 1), _AT_ONCE):
        dropped = found.dropped if start == 0 else 0
        yield replace(found, links=found.links[start : start + _AT_ONCE], dropped=dropped)


def _answer(visit: Visit, response: Response, *, again: bool) -> Place:
    """The place with its validators; without them when it must come `again`, whole.

    So while its further pages are to come, which no 304 names, or while what it lists could not be matched.
    """
    if again:
        return replace(visit.place, etag=None, last_modified=None)
    etag, modified = _header(response, "ETag"), _header(response, "Last-Modified")
    return replace(visit.place, etag=etag, last_modified=modified)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
