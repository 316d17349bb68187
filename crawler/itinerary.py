"""Which places a run visits: each once, none that rests, no trap; the ledger remembers what they answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from crawler.discovery.places import usual_places
from crawler.discovery.records import Discovered
from crawler.discovery.traps import Traps
from crawler.run import Run
from crawler.sites import Site
from pipelines.store.links import Link
from pipelines.store.places import Place, PlaceKind, Places

# Front page, section, section of a section; an index, its sitemaps.
_MAX_DEPTH = 3
# Further pages of one section, and only as long as each brings something new.
_MAX_PAGES = 10
HUBS = (PlaceKind.START, PlaceKind.SECTION, PlaceKind.PAGE)


@dataclass(frozen=True, slots=True)
class Visit:
    """A place that is asked for: so many steps from the start page, or the nth page of `listing`.

    `others` are tried in its place when there is nothing.
    """

    site: Site
    kind: PlaceKind
    place: Place
    listing: str
    depth: int = 1
    page: int = 1
    others: tuple[str, ...] = ()


class Itinerary:
    """The places of all sites of a run."""

    def __init__(self, run: Run, sites: Iterable[Site]) -> None:
        self._run = run
        self._places = Places(run.ledger)
        self._asked: set[str] = set()
        self._traps = {site.name: Traps() for site in sites}
        self._on_the_way: Counter[str] = Counter()
        self._has_sitemaps: set[str] = set()
        run.figures.traps = {name: traps.refused for name, traps in self._traps.items()}

    # -- where to go

    def entrances(self, site: Site) -> Iterator[Visit]:
        """The start page, and what the site file names or earlier runs found.

        An index that did not change says nothing of its sitemaps: they are asked for themselves.
        """
        yield from self._visits(site, PlaceKind.START, [site.start])
        listed = self._places.below(site.name, site.sitemaps) if site.sitemaps else []
        for kind, named in (
            (PlaceKind.FEED, site.feeds),
            (PlaceKind.SITEMAP, (*site.sitemaps, *listed)),
            (PlaceKind.SECTION, site.sections),
        ):
            yield from self._visits(site, kind, named or self._places.known(site.name, kind))

    def sitemaps_of_robots(self, site: Site, urls: tuple[str, ...]) -> Iterator[Visit]:
        """The sitemaps that robots.txt names, unless the site file names its own."""
        if urls and not site.sitemaps:
            self._has_sitemaps.add(site.name)
            yield from self._visits(site, PlaceKind.SITEMAP, urls)

    def onward(
        self, visit: Visit, found: Discovered, sections: Iterable[str], brought: int
    ) -> Iterator[Visit]:
        """What a place leads to; `sections` are those it found that are no known articles.

        What the site file names wins: nothing else of that kind is looked for.
        """
        site, depth = visit.site, visit.depth + 1
        if visit.kind is PlaceKind.START:
            yield from self._usual(site, found)
        if not found.links:
            yield from self.instead(visit)
        if not site.feeds and (visit.kind in HUBS or brought):  # of a feed it is the next page
            yield from self._visits(site, PlaceKind.FEED, found.feeds, depth)
        if not site.sections and visit.kind is not PlaceKind.PAGE:
            yield from self._visits(site, PlaceKind.SECTION, sections, depth)
        yield from self._listed(visit, found)
        if brought:
            yield from self._next_page(visit, found.pages)

    def instead(self, visit: Visit) -> Iterator[Visit]:
        """The next place to try when this one has nothing."""
        yield from self._first_of(visit.site, visit.kind, visit.others)

    def _listed(self, visit: Visit, found: Discovered) -> Iterator[Visit]:
        """The sitemaps that an index lists."""
        depth, changed = visit.depth + 1, dict(found.sitemap_times)
        yield from self._visits(visit.site, PlaceKind.SITEMAP, found.sitemaps, depth, changed)
        self._places.listed(visit.place.url, found.sitemaps)

    def _visits(
        self,
        site: Site,
        kind: PlaceKind,
        urls: Iterable[str],
        depth: int = 1,
        changed: Mapping[str, str] | None = None,
    ) -> Iterator[Visit]:
        """The places to be asked now; one that rests or did not change lists what it listed."""
        for url in urls:
            if depth > _MAX_DEPTH or not self._is_new(site, url):
                continue
            place, stated = self._places.place(url), (changed or {}).get(url)
            if place.rests(datetime.now(UTC)) or (stated and stated == place.changed):
                self._run.ledger.listed_still(self._run.run_id, url)
                continue
            self._places.expect(site.name, kind, url)
            yield self._sent(Visit(site, kind, replace(place, changed=stated), url, depth))

    def _next_page(self, visit: Visit, pages: tuple[str, ...]) -> Iterator[Visit]:
        for url in pages[:1]:
            if visit.page < _MAX_PAGES and self._is_new(visit.site, url):
                page = replace(visit, kind=PlaceKind.PAGE, place=Place(url), page=visit.page + 1, others=())
                yield self._sent(page)

    def _usual(self, site: Site, found: Discovered) -> Iterator[Visit]:
        """Where a feed and a sitemap usually are, for a site that names none; misses rest for a day."""
        feeds, sitemaps = usual_places(site.start)
        if not site.feeds and not found.feeds:
            yield from self._first_of(site, PlaceKind.FEED, feeds)
        if not site.sitemaps and site.name not in self._has_sitemaps:
            yield from self._first_of(site, PlaceKind.SITEMAP, sitemaps)

    def _first_of(self, site: Site, kind: PlaceKind, urls: tuple[str, ...]) -> Iterator[Visit]:
        """The first of the places that was not missing today; nothing when that one is known already."""
        for at, url in enumerate(urls):
            place = self._places.place(url)
            rests = place.rests(datetime.now(UTC))
            if rests and place.missing:
                continue
            if not rests and url not in self._asked:
                self._asked.add(url)
                yield self._sent(Visit(site, kind, place, url, others=urls[at + 1 :]))
            return

    def _is_new(self, site: Site, url: str) -> bool:
        if url in self._asked or self._traps[site.name].admit_place(url):
            return False
        self._asked.add(url)
        return True

    # -- what came of it

    def _sent(self, visit: Visit) -> Visit:
        self._on_the_way[visit.site.name] += 1
        return visit

    def arrived(self, visit: Visit) -> None:
        """One place of the site less is on its way."""
        name = visit.site.name
        self._on_the_way[name] = max(self._on_the_way[name] - 1, 0)

    def is_under_way(self, site: Site) -> bool:
        """Whether places of the site were asked for and did not answer yet."""
        return self._on_the_way[site.name] > 0

    def wait_no_longer(self) -> None:
        """Nothing is on its way any more: what did not answer is waited for elsewhere, or lost."""
        self._on_the_way.clear()

    def admitted(self, visit: Visit, found: Discovered) -> list[Link]:
        """The articles a place lists, without traps and floods, which are counted."""
        traps = self._traps[visit.site.name]
        traps.refused.update({"links": found.dropped} if found.dropped else {})
        return [link for link in found.links if traps.admit_link(link.url) is None]

    def answered(self, visit: Visit, place: Place, brought: int) -> None:
        """Remember what the place answered and that it brought so many new articles."""
        if visit.kind is not PlaceKind.PAGE:
            self._places.answered(visit.site.name, visit.kind, place, datetime.now(UTC), brought=brought)

    def not_modified(self, visit: Visit) -> None:
        """The place says that it is as it was: it lists what it listed."""
        self._run.ledger.listed_still(self._run.run_id, visit.listing)
        self.answered(visit, visit.place, brought=0)

    def missing(self, visit: Visit) -> None:
        """There is nothing at that address."""
        if visit.kind is not PlaceKind.PAGE:
            self._places.missing(visit.site.name, visit.kind, visit.place.url, datetime.now(UTC))
