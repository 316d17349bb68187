"""Which places a run visits, and which it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.config import RunConfig
from crawler.discovery.records import Discovered, make_link
from crawler.itinerary import Itinerary, Visit
from crawler.run import Run
from crawler.sites import Site
from pipelines.store.places import PlaceKind

HOME = "https://sahifa.test/"
SITE = Site(name="sahifa", start=HOME)
LISTS = Discovered(links=tuple(filter(None, [make_link("news/1", HOME, "section")])))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    opened = Run(
        RunConfig(str(tmp_path), tmp_path / ".state", tmp_path / "ledger.sqlite", 1, 10, 512 << 20), "news"
    )
    yield opened
    opened.close()


def urls(visits: Iterator[Visit]) -> list[str]:
    return [visit.place.url.removeprefix(HOME) for visit in visits]


def told_of(path: str) -> Site:
    return SITE.model_copy(update={"sitemaps": (HOME + path,)})


def at_start(itinerary: Itinerary, site: Site = SITE) -> Visit:
    return next(visit for visit in itinerary.entrances(site) if visit.kind is PlaceKind.START)


def onward(itinerary: Itinerary, visit: Visit, found: Discovered, brought: int = 0) -> list[str]:
    return urls(itinerary.onward(visit, found, found.sections, brought))


def places(**found: tuple[str, ...]) -> Discovered:
    return replace(LISTS, **{kind: tuple(HOME + path for path in paths) for kind, paths in found.items()})


def test_a_start_page_leads_to_what_it_names_each_once(run: Run) -> None:
    itinerary = Itinerary(run, [SITE])
    named = places(feeds=("rss",), sections=("city", "sport", "city"), sitemaps=("map.xml",))
    assert onward(itinerary, at_start(itinerary), named) == ["sitemap.xml", "rss", "city", "sport", "map.xml"]
    start = Visit(SITE, PlaceKind.START, itinerary._places.place(HOME), HOME)
    assert onward(itinerary, start, named) == []


def test_what_the_site_file_names_wins(run: Run) -> None:
    told = Site(
        name="sahifa",
        start=HOME,
        feeds=(HOME + "own",),
        sections=(HOME + "front",),
        sitemaps=(HOME + "own.xml",),
    )
    itinerary = Itinerary(run, [told])
    entrances = list(itinerary.entrances(told))
    assert urls(iter(entrances)) == ["", "own", "own.xml", "front"]
    assert onward(itinerary, entrances[0], places(feeds=("rss",), sections=("city",))) == []
    assert list(itinerary.sitemaps_of_robots(told, (HOME + "map.xml",))) == []


def test_usual_places_are_tried_one_by_one_until_one_is_there(run: Run) -> None:
    itinerary = Itinerary(run, [SITE])
    visits = list(itinerary.onward(at_start(itinerary), LISTS, (), 0))
    assert urls(iter(visits)) == ["feed/", "sitemap.xml"]
    feed, sitemap = visits
    itinerary.missing(feed)
    (second,) = itinerary.instead(feed)
    assert second.place.url == HOME + "rss.xml"
    itinerary.answered(second, second.place, brought=3)
    assert onward(itinerary, second, LISTS) == []
    itinerary.missing(sitemap)
    again = Itinerary(run, [SITE])
    assert urls(again.entrances(SITE)) == ["", "rss.xml"]
    # What was missing rests for a day, and what is there is known.
    start = Visit(SITE, PlaceKind.START, again._places.place(HOME), HOME)
    assert onward(again, start, LISTS) == ["sitemap_index.xml"]


def test_a_sitemap_that_its_index_says_did_not_change_is_not_asked_for(run: Run) -> None:
    children = places(sitemaps=("new.xml", "old.xml"))
    for times, asked in (
        ({"new.xml": "2026-11-22", "old.xml": "2020-01-01"}, ["new.xml", "old.xml"]),
        ({"new.xml": "2026-11-23", "old.xml": "2020-01-01"}, ["new.xml"]),
    ):
        itinerary = Itinerary(run, [SITE])
        (index,) = itinerary.sitemaps_of_robots(SITE, (HOME + "map.xml",))
        dated = replace(children, sitemap_times=tuple((HOME + path, at) for path, at in times.items()))
        visits = list(itinerary.onward(index, dated, (), 0))
        assert urls(iter(visits)) == asked
        for visit in visits:
            itinerary.answered(visit, visit.place, brought=1)


def test_an_index_is_asked_again_as_long_as_one_of_its_sitemaps_brings_something(run: Run) -> None:
    for brought, asked in ((0, True), (0, True), (1, False), (0, True), (0, True), (0, False)):
        itinerary = Itinerary(run, [SITE])
        visits = {visit.place.url: visit for visit in itinerary.sitemaps_of_robots(SITE, (HOME + "map.xml",))}
        assert bool(visits) == asked
        for index in visits.values():
            list(itinerary.onward(index, places(sitemaps=("new.xml",)), (), 0))
            itinerary.answered(index, index.place, brought=0)
        child = Visit(SITE, PlaceKind.SITEMAP, itinerary._places.place(HOME + "new.xml"), HOME + "new.xml")
        itinerary.answered(child, child.place, brought=brought)


def test_what_a_named_index_lists_is_visited_in_later_runs_whether_or_not_it_changed(run: Run) -> None:
    """Its sitemaps list articles of their own: unvisited, the site would seem to have fallen silent."""
    told = told_of("index.xml")
    first = Itinerary(run, [told])
    index = next(visit for visit in first.entrances(told) if visit.kind is PlaceKind.SITEMAP)
    for visit in first.onward(index, places(sitemaps=("news.xml", "gone.xml")), (), brought=0):
        first.answered(visit, visit.place, brought=1)
    first.answered(index, index.place, brought=0)
    gone = Visit(told, PlaceKind.SITEMAP, first._places.place(HOME + "gone.xml"), HOME + "gone.xml")
    first.missing(gone)
    first._places.expect("sahifa", PlaceKind.SITEMAP, HOME + "of-robots.xml")
    assert urls(Itinerary(run, [told]).entrances(told)) == ["", "index.xml", "news.xml"]
    elsewhere = told_of("other.xml")
    assert urls(Itinerary(run, [elsewhere]).entrances(elsewhere)) == ["", "other.xml"]


def test_further_pages_are_followed_while_they_bring_something_and_ten_at_most(run: Run) -> None:
    itinerary = Itinerary(run, [SITE])
    visit = Visit(SITE, PlaceKind.SECTION, itinerary._places.place(HOME + "city"), HOME + "city")
    followed = 0
    while pages := list(itinerary.onward(visit, places(pages=(f"city?page={followed + 2}",)), (), brought=1)):
        (visit,) = pages
        followed += 1
    assert followed == 9
    assert visit.listing == HOME + "city"


def test_a_page_that_brings_nothing_new_ends_the_list(run: Run) -> None:
    itinerary = Itinerary(run, [SITE])
    section = Visit(SITE, PlaceKind.SECTION, itinerary._places.place(HOME + "city"), HOME + "city")
    assert onward(itinerary, section, places(pages=("city?page=2",)), brought=0) == []


def test_a_section_of_a_section_is_the_last_step(run: Run) -> None:
    itinerary = Itinerary(run, [SITE])
    far = Visit(SITE, PlaceKind.SECTION, itinerary._places.place(HOME + "a"), HOME + "a", depth=3)
    assert onward(itinerary, far, places(sections=("b",))) == []


def test_traps_are_not_visited_and_counted(run: Run) -> None:
    itinerary = Itinerary(run, [SITE])
    named = places(feeds=("rss",), sections=("calendar/2031/05", "a/b/a/b/a/b"), sitemaps=())
    assert onward(itinerary, at_start(itinerary), named) == ["sitemap.xml", "rss"]
    assert run.figures.traps["sahifa"] == {"calendar": 1, "repeats": 1}
    links = replace(LISTS, links=(*LISTS.links, make_link("x/x/x/x", HOME, "section")), dropped=7)  # type: ignore[arg-type]  # it is one
    assert itinerary.admitted(at_start(Itinerary(run, [SITE])), links) == list(LISTS.links)
    assert itinerary._traps["sahifa"].refused["links"] == 7


def test_articles_wait_for_the_places_of_their_site(run: Run) -> None:
    itinerary = Itinerary(run, [SITE])
    assert not itinerary.is_under_way(SITE)
    start = at_start(itinerary)
    assert itinerary.is_under_way(SITE)
    itinerary.arrived(start)
    itinerary.arrived(start)
    assert not itinerary.is_under_way(SITE)
    at_start(again := Itinerary(run, [SITE]))
    again.wait_no_longer()
    assert not again.is_under_way(SITE)


def test_what_a_place_leads_to_is_known_to_the_next_run_before_the_place_counts_as_answered(run: Run) -> None:
    """A run killed between the two gets a 304 from the place, which names nothing."""
    first = Itinerary(run, [SITE])
    named = places(feeds=("rss",), sections=("city",), sitemaps=("map.xml",))
    onward(first, at_start(first), named)
    after = Itinerary(run, [SITE])
    assert urls(after.entrances(SITE)) == ["", "rss", "map.xml", "city"]
