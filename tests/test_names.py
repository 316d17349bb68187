"""Names of people in bylines, in any language."""

from __future__ import annotations

import html
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.metadata.bylines.lists import lists
from pipelines.metadata.bylines.names import is_person, person_names

CASES = tomllib.loads((Path(__file__).parent / "name_cases.toml").read_text(encoding="utf-8"))["names"]
BITS = st.sampled_from(
    [*(text for text, _ in CASES), ", ", " and ", " و", ": ", "\u200f", "\n", "(", ")", "ـ", "٣"]
)


@pytest.mark.parametrize(("text", "people"), CASES)
def test_people_of_a_byline(text: str, people: list[str]) -> None:
    assert person_names(text) == tuple(people)


@pytest.mark.parametrize("name", sorted({name for _, names in CASES for name in names}))
def test_a_name_comes_back_unchanged(name: str) -> None:
    assert is_person(name)
    assert person_names(name) == (name,)


def test_last_name_first_is_one_person_only_when_told() -> None:
    assert person_names("Roe, Jane", inverted=True) == ("Jane Roe",)
    assert person_names("Roe, Jane") == ("Roe", "Jane")
    assert person_names("Jane Roe, Reuters", inverted=True) == ("Jane Roe",)


def test_each_is_named_once_in_order() -> None:
    assert person_names("John Doe, Jane Roe, John Doe") == ("John Doe", "Jane Roe")


def test_entities_tatweel_and_layout_marks_are_no_part_of_a_name() -> None:
    assert person_names("&nbsp;\u200fسلمـى حـداد\u200e") == ("سلمى حداد",)
    assert person_names("سلمى ﻻمي") == ("سلمى لامي",)


def test_no_first_name_is_a_newsroom_word() -> None:
    assert not lists().given & lists().nobody


@pytest.mark.parametrize("text", ["Anna Bell & 0", "Anna Bell and 3 others", "By Anna Bell and 2 more"])
def test_who_is_only_counted_is_no_part_of_a_name(text: str) -> None:
    assert person_names(text) == ("Anna Bell",)


@given(st.one_of(st.text(max_size=400), st.lists(BITS, max_size=8).map("".join)), st.booleans())
@settings(deadline=None)
def test_nothing_raises_and_names_are_the_texts_words(text: str, inverted: bool) -> None:
    given_letters = set(unicodedata.normalize("NFKC", html.unescape(text))) | set(
        unicodedata.normalize("NFC", text)
    )
    for name in person_names(text, inverted=inverted):
        assert len(name) <= 60
        assert is_person(name)
        assert {*unicodedata.normalize("NFKC", name)} - {" "} <= given_letters
