"""Addresses without end are named and counted; addresses of real sections and articles pass."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.traps import Limits, Traps, trap

SITE = "https://www.example.org"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/calendar/2031/05", "calendar"),
        ("/calendar/2031-05-07/", "calendar"),
        ("/ar/تقويم/2031/5/", "calendar"),
        ("/events/?month=5&year=2031", "calendar"),
        ("/news?month=12-2015", "calendar"),
        ("/events?tribe-bar-date=2031-05-01", "calendar"),
        ("/a/a/a", "repeats"),
        ("/news/sport/news/sport/news/sport/", "repeats"),
        ("/x/a/b/c/a/b/c/a/b/c", "repeats"),
        ("/" + "/".join("abcdefghijklm"), "deep"),
        ("/shop?color=1&size=2&brand=3", "parameters"),
        ("/list?tag[]=a&tag[]=b&tag[]=c&tag[]=d", "parameters"),
        ("/list?" + "&".join(f"k{n}=1" for n in range(9)), "parameters"),
        ("/thread?sid=0311f125385c248eb11c61ee7339229a", "session"),
        ("/news;jsessionid=12AB/x", "session"),
        ("/" + "a" * 2_100, "long"),
    ],
)
def test_a_trap_is_named(path: str, name: str) -> None:
    assert trap(SITE + path) == name


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/2026/11/03/rain-on-the-coast",
        "/2026/11/11/11/rain",
        "/2011/11/11/",
        "/calendar/",
        "/calendar/a-new-park-opens",
        "/events/1234567/opening-of-the-park",
        "/news.php?year=2026&month=11&id=77",
        "/show?p=12",
        "/news?page=2",
        "/sport/sport/rain",
        "/thread?sid=77",
        "/list?tag[]=a&tag[]=b",
        "/a/" + "%D9%85" * 250,
        "/1/1/1/1",
    ],
)
def test_what_news_sites_have_is_no_trap(path: str) -> None:
    assert trap(SITE + path) is None


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_address_gets_an_answer(path: str) -> None:
    assert trap("http://[bad" + path) in {"bad", "long"}
    answer = trap(f"{SITE}/{path}")
    assert answer in {None, "calendar", "repeats", "deep", "parameters", "session", "long", "bad"}


def test_a_relative_link_that_grows_is_stopped() -> None:
    traps = Traps()
    url = SITE + "/"
    grown = []
    for _ in range(30):
        url += "more/news/"
        grown.append(traps.admit_place(url))
    assert grown.count(None) < 3


def test_a_host_gets_no_more_places_than_its_share() -> None:
    traps = Traps(Limits(places=3))
    answers = [traps.admit_place(f"{SITE}/{name}") for name in ("a", "b/c", "d/e/f", "g-h/i", "j")]
    assert answers == [None, None, None, "places", "places"]
    assert traps.refused == {"places": 2}


def test_an_address_asked_for_twice_gets_its_answer_again() -> None:
    traps = Traps(Limits(places=1))
    assert [traps.admit_place(SITE + path) for path in ("/a", "/a", "/b", "/a#x")] == [
        None,
        None,
        "places",
        None,
    ]


def test_lists_of_one_shape_are_capped_and_others_go_on() -> None:
    traps = Traps(Limits(places_of_a_shape=5))
    days = [traps.admit_place(f"{SITE}/archive/2026/11/{day}/") for day in range(1, 31)]
    assert days.count(None) == 5
    assert set(days) == {None, "shape"}
    assert traps.admit_place(SITE + "/sport") is None


def test_queries_of_one_path_are_capped_and_other_paths_go_on() -> None:
    traps = Traps(Limits(queries_of_a_path=4))
    answers = [traps.admit_place(f"{SITE}/list?c={n}") for n in range(9)]
    assert answers == [None] * 4 + ["queries"] * 5
    assert traps.admit_place(SITE + "/list") is None
    assert traps.admit_place(SITE + "/other?c=1") is None


def test_articles_may_differ_in_their_values_without_end_but_not_in_their_parameters() -> None:
    traps = Traps(Limits(keys_of_a_path=3))
    assert {traps.admit_link(f"{SITE}/show?id={n}") for n in range(500)} == {None}
    kinds = [traps.admit_link(f"{SITE}/show?id=1&k{n}=1") for n in range(9)]
    assert kinds == [None, None] + ["keys"] * 7


def test_links_of_a_host_are_capped_and_counted() -> None:
    traps = Traps(Limits(links=2))
    assert [traps.admit_link(f"{SITE}/{n}") for n in range(4)] == [None, None, "links", "links"]
    assert traps.admit_link(SITE + "/calendar/2031/05") == "links"
    assert traps.refused["links"] == 3


def test_a_refusal_takes_nothing_from_the_budget() -> None:
    traps = Traps(Limits(places=1, links=1))
    assert traps.admit_place(SITE + "/a/a/a") == traps.admit_link(SITE + "/a/a/a") == "repeats"
    assert traps.admit_place("mailto:x") == "bad"
    assert traps.admit_place(SITE + "/a") is None
    assert traps.admit_link(SITE + "/a") is None
    assert traps.refused == {"repeats": 2, "bad": 1}
