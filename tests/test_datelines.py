"""Lines without prose: dates, clocks, counters, rates, bylines and signatures, in any language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.body.datelines import is_byline, is_dateline, is_signature
from pipelines.normalize import letters
from tests.helpers_clean import PARK as P
from tests.helpers_clean import TITLE, cuts, document, paragraphs, story, text_of

PEOPLE = frozenset({letters("Salma Haddad"), letters("דנה לוין"), letters("سلمى حداد")})


@pytest.mark.parametrize(
    "line",
    [
        "3 December 2026",
        "Thursday, 3 December 2026 at 14:30 GMT",
        "03.12.2026, 14:30 Uhr",
        "3 décembre 2026 à 14h30",
        "3 de diciembre de 2026",
        "3 декабря 2026 года, 14:30",
        "3 grudnia 2026, 14:30",
        "Πέμπτη 3 Δεκεμβρίου 2026",
        "3 Aralık 2026 Perşembe",
        "الخميس ٣ ديسمبر ٢٠٢٦ - ١٤:٣٠",
        "۱۲ آذر ۱۴۰۵ ساعت ۱۴:۳۰",
        "3 בדצמבר 2026 בשעה 14:30",
        "۳ دسمبر ۲۰۲۶",
        "2026年12月3日 14:30",
        "3 Disember 2026".replace("Disember", "Desember"),
        "2 hours ago",
        "منذ ٣ ساعات",
        "14:30",
        "USD 3.75 | EUR 4.10",
        "1 2 3 4",
    ],
)
def test_a_line_of_date_time_or_figures_says_nothing(line: str) -> None:
    assert is_dateline(line)
    assert text_of(story(TITLE, paragraphs(P[0], line, *P[1:]))) == list(P)


@pytest.mark.parametrize(
    "line",
    [
        "In 2026",
        "March",
        "Three million",
        "$8,639",
        "12 %",
        "Section 3 of 2026",
        "Won 3:2 on Monday",
        "May",
        "Chapter 12",
        "公园 2026",
    ],
)
def test_figures_with_a_word_of_their_own_are_the_articles(line: str) -> None:
    assert not is_dateline(line)


def test_a_chronicle_keeps_its_dates() -> None:
    days = ("3 March 2026", "4 March 2026", "5 March 2026", "6 March 2026")
    lines = [line for pair in zip(days, P, strict=True) for line in pair]
    assert text_of(story(TITLE, paragraphs(*lines))) == lines


@pytest.mark.parametrize(
    "markup", ["<h2>3 March 2026</h2>", "<ul><li>3 March 2026</li></ul>", "<p><b>3 March 2026</b></p>"]
)
def test_a_date_that_heads_a_chapter_or_stands_in_a_list_stays(markup: str) -> None:
    assert "3 March 2026" in text_of(story(TITLE, paragraphs(*P[:2]) + markup + paragraphs(*P[2:])))


def test_a_date_over_the_headline_heads_no_chapter() -> None:
    above = f"<h2>Thursday, 3 March 2026</h2><h3>{TITLE}</h3>"
    assert text_of(document(f"<div>{above}<div>{paragraphs(*P)}</div></div>", TITLE)) == list(P)


@pytest.mark.parametrize(
    "line",
    [
        "Salma Haddad",
        "(Salma Haddad)",
        "By Salma Haddad",
        "Von Salma Haddad, Berlin",
        "SALMA HADDAD / AFP",
        "By Salma Haddad | 3 December 2026",
        "(דנה לוין)",
        "מאת דנה לוין, חיפה",
        "سلمى حداد - بيروت",
        "Text: Salma Haddad",
    ],
)
def test_an_author_with_what_stands_around_a_name_is_a_byline(line: str) -> None:
    assert is_byline(line, PEOPLE)


@pytest.mark.parametrize(
    "line",
    [
        "Salma Haddad said so.",
        "Salma Haddad drew the plan",
        "The plan of Salma Haddad",
        "Berlin, 3 December",
        "Salma Haddad?",
        "",
    ],
)
def test_a_sentence_about_an_author_is_none(line: str) -> None:
    assert not is_byline(line, PEOPLE)


def test_nobody_is_no_byline() -> None:
    assert not is_byline("By Salma Haddad", frozenset())


@pytest.mark.parametrize(
    "line", ["(דנה לוין)", "(Jane Roe)", "[dpa]", "（王小明）", "(سلمى حداد)", "(Harbour Press)."]
)
def test_the_last_line_in_brackets_signs_the_article(line: str) -> None:
    page = story(TITLE, paragraphs(*P, line))
    assert text_of(page) == list(P)
    assert cuts(page)[line].split(".")[0] in ("structure", "phrase", "page")


@pytest.mark.parametrize(
    "line",
    ["(He laughs.)", "(The mayor of the harbour town was on a journey)", "Jane Roe", "(1) nets", "(3:2)"],
)
def test_brackets_that_hold_more_than_a_name_sign_nothing(line: str) -> None:
    assert not is_signature(line)


def test_brackets_in_the_middle_of_an_article_stay() -> None:
    lines = [P[0], "(Long silence)", *P[1:]]
    assert text_of(story(TITLE, paragraphs(*lines))) == lines


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert is_dateline(text) in (True, False)
    assert not (is_signature(text) and is_dateline(text.strip("()[] ")))
    assert is_byline(text, PEOPLE) in (True, False)
