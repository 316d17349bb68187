"""The demo newsroom's content holds its rules, its pages hold the gold."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from pathlib import Path

import pytest

from demo import content
from demo.dates import jalali, persian_digits
from demo.model import Article, Outlet
from demo.pages import GALLERY, Site
from demo.parts import PAGE_SIZE, grouped
from demo.pictures import picture
from demo.rules import ContentError
from tests.helpers_newsroom import OUTLETS, PORT, per_outlet

ARTICLES = [(outlet, article) for outlet in OUTLETS for article in outlet.articles]
PAGINATED = [outlet for outlet in OUTLETS if any(len(outlet.desk(s)) > PAGE_SIZE for s in outlet.sections)]

per_article = pytest.mark.parametrize(
    ("outlet", "article"), ARTICLES, ids=[f"{o.name}/{a.slug}" for o, a in ARTICLES]
)


def page_text(outlet: Outlet, path: str) -> str:
    """A page as a reader's eye has it: decoded, entities resolved, white space folded."""
    site = Site(outlet, PORT)
    text = site.page(path).body.decode(site.links.dialect.charset)
    return " ".join(html.unescape(text).split())


# Content


def test_six_outlets_with_their_addresses() -> None:
    assert [outlet.address for outlet in OUTLETS] == [f"127.0.0.{n}" for n in range(2, 8)]


@per_outlet
def test_an_outlet_has_twelve_articles_and_every_event(outlet: Outlet) -> None:
    assert len(outlet.articles) == content.ARTICLES_EACH
    events = {article.event for article in outlet.articles if article.event}
    assert events == content.EVENTS
    assert all(outlet.desk(section) for section in outlet.sections)
    days = {article.published.date() for article in outlet.articles}
    assert date(2026, 11, 1) <= min(days) <= max(days) <= date(2026, 11, 14)


def broken(folder: Path, old: str, new: str) -> Path:
    """A copy of one content file with its first occurrence of a string changed."""
    source = content.CONTENT / "harbour-ledger.toml"
    text = source.read_text(encoding="utf-8")
    assert old in text
    (folder / source.name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("[[articles]]\nslug", "[[articles]]\nslugg", "slug"),
        ('image = "', 'colour = "red"\nimage = "', "colour"),
        ('alt = "', 'alt = "  ', "alt"),
        ('published = "2026-11-14T07:45:00+00:00"', 'published = "yesterday"', "published"),
        ('published = "2026-11-14T07:45:00+00:00"', 'published = "2026-11-02"', "published"),
        ('section = "culture-sport"', 'section = "gardening"', "section"),
        ("For a century the", "For a  century the", "body"),
        ("## A clockmaker", "## A", "body"),
        ('related = ["', 'related = ["no-such-story", "', "related"),
        ('address = "127.0.0.7"', "address = 7", "address"),
    ],
)
def test_a_fault_is_one_line_that_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    if key == "body" and old.startswith("## "):
        new += " lens\n\n"
    with pytest.raises(ContentError) as caught:
        content.load(broken(tmp_path, old, new))
    message = str(caught.value)
    assert message.startswith("harbour-ledger.toml: ")
    assert f".{key}: " in message
    assert "\n" not in message


def test_an_empty_folder_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="no content files"):
        content.load(tmp_path)


def test_gold_text_has_no_marks_left() -> None:
    entries = content.gold(PORT)
    assert len(entries) == len(OUTLETS) * content.ARTICLES_EACH
    assert len({entry.url for entry in entries}) == len(entries)
    for entry in entries:
        assert not re.search(r"^(## |> |- )", entry.text, re.MULTILINE)
        assert entry.published.utcoffset() is not None


def test_site_files_are_those_of_the_content(tmp_path: Path) -> None:
    written = content.write_site_files(tmp_path)
    assert len(written) == len(OUTLETS)
    for file in written:
        assert file.read_bytes() == (content.HERE / "sites" / file.name).read_bytes()
    moved = content.write_site_files(tmp_path, port=9000)
    assert all(":9000/" in file.read_text(encoding="utf-8") for file in moved)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 3), (1405, 8, 12)),
        (date(2026, 3, 21), (1405, 1, 1)),
        (date(2025, 3, 20), (1403, 12, 30)),
        (date(2021, 3, 20), (1399, 12, 30)),
        (date(1979, 2, 11), (1357, 11, 22)),
        (date(2026, 9, 22), (1405, 6, 31)),
    ],
)
def test_jalali(day: date, expected: tuple[int, int, int]) -> None:
    assert jalali(day) == expected


# Pages


@per_article
def test_a_page_holds_its_whole_story_in_order(outlet: Outlet, article: Article) -> None:
    text = page_text(outlet, article.path)
    text = re.sub(r'<span class="related-inline">.*?</span></span> ?', "", text)
    place = text.index("<h1")
    for block in article.blocks:
        place = text.index(block.text, place) + len(block.text)


@per_article
def test_a_page_holds_what_the_gold_says(outlet: Outlet, article: Article) -> None:
    text = page_text(outlet, article.path)
    headings = re.findall(r"<h1[^>]*>(.*?)</h1>", text)
    assert headings == [article.title]
    facts = [article.section.name, article.description, article.caption, article.credit]
    facts += [*article.authors, *article.tags, article.published.isoformat(), article.alt]
    facts += [article.image_path, *([article.wire] if article.wire else [])]
    if article.modified:
        facts.append(article.modified.isoformat())
    for fact in facts:
        assert fact in text


@per_outlet
def test_pages_are_well_declared(outlet: Outlet) -> None:
    text = page_text(outlet, outlet.articles[0].path)
    found = re.search(r"<html[^>]*>", text)
    assert found
    assert f'dir="{outlet.direction}"' in found[0]
    assert f'lang="{outlet.language}' in found[0]
    for block in re.findall(r"ld\+json[^>]*>(.*?)</script>", text):
        assert json.loads(block)


def test_most_outlets_name_the_canonical_address() -> None:
    canonical = [
        outlet.name
        for outlet in OUTLETS
        if f'<link rel="canonical" href="{outlet.articles[0].url(PORT)}"'
        in page_text(outlet, outlet.articles[0].path)
    ]
    assert len(canonical) == 4


@per_outlet
def test_pages_are_the_same_byte_for_byte(outlet: Outlet) -> None:
    first, second = Site(outlet, PORT), Site(outlet, PORT)
    assert first.paths() == second.paths()
    for path in first.paths():
        if not path.endswith(".jpg"):
            assert first.page(path) == second.page(path)


@per_outlet
def test_the_glued_card_leaves_the_paragraph_whole(outlet: Outlet) -> None:
    for article in outlet.articles:
        split = [group for group in grouped(article) if group.halves]
        assert len(split) == 1
        halves = split[0].halves or ("", "")
        assert " ".join(half for half in halves if half) == split[0].texts[0]


@per_outlet
def test_the_home_page_shows_sections_and_reaches_articles(outlet: Outlet) -> None:
    site = Site(outlet, PORT)
    text = page_text(outlet, "/")
    assert "/search?q=" in text
    assert site.links.feed in text
    for section in outlet.sections:
        assert section.name in text
        listed = ""
        for number in range(1, site.links.pages(section) + 1):
            listed += page_text(outlet, site.links.section(section, number))
        for article in outlet.desk(section):
            assert article.title in listed
            assert html.escape(article.path) in listed


@pytest.mark.parametrize("outlet", PAGINATED, ids=lambda outlet: outlet.name)
def test_long_sections_have_a_second_page(outlet: Outlet) -> None:
    site = Site(outlet, PORT)
    section = max(outlet.sections, key=lambda section: len(outlet.desk(section)))
    assert site.links.section(section, 2) in page_text(outlet, site.links.section(section))


@per_outlet
def test_the_decoy_holds_no_story(outlet: Outlet) -> None:
    page = Site(outlet, PORT).page(content.NOT_ARTICLES[outlet.name])
    assert page.status == 200
    text = page_text(outlet, content.NOT_ARTICLES[outlet.name])
    assert not any(block.text in text for a in outlet.articles for block in a.blocks)
    assert len(re.findall(r"<p\b", text)) < 12


def test_persian_pages_differ_in_the_joiner() -> None:
    outlet = next(outlet for outlet in OUTLETS if outlet.name == "khabarnameh")
    site = Site(outlet, PORT)
    bodies = [
        site.page(article.path).body.decode().split('class="item-text"')[1].split("انتهای پیام")[0]
        for article in outlet.articles
    ]
    assert sum("&zwnj;" in body for body in bodies) == len(bodies) // 2
    assert sum("\u200c" in body for body in bodies) == len(bodies) // 2
    assert persian_digits(outlet.articles[0].number) in page_text(outlet, outlet.articles[0].path)


def test_a_picture_is_a_jpeg_of_its_own() -> None:
    assert picture(GALLERY[0]).startswith(b"\xff\xd8\xff")
    assert picture(GALLERY[0]) == picture(GALLERY[0])
    assert len({picture(name) for name in GALLERY}) == len(GALLERY)
