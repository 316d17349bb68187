"""What is written of a new site, what is said to look wrong, and where the file may go."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UserError
from crawler.newsite.doubts import doubts
from crawler.newsite.draft import draft, language_of
from crawler.newsite.look import ends, view
from crawler.newsite.records import Look, Surveyed
from crawler.newsite.writing import check_loads, checked_name, target, twins, write
from crawler.terminal import Terminal
from pipelines.records import Article
from tests.helpers_clean import TITLE, article
from tests.helpers_newsite import NEWS, START, TODAY, Web, front

PLAIN = Terminal(100, colours=False, directions=False)


# -- what is written, and what is said


def surveyed(*articles: Article, language: str | None = None, **more: Any) -> Surveyed:
    """A survey that ended with these articles."""
    bare = Surveyed(START, START, language, (), (), (), 40, ())
    web = Web({"": front("a/2026/city-rain-1"), "a/2026/city-rain-1": NEWS}).surveyed()
    cleaned = web.looks[0].cleaned
    assert cleaned
    looks = tuple(Look(START, replace(cleaned, result=each)) for each in articles)
    return replace(bare, looks=looks, **more)


def in_languages(*codes: str, declared: str | None = None) -> Surveyed:
    one = article(NEWS)
    return replace(surveyed(*(replace(one, language=code) for code in codes)), language=declared)


@pytest.mark.parametrize(
    ("codes", "declared", "language"),
    [
        (("ar", "ar", "en"), "en", "ar"),
        (("en", "ar"), "ar", "ar"),
        (("fr", "ar"), "en", "fr"),
        (("und", "und", "fa"), "ar", "fa"),
        (("und",), "ar", "ar"),
        ((), "he", "he"),
        ((), None, None),
    ],
)
def test_the_language_is_that_of_most_articles(
    codes: tuple[str, ...], declared: str | None, language: str | None
) -> None:
    assert language_of(in_languages(*codes, declared=declared)) == language


def test_two_languages_and_a_wrong_declaration_look_wrong() -> None:
    said = list(doubts(in_languages("ar", "ar", "fr", declared="en")))
    assert "the articles are in 2 languages: ar, fr" in said
    assert "the front page declares en, the articles are in ar" in said


def test_an_article_without_date_or_title_looks_wrong() -> None:
    bare = replace(article(NEWS), published_date=None, published_at=None, title=None, language="und")
    said = list(doubts(surveyed(article(NEWS), bare)))
    assert [line for line in said if line.startswith("page 2: ")] == [
        "page 2: no date",
        "page 2: no title",
        "page 2: its language is unknown",
    ]


def test_a_first_visit_expects_half_of_what_it_saw_as_a_comment() -> None:
    text = draft(surveyed(article(NEWS), listed=9), "harbour", TODAY)
    assert "# min_articles = 4\n" in text
    assert text.startswith("# Written by `scrapy newsite` of Khabar ")
    assert "2026-11-21" in text.splitlines()[0]
    uncommented = text.replace("# [expect]", "[expect]").replace("# min", "min").replace("# lang", "lang")
    check_loads(uncommented)
    assert tomllib.loads(uncommented)["expect"] == {"min_articles": 4, "languages": ["en"]}
    assert "# min_articles = 20\n" in draft(surveyed(article(NEWS), listed=900), "harbour", TODAY)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (
            "قال الوزير إن المطر قادم. ثم سكت.\n\nلماذا؟ لا أحد يعلم؟",
            "قال الوزير إن المطر قادم.",
            "لا أحد يعلم؟",
        ),
        ("بارش ہوئی۔ سردی تھی۔", "بارش ہوئی۔", "سردی تھی۔"),
        ("下雨了。很冷。", "下雨了。", "很冷。"),
        ("He said: “Go.” She went", "He said: “Go.", "She went"),
        ("No end", "No end", "No end"),
        ("", "", ""),
    ],
)
def test_first_and_last_sentence_in_any_script(text: str, first: str, last: str) -> None:
    assert ends(text) == (first, last)


@given(st.text(max_size=400))
def test_sentences_shown_are_short_and_of_the_text(text: str) -> None:
    for sentence in ends(text):
        assert len(sentence) <= 240
        assert sentence.removesuffix("…") in text or sentence in text


def test_a_page_cannot_write_to_the_terminal() -> None:
    evil = replace(article(NEWS), title="Quay\x1b[2J\u202e", authors=("A\x07",), text="B\x1b]0;x\x07.")
    look = Look(f"{START}\x1b[31m", failed="\x1b[0m")
    found = surveyed(evil)
    shown = "\n".join(view(replace(found, looks=(*found.looks, look)), ["\x1b[5m"], PLAIN))
    assert "Quay" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


@pytest.mark.parametrize("columns", [20, 40, 59, 60, 100])
def test_lines_fit_the_terminal(columns: int) -> None:
    found = Web({"": front("a/2026/city-rain-1"), "a/2026/city-rain-1": NEWS}).surveyed()
    lines = list(view(found, doubts(found), replace(PLAIN, columns=columns)))
    assert max(map(len, lines)) <= columns
    assert TITLE in " ".join(" ".join(lines).replace("│", "").split())


# -- the file


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "harbour.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"harbour\.toml: is there already; --force replaces it"):
        target(tmp_path, "harbour", force=False)
    path = target(tmp_path, "harbour", force=True)
    with pytest.raises(UserError, match="is there already"):  # it came while the site was visited
        write("new", path, force=False)
    assert path.read_text(encoding="utf-8") == "mine"
    write("new", path, force=True)
    assert path.read_text(encoding="utf-8") == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["harbour.toml"]
    assert path.stat().st_mode & 0o444 == 0o444 & ~os.umask(os.umask(0o022))


def test_a_name_that_another_file_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text(f'name = "harbour"\nstart = "{START}"\n', encoding="utf-8")
    (tmp_path / "broken.toml").write_text("name = ", encoding="utf-8")
    for force in (False, True):  # two sites of one name would stop every run
        with pytest.raises(UserError, match=r"old\.toml: is the site 'harbour' already; --name"):
            target(tmp_path, "harbour", force=force)
    path = target(tmp_path, "quay", force=False)
    assert twins(path, "http://harbour.example") == [tmp_path / "old.toml"]
    assert twins(path, f"{START}ar") == []


@pytest.mark.parametrize("name", ["", "Harbour", "../harbour", "a/b", "-a", "x" * 65, "ميناء"])
def test_a_name_no_site_may_have_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"--name .* is no name: letters a-z"):
        checked_name(name)
