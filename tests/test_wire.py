"""Bylines and datelines: people, agencies and places, in the ways newsrooms write them."""

from __future__ import annotations

import html
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.metadata.bylines.lists import agencies
from pipelines.metadata.bylines.wire import Credit, read_byline, read_dateline, wire_source

CASES = tomllib.loads((Path(__file__).parent / "byline_cases.toml").read_text(encoding="utf-8"))
BITS = st.sampled_from(
    [
        *(text for table in CASES.values() for text, *_ in table),
        "(",
        ")",
        " - ",
        "\u200f",
        "ـ",
        "و",
        "٣",
        "\n",
        "\ufefb",
    ]
)
HOSTILE = st.one_of(st.text(max_size=400), st.lists(BITS, max_size=8).map("".join))


@pytest.mark.parametrize(("text", "people", "codes", "places"), CASES["byline"])
def test_byline_is_read(text: str, people: list[str], codes: list[str], places: list[str]) -> None:
    assert read_byline(text) == Credit(tuple(people), tuple(codes), tuple(places))


@pytest.mark.parametrize(("text", "people", "codes", "places"), CASES["dateline"])
def test_dateline_is_read(text: str, people: list[str], codes: list[str], places: list[str]) -> None:
    assert read_dateline(text) == Credit(tuple(people), tuple(codes), tuple(places))


@pytest.mark.parametrize(
    ("bylines", "first", "last", "source"),
    [
        (["Jane Roe, Reuters"], "KAIRO (dpa) - The harbour opened.", "It is open. (AFP)", "Reuters"),
        (["Jane Roe"], "Kairo (dpa) - Der Hafen ist offen.", "Er ist offen. (AFP)", "DPA"),
        ([], "The harbour opened.", "It is open. (AFP)", "AFP"),
        (["صنعاء: سلمى حداد، الوكالات"], "صنعاء (رويترز) - افتتح الميناء.", "", "Reuters"),
        (["الوكالات"], "افتتح الميناء.", "", "agencies"),
        (["Jane Roe"], "The mayor told Reuters.", "He told AFP.", None),
        (["AFP, Reuters"], "", "", "AFP"),
    ],
)
def test_source_is_the_agency_named_first(
    bylines: list[str], first: str, last: str, source: str | None
) -> None:
    assert wire_source(bylines, first, last) == source


def test_agencies_are_many_and_each_name_is_one_agencys() -> None:
    known = agencies()
    assert len({*known.sure.values(), *known.marked.values()}) >= 90
    twice = {
        words for words in known.sure.keys() & known.marked.keys() if known.sure[words] != known.marked[words]
    }
    assert not twice


@given(HOSTILE)
@settings(deadline=None)
def test_nothing_raises_and_nothing_is_made_up(text: str) -> None:
    letters_in = set(_letters(text))
    for credit in (read_byline(text), read_dateline(text)):
        assert all(set(_letters(name)) <= letters_in for name in (*credit.people, *credit.places))
        known = agencies()
        assert set(credit.agencies) <= {*known.sure.values(), *known.marked.values()}


@pytest.mark.parametrize(
    "unit", ["(", "a ", "- ", "واس ", "«", "by ", "a, ", "و", '"', "a@", "1", "[(", "ـ ", "a.b"]
)
def test_long_hostile_text_is_read_in_no_time(unit: str) -> None:
    text = unit * 20_000
    for _ in range(20):
        read_byline(text)
        read_dateline(text)


def _letters(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(unicodedata.normalize("NFKC", html.unescape(text) + composed).split())
