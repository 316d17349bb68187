"""Characters: what stored text loses, and what it must not lose."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.normalize import clean_text, letters, optional_text

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
LAYOUT = BIDI + "\u00ad\u200b\u2060\ufeff"
CONTROLS = "".join(
    chr(code) for code in (*range(9), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0))
)
SPACES = " \t\n\r\f\v\u00a0\u1680\u2003\u2009\u2028\u2029\u202f\u3000"
# Any character, and often those that something happens to.
texts = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)),
        st.sampled_from(SPACES + LAYOUT + "\u200c\u200d\u0651\u0627\u0654\u0301eאابی\u1100\u1161\u11a8"),
    )
)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_cleaned_text_has_no_layout_and_single_spaces(text: str) -> None:
    cleaned = clean_text(text)
    assert not set(cleaned) & set(LAYOUT + CONTROLS + SPACES.replace(" ", ""))
    assert "  " not in cleaned
    assert cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_no_letter_is_lost_or_added(text: str) -> None:
    assert letters(clean_text(text)) == letters(
        "".join(c for c in text if c not in LAYOUT + CONTROLS + "\u200c\u200d")
    )


@settings(max_examples=200, deadline=None)
@given(texts)
def test_letters_are_folded_once_and_for_all(text: str) -> None:
    folded = letters(text)
    assert letters(folded) == folded
    assert all(char.isalnum() for char in folded)


@pytest.mark.parametrize(
    "text",
    [
        "اصلاح\u200cطلبان می\u200cگویند",
        "نامه\u200cهای تازه‌ای رسید",
        "ئه\u200cم كاره\u200c بۆ پێنجه\u200cم ساڵه\u200c",
        "क्\u200dष और श्री",
        "👩\u200d🔬 ❤\ufe0f",
        "«بيانٌ» مُشكَّل — ١٢٣٫٥٪؛ أليس كذلك؟",
        "שָׁלוֹם, ״חדשות״ ג׳",
        "كشـــيدة",
        "ligature ﷺ stays",
        "½ m² №5",
    ],
)
def test_spelling_stays_as_it_was_written(text: str) -> None:
    assert clean_text(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\u200fخبر\u200e عاجل\u202c", "خبر عاجل"),
        ("ex\u00adtra\u00adordinary", "extraordinary"),
        ("\ufeffnews", "news"),
        ("two\u00a0\n\u2003words", "two words"),
        ("a\u200b \u200bb", "a b"),
        (" \u200c\u200d ", ""),
        ("a\x01b\x85c\x1fd", "ab c d"),
        ("e\u0301", "é"),
        ("ا\u0654مس", "أمس"),
        (" \t ", ""),
    ],
)
def test_layout_goes_and_text_stays(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@pytest.mark.parametrize("nothing", [None, "", " \n", "\u200f\u00ad", "\u200c"])
def test_text_without_a_character_is_none(nothing: str | None) -> None:
    assert optional_text(nothing) is None


def test_optional_text_is_cut_to_its_limit() -> None:
    assert optional_text("  one  two three ", 8) == "one two"
    assert optional_text("  one  two three ") == "one two three"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The  NEWS, today!", "the news today"),
        ("می\u200cخواهد", "میخواهد"),
        ("مُحَمَّد", "محمد"),
        ("ﻻ", "لا"),
        ("Straße", "STRASSE"),
        ("snake_case", "Snake-Case"),
    ],
)
def test_texts_that_differ_in_dress_only_have_the_same_letters(one: str, other: str) -> None:
    assert letters(one) == letters(other)


def test_texts_that_differ_in_a_letter_do_not() -> None:
    assert letters("قال") != letters("قالت")


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert clean_text("خبر\ud800 جديد") == "خبر\ufffd جديد"
    assert clean_text("a\udfff").encode("utf-8")
