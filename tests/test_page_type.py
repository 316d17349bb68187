"""Kinds of pages: an article unless another kind is evident."""

from __future__ import annotations

import pytest

from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.facts import page_type
from pipelines.page.outline import Outline
from pipelines.page.tree import parse

SENTENCE = "The council of the harbour town said that the park will open next spring. "
URL = "https://news.test/city/2026/park-opens"


def kind(
    *stated: tuple[str, str], url: str = URL, body: str = "<p>Park</p>", text: str = SENTENCE * 20
) -> str:
    root = parse(f"<html><head></head><body>{body}</body></html>")
    outline = Outline.of(root) if root is not None else None
    return page_type(Statements(tuple(Candidate(f, v, "test") for f, v in stated)), url, outline, text)


@pytest.mark.parametrize(
    "section",
    "Opinion OPINION رأي الرأي مقالات یادداشت דעות Meinung Kommentar Opinión Мнения γνώμες 评论 社説".split(),
)
def test_a_section_of_opinions_makes_one(section: str) -> None:
    assert kind(("section", section)) == "opinion"


@pytest.mark.parametrize("section", ["Opinion polls", "Politics", "رأي عام", "Views of the port", ""])
def test_a_section_that_only_begins_so_does_not(section: str) -> None:
    assert kind(("section", section)) == "article"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/opinion/2026/why-parks", "opinion"),
        ("/commentisfree/2026/nov/why-parks", "opinion"),
        ("/%D8%B1%D8%A3%D9%8A/why-parks", "opinion"),
        ("/politics/opinion", "article"),
        ("/politics/opinion-polls/park", "article"),
        ("/[bad", "article"),
    ],
)
def test_a_folder_of_the_address_may_tell(path: str, expected: str) -> None:
    assert kind(url=f"https://news.test{path}") == expected


def test_what_the_page_declares_goes_before_where_it_is_filed() -> None:
    assert kind(("type", "LiveBlogPosting"), ("section", "Opinion")) == "liveblog"
    assert kind(("type", "NewsArticle"), ("type", "OpinionNewsArticle")) == "opinion"


@pytest.mark.parametrize(
    ("stated", "url", "letters", "expected"),
    [
        ([("type", "video.other")], URL, 2, "video"),
        ([("type", "video.other")], URL, 40, "article"),
        ([("type", "VideoObject")], URL, 2, "video"),
        ([("type", "VideoObject")], URL, 40, "article"),
        ([("type", "NewsArticle"), ("type", "VideoObject")], URL, 2, "article"),
        ([("type", "NewsArticle"), ("type", "VideoObject")], "https://news.test/video/1/park", 2, "video"),
        ([("type", "article")], "https://news.test/video/1/park", 2, "article"),
    ],
)
def test_a_page_with_a_film_and_little_else_is_a_video(
    stated: list[tuple[str, str]], url: str, letters: int, expected: str
) -> None:
    assert kind(*stated, url=url, text=SENTENCE * letters) == expected


FRAMES = "".join(f"<li><figure><img src='/{n}.jpg'></figure></li>" for n in range(10))
TEASERS = "".join(f"<li><a href='/{n}'><figure><img src='/{n}.jpg'></figure></a></li>" for n in range(10))


def test_many_pictures_and_little_text_are_a_gallery() -> None:
    assert kind(body=f"<ul>{FRAMES}</ul>", text=SENTENCE * 3) == "gallery"
    assert kind(body=f"<ul>{FRAMES}</ul>", text=SENTENCE * 60) == "article"
    assert kind(body=f"<ul>{TEASERS}</ul>", text=SENTENCE * 3) == "article"
    five = "".join("<figure><img src='/1.jpg'></figure>" for _ in range(5))
    assert kind(body=f"<div>{five}</div>", text=SENTENCE) == "article"
    assert kind(body=f"<div>{five}</div>", text=SENTENCE, url="https://news.test/gallery/1/park") == "gallery"


ENTRIES = "\n\n".join(f"{hour}:15 {SENTENCE}" for hour in range(9, 19))


def test_many_entries_with_a_time_on_a_live_page_are_a_live_blog() -> None:
    assert kind(text=ENTRIES, url="https://news.test/city/storm-live-updates") == "liveblog"
    assert kind(text=ENTRIES, url="https://news.test/city/sturm-im-liveticker") == "liveblog"
    assert kind(text=ENTRIES, url="https://news.test/city/مباشر-العاصفة") == "liveblog"
    assert kind(text=ENTRIES) == "article"  # a timetable
    assert kind(url="https://news.test/city/delivery-of-olives") == "article"


def test_a_box_that_is_named_so_needs_its_times() -> None:
    times = "".join(f"<p><time>{hour}:15</time></p>" for hour in range(9, 19))
    assert kind(body=f"<main><div class='c-live_blog'>{times}</div></main>") == "liveblog"
    assert kind(body=f"<main><div class='c-liveblog'></div></main><div>{times}</div>") == "article"
    assert kind(body=f"<main><div class='alive-blogger'>{times}</div></main>") == "article"


def test_declarations_alone_are_enough_to_ask() -> None:
    assert page_type(Statements(())) == "article"
    assert page_type(Statements((Candidate("type", "ImageGallery", "json-ld"),))) == "gallery"
