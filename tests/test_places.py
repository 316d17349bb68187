"""What the ledger remembers of the places where links are found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.store.ledger import Ledger
from pipelines.store.places import Place, PlaceKind, Places
from tests.helpers_ledger import link
from tests.helpers_store import NOW

FEED = "https://sahifa.test/feed"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite")) as opened:
        yield opened


def answer(places: Places, brought: int, after: timedelta = timedelta(), **what: str | None) -> Place:
    kind = PlaceKind(what.pop("kind", None) or "feed")
    place = replace(places.place(FEED), **what)
    places.answered("sahifa", kind, place, NOW + after, brought=brought)
    return places.place(FEED)


def test_a_place_expected_is_known_and_keeps_what_it_answered(ledger: Ledger) -> None:
    places = Places(ledger)
    places.expect("sahifa", PlaceKind.FEED, FEED)
    assert places.known("sahifa", PlaceKind.FEED) == [FEED]
    assert places.place(FEED) == Place(FEED)
    answered = answer(places, brought=1, etag='"1"')
    places.expect("sahifa", PlaceKind.FEED, FEED)
    assert places.place(FEED) == answered


def test_a_place_never_asked_is_asked_without_conditions(ledger: Ledger) -> None:
    place = Places(ledger).place(FEED)
    assert place == Place(FEED)
    assert not place.rests(NOW)


def test_what_a_place_answered_is_remembered(ledger: Ledger) -> None:
    place = answer(
        Places(ledger), 3, etag='W/"1"', last_modified="Sat, 21 Nov 2026 08:00:00 GMT", changed="2026"
    )
    assert (place.etag, place.last_modified, place.changed) == (
        'W/"1"', "Sat, 21 Nov 2026 08:00:00 GMT", "2026"
    )  # fmt: skip
    assert Places(ledger).known("sahifa", PlaceKind.FEED) == [FEED]
    assert Places(ledger).known("sahifa", PlaceKind.SITEMAP) == []
    assert Places(ledger).known("another", PlaceKind.FEED) == []


def test_a_place_that_never_changes_is_asked_less_and_less(ledger: Ledger) -> None:
    places = Places(ledger)
    assert not answer(places, 5).rests(NOW)
    assert not answer(places, 0).rests(NOW)
    second = answer(places, 0)
    assert (second.rests(NOW + 9 * MINUTE), second.rests(NOW + 10 * MINUTE)) == (True, False)
    third = answer(places, 0)
    assert (third.rests(NOW + 19 * MINUTE), third.rests(NOW + 20 * MINUTE)) == (True, False)
    for _ in range(60):
        last = answer(places, 0)
    assert (last.rests(NOW + timedelta(hours=23)), last.rests(NOW + timedelta(days=1))) == (True, False)


def test_a_place_that_brings_something_rests_no_longer(ledger: Ledger) -> None:
    places = Places(ledger)
    for _ in range(9):
        answer(places, 0)
    assert not answer(places, 1).rests(NOW)
    assert not answer(places, 0).rests(NOW)


def test_what_a_sitemap_brings_its_indexes_have_brought(ledger: Ledger) -> None:
    top, index, other, child = (
        f"https://sahifa.test/{name}.xml" for name in ("top", "index", "other", "news")
    )
    places = Places(ledger)

    def answered(url: str, brought: int) -> None:
        places.answered("sahifa", PlaceKind.SITEMAP, places.place(url), NOW, brought=brought)

    for url in (top, index, other, child):
        answered(url, 0)
        answered(url, 0)
    places.listed(top, [index, other])
    places.listed(index, [child, top, "https://sahifa.test/unknown.xml"])  # and round in a ring
    assert all(places.place(url).rests(NOW) for url in (top, index, other, child))
    answered(child, 0)
    assert places.place(index).rests(NOW)
    answered(child, 1)
    assert [url for url in (top, index, other, child) if places.place(url).rests(NOW)] == [other]
    assert places.known("sahifa", PlaceKind.SITEMAP)[-1] == other
    answered(index, 0)
    assert not places.place(index).rests(NOW)


def test_a_start_page_never_rests(ledger: Ledger) -> None:
    for _ in range(9):
        place = answer(Places(ledger), 0, kind="start")
    assert not place.rests(NOW)


def test_a_place_that_is_not_there_rests_a_day(ledger: Ledger) -> None:
    places = Places(ledger)
    places.missing("sahifa", PlaceKind.FEED, FEED, NOW)
    assert places.place(FEED).rests(NOW + timedelta(hours=23))
    assert not places.place(FEED).rests(NOW + timedelta(days=1))


def test_the_places_that_bring_most_are_visited_first(ledger: Ledger) -> None:
    places = Places(ledger)
    for number in range(60):
        for _ in range(number):
            places.answered(
                "sahifa", PlaceKind.SECTION, Place(f"https://sahifa.test/{number}"), NOW, brought=0
            )
    known = places.known("sahifa", PlaceKind.SECTION)
    assert len(known) == 50
    assert known[:2] == ["https://sahifa.test/1", "https://sahifa.test/2"]


def test_what_an_unchanged_place_lists_counts_as_seen(ledger: Ledger) -> None:
    ledger.discover("run-1", "sahifa", [link(1), link(2)], NOW, FEED)
    ledger.discover("run-1", "sahifa", [link(3)], NOW, "https://sahifa.test/")
    ledger.listed_still("run-2", FEED)
    assert ledger.seen("run-2") == {"sahifa": {"pending": 2}}
    ledger.listed_still("run-3", FEED)
    assert ledger.seen("run-3") == {"sahifa": {"pending": 2}}


def test_what_a_place_lists_no_more_is_not_seen_again(ledger: Ledger) -> None:
    """A feed of years ever listed thousands; it lists a few."""
    ledger.discover("run-1", "sahifa", [link(1), link(2)], NOW, FEED)
    ledger.discover("run-2", "sahifa", [link(2), link(3)], NOW, FEED)
    ledger.listed_still("run-3", FEED)
    assert ledger.seen("run-3") == {"sahifa": {"pending": 2}}
    assert ledger.seen("run-1") == {"sahifa": {"pending": 1}}


def test_a_place_with_several_pages_lists_them_all(ledger: Ledger) -> None:
    ledger.discover("run-1", "sahifa", [link(1), link(2)], NOW, FEED)
    ledger.discover("run-1", "sahifa", [link(3)], NOW, FEED)
    ledger.listed_still("run-2", FEED)
    ledger.listed_still("run-2", FEED)
    assert ledger.seen("run-2") == {"sahifa": {"pending": 3}}
