"""`scrapy crawl news`: from a site's front page to every new article.

The start page, feeds, sitemaps and sections are *places*. A place is read in a worker; the articles it lists
go to the frontier, the places it names are visited next, and the ledger remembers what it answered, so that
the next run asks only for what changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.discovery.feeds import read_feed
from crawler.discovery.places import usual_places
from crawler.discovery.records import Discovered
from crawler.discovery.sections import read_hub
from crawler.discovery.sitemaps import read_sitemap
from crawler.discovery.traps import Traps
from crawler.items import Fetched
from crawler.politeness.refusals import HostUnavailable
from crawler.politeness.signals import robots_read
from crawler.rendering.opt_in import request_meta
from crawler.sites import Site, load_sites
from crawler.spiders.base import NOT_MODIFIED, ArticleSpider, conditions
from pipelines.store.places import Place, PlaceKind, Places
from pipelines.workers import TaskFailed

# Places go before articles, so that the newest articles are known when they are chosen.
_DISCOVERY_PRIORITY = 10
# Front page, section, section of a section; an index, its sitemaps.
_MAX_DEPTH = 3
# Further pages of one section, and only as long as each brings something new.
_MAX_PAGES = 10
# A page that lists so many articles is none itself.
_MANY = 5
_MISSING = (404, 410)
_HUBS = (PlaceKind.START, PlaceKind.SECTION, PlaceKind.PAGE)


@dataclass(frozen=True, slots=True)
class NewsJob:
    """The sites to visit."""

    sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A place that is asked for: so many steps from the start page, or the nth page of `listing`."""

    site: Site
    kind: PlaceKind
    place: Place
    listing: str
    depth: int = 1
    page: int = 1
    others: tuple[str, ...] = ()  # to be tried in its place when there is nothing


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
        self._traps = {site.name: Traps() for site in self.job.sites}
        self.run.figures.traps = {name: traps.refused for name, traps in self._traps.items()}
        # The sitemaps of a host belong to the site that is the whole host, not to one of its folders.
        starts = ((urlsplit(site.start), site) for site in self.job.sites)
        self._sites = {start.netloc: site for start, site in starts if start.path in ("", "/")}
        self._has_sitemaps: set[str] = set()
        self._open_places: Counter[str] = Counter()
        for fetched in self.frontier.unfinished():
            yield fetched
        for site in self.job.sites:
            for request in self._entrances(site):
                yield request
            for request in self.article_requests(site):
                yield request

    def article_requests(self, site: Site) -> Iterator[Request]:
        """Nothing while places of the site are on their way: the newest article may stand in the last."""
        if not self._open_places[site.name]:
            yield from super().article_requests(site)

    def stay_while_waiting(self) -> None:
        """Before the run ends, nothing that could be fetched is left."""
        super().stay_while_waiting()
        for site in self.job.sites:
            self._open_places[site.name] = 0  # one that is waited for, or was lost to an error
            if requests := list(self.article_requests(site)):
                self.send(requests)
                raise DontCloseSpider

    # -- places

    def _entrances(self, site: Site) -> Iterator[Request]:
        """The start page, and what the site file names or earlier runs found."""
        yield from self._visit(site, PlaceKind.START, [site.start])
        for kind, named in (
            (PlaceKind.FEED, site.feeds),
            (PlaceKind.SITEMAP, site.sitemaps),
            (PlaceKind.SECTION, site.sections),
        ):
            yield from self._visit(site, kind, named or self._places.known(site.name, kind))

    def robots_read(self, host_url: str, sitemaps: tuple[str, ...]) -> None:
        """Visit the sitemaps that robots.txt names, unless the site file names its own."""
        site = self._sites.get(urlsplit(host_url).netloc)
        if site is None or site.sitemaps or not sitemaps:
            return
        self._has_sitemaps.add(site.name)
        self.send(self._visit(site, PlaceKind.SITEMAP, sitemaps))

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
            if url in self._asked or depth > _MAX_DEPTH or self._traps[site.name].admit_place(url):
                continue
            self._asked.add(url)
            place, stated = self._places.place(url), (changed or {}).get(url)
            if place.rests(datetime.now(UTC)) or (stated and stated == place.changed):
                self.frontier.listed_still(url)
                continue
            yield self._request(Visit(site, kind, replace(place, changed=stated), url, depth))

    def _next_page(self, visit: Visit, pages: tuple[str, ...]) -> Iterator[Request]:
        """The next page of a list that still brings something new."""
        for url in pages[:1]:
            if (
                url in self._asked
                or visit.page >= _MAX_PAGES
                or self._traps[visit.site.name].admit_place(url)
            ):
                continue
            self._asked.add(url)
            yield self._request(replace(visit, kind=PlaceKind.PAGE, place=Place(url), page=visit.page + 1))

    def _request(self, visit: Visit) -> Request:
        place = visit.place
        self._open_places[visit.site.name] += 1
        rendered = request_meta(visit.site) if visit.kind in _HUBS else {}
        return Request(
            place.url,
            callback=self.parse_place,
            errback=self.place_failed,
            cb_kwargs={"visit": visit},
            headers=conditions(place.etag, place.last_modified),
            meta={"visit": visit, "handle_httpstatus_list": [NOT_MODIFIED], **rendered},
            priority=_DISCOVERY_PRIORITY,
            dont_filter=True,
        )

    # -- answers

    async def parse_place(self, response: Response, visit: Visit) -> AsyncIterator[Request]:
        """The articles of a place go to the frontier, the places it names are visited next."""
        site, place = visit.site, visit.place
        if response.status == NOT_MODIFIED:
            self.frontier.listed_still(place.url)
            self._answered(visit, place, brought=0)
        else:
            found = await self._read(visit, response)
            brought = self._take(visit, found)
            validators = (_header(response, "ETag"), _header(response, "Last-Modified"))
            self._answered(visit, replace(place, etag=validators[0], last_modified=validators[1]), brought)
            if not found.links:
                for request in self._try(site, visit.kind, visit.others):
                    yield request
            for request in self._follow(visit, found, brought):
                yield request
        for request in self._closed(site):
            yield request

    async def _read(self, visit: Visit, response: Response) -> Discovered:
        """Parse in a worker: what strangers wrote is not parsed in this process."""
        reader, *more = self._reader(visit, _header(response, "Content-Type"))
        try:
            found: Discovered = await self.run.workers.run(reader, response.body, response.url, *more)
        except TaskFailed as failure:
            self.logger.warning("cannot read %s: %s", response.url, failure)
            return Discovered()
        return found

    def _reader(
        self, visit: Visit, content_type: str | None
    ) -> tuple[Callable[..., Discovered], *tuple[Any, ...]]:
        """The function that reads the place, and what it needs beside body and address."""
        if visit.kind is PlaceKind.SITEMAP:
            return (read_sitemap,)
        if visit.kind is PlaceKind.FEED:
            return read_feed, content_type
        return read_hub, content_type, self.run.shapes(visit.site.name).as_counts()

    def _take(self, visit: Visit, found: Discovered) -> int:
        """Hand the articles to the frontier; how many are new."""
        site, traps = visit.site, self._traps[visit.site.name]
        traps.refused.update({"links": found.dropped} if found.dropped else {})
        links = [link for link in found.links if traps.admit_link(link.url) is None]
        shapes = self.run.shapes(site.name)
        brought = self.frontier.add(site, links, visit.listing)
        if visit.kind is PlaceKind.FEED and brought:  # what a feed lists is an article
            for link in links:
                shapes.learn(link.url, is_article=True)
        if visit.kind is PlaceKind.SECTION and len(links) >= _MANY:
            shapes.learn(visit.place.url, is_article=False)
        return brought

    def _answered(self, visit: Visit, place: Place, brought: int) -> None:
        if visit.kind is not PlaceKind.PAGE:
            self._places.answered(visit.site.name, visit.kind, place, datetime.now(UTC), brought=brought)

    def _follow(self, visit: Visit, found: Discovered, brought: int) -> Iterator[Request]:
        site, depth = visit.site, visit.depth + 1
        if visit.kind is PlaceKind.START:
            yield from self._usual(site, found)
        if not site.feeds and (visit.kind in _HUBS or brought):  # of a feed it is the next page
            yield from self._visit(site, PlaceKind.FEED, found.feeds, depth)
        if not site.sections and visit.kind is not PlaceKind.PAGE:
            sections = self.frontier.unknown(found.sections)
            yield from self._visit(site, PlaceKind.SECTION, sections, depth)
        yield from self._visit(site, PlaceKind.SITEMAP, found.sitemaps, depth, dict(found.sitemap_times))
        if brought:
            yield from self._next_page(visit, found.pages)

    def _usual(self, site: Site, found: Discovered) -> Iterator[Request]:
        """Where a feed and a sitemap usually are, for a site that names none; misses rest for a day."""
        feeds, sitemaps = usual_places(site.start)
        if not site.feeds and not found.feeds:
            yield from self._try(site, PlaceKind.FEED, feeds)
        if not site.sitemaps and site.name not in self._has_sitemaps:
            yield from self._try(site, PlaceKind.SITEMAP, sitemaps)

    def _try(self, site: Site, kind: PlaceKind, urls: tuple[str, ...]) -> Iterator[Request]:
        """The first of the places that may be asked now, unless one of them is known to be there."""
        for at, url in enumerate(urls):
            if url in self._asked:
                return
            place = self._places.place(url)
            if not place.rests(datetime.now(UTC)):
                self._asked.add(url)
                yield self._request(Visit(site, kind, place, url, others=urls[at + 1 :]))
                return

    def place_failed(self, failure: Any) -> Iterator[Request]:
        """A place that gave nothing is no end of the run; its site's expectations will tell."""
        visit: Visit = failure.request.meta["visit"]
        error = failure.value
        if isinstance(error, HostUnavailable) and self.ask_later(failure.request, error):
            return
        self.logger.info("no answer from %s: %s", failure.request.url, error)
        if isinstance(error, HttpError) and error.response.status in _MISSING:
            self._places.missing(visit.site.name, visit.kind, visit.place.url, datetime.now(UTC))
            yield from self._try(visit.site, visit.kind, visit.others)
        yield from self._closed(visit.site)

    def _closed(self, site: Site) -> Iterator[Request]:
        """One place of the site less is on its way; after the last the articles go."""
        self._open_places[site.name] = max(self._open_places[site.name] - 1, 0)
        yield from self.article_requests(site)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
