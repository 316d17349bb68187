"""What is made of a page's statements: headline, authors, pictures, tags, kind and rights."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.metadata.authors import authors
from pipelines.metadata.facts import page_type, rights, tags
from pipelines.metadata.images import cover, figures
from pipelines.metadata.structured import read_statements
from pipelines.metadata.title import headline, without_site_name
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Image, Page, Witness
from tests.helpers_metadata import JSON, STORY, TITLE, lines_of, meta, page, script, stated


def title(head: str = "", body: str = "") -> str | None:
    return headline(stated(head, body), "www.harbour.test")


def names(*values: str, publisher: str = "The Harbour") -> tuple[str, ...]:
    """Authors of a page whose <meta> tags name these."""
    root = page(meta(og_site_name=publisher) + "".join(meta(article_author=value) for value in values))
    return authors(read_statements(root), lines_of(root, None), "harbour.test", DEFAULT_POLICY)


def pictures(body: str) -> tuple[Image, ...]:
    return figures(page(body=body), "https://example.org/news/1")


def seen_rights(head: str = "", *headers: tuple[str, str]) -> tuple[str, ...]:
    fetched = Page("https://example.org/a", b"", headers, datetime(2026, 11, 3, tzinfo=UTC), "harbour", "run")
    return rights(stated(head), fetched)


# -- Headline


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("<title>Rain in May - The Harbour</title>" + meta(og_site_name="The Harbour"), "", "Rain in May"),
        ("<title>The Harbour | Rain in May</title>" + meta(og_site_name="The Harbour"), "", "Rain in May"),
        ("<title>Rain in May | Harbour</title>", "", "Rain in May"),
        ("<title>Rain in May – www.harbour.test</title>", "", "Rain in May"),
        (f"<title>{TITLE} | صحيفة الميناء</title>" + script(JSON), "", TITLE),
        ("<title>US-China talks - day two - Harbour</title>", "", "US-China talks - day two"),
        ("<title>Rain: the harbour floods</title>", "", "Rain: the harbour floods"),
        (meta(og_title="Rain in May"), "<h1>The Harbour</h1>", "Rain in May"),
        (meta(og_title="Rain in May - Harbour"), "<h1>Rain in May</h1>", "Rain in May"),
        ("<title>Rain in May - Harbour</title>", "<h1>Rain in May - Harbour</h1>", "Rain in May"),
        ("<title>Harbour</title>", "<h1>Rain falls on the coast</h1>", "Rain falls on the coast"),
        ("<title>The Harbour</title>" + meta(og_site_name="The Harbour"), "<h1>The Harbour</h1>", None),
        ("", "<svg><title>Menu</title></svg><h1>Rain falls on the coast</h1>", "Rain falls on the coast"),
        ("<title></title>", "<h1> </h1>", None),
        ("", "", None),
    ],
)
def test_the_headline_is_what_the_page_says_without_the_sites_name(
    head: str, body: str, expected: str | None
) -> None:
    assert title(head, body) == expected


def test_a_title_that_is_all_site_name_is_left_as_it_is() -> None:
    assert without_site_name("The Harbour - Harbour", {"theharbour", "harbour"}) == "The Harbour - Harbour"


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="ab |-–»: سدّ", max_size=30))
def test_taking_off_the_sites_name_leaves_a_part_of_the_title(text: str) -> None:
    assert without_site_name(text, {"ab", "سد"}) in text


# -- Authors


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Jane Roe"], ("Jane Roe",)),
        (["By Jane Roe and Max Poe"], ("Jane Roe", "Max Poe")),
        (["By:Jane Roe"], ("Jane Roe",)),
        (["بقلم: سلمى الحداد، مازن طه"], ("سلمى الحداد", "مازن طه")),
        (["מאת דנה לוי"], ("דנה לוי",)),
        (["زهرا کریمی‌نژاد"], ("زهرا کریمی‌نژاد",)),
        (["Jane Roe", "Max Poe", "JANE  ROE"], ("Jane Roe", "Max Poe")),
        (["Anderson Byrd"], ("Anderson Byrd",)),
        (["Jane Roe | The Harbour"], ("Jane Roe",)),
        (["jane@example.org (Jane Roe)"], ("Jane Roe",)),
        (["Jane Roe <jane@example.org>"], ("Jane Roe",)),
        (["https://example.org/people/jane", "Jane Roe"], ("Jane Roe",)),
        (["admin", "Jane Roe"], ("Jane Roe",)),
    ],
)
def test_authors_are_the_people_named(values: list[str], expected: tuple[str, ...]) -> None:
    assert names(*values) == expected


@pytest.mark.parametrize(
    "value",
    [
        *"admin Administrator Editor Staff المحرر מערכת By بقلم: null 42 - ؟ @jane jane@example.org".split(),
        *"https://example.org/jane //example.org/jane www.example.org/jane /people/jane".split(),
        "هيئة التحرير",
        "The Harbour",
        "THE HARBOUR",
    ],
)
def test_nobody_is_no_author(value: str) -> None:
    assert names(value) == ()


def test_an_organisation_given_as_author_is_no_person() -> None:
    story = STORY | {
        "author": [{"@type": "Organization", "name": "وكالة"}, {"@type": "Person", "name": "مازن طه"}]
    }
    root = page(script(json.dumps(story)))
    assert authors(read_statements(root), [], "harbour.test", DEFAULT_POLICY) == ("مازن طه",)


def test_what_is_too_long_is_no_name() -> None:
    assert names("x" * 200_000) == names("Jane Roe " * 50) == ()


# -- What a feed said


def test_a_feed_names_headline_and_people_where_the_page_does_not() -> None:
    witness = Witness("Rain in May", None, ("Jane Roe",))
    said = stated("", "<p>text</p>").with_witness(witness)
    assert headline(said, "harbour.test") == "Rain in May"
    assert authors(said, [], "harbour.test", DEFAULT_POLICY) == ("Jane Roe",)


def test_the_page_itself_goes_before_the_feed() -> None:
    witness = Witness("Rain!", None, ("Max Poe",))
    said = stated(meta(og_title="Rain in May") + meta(article_author="Jane Roe"), "").with_witness(witness)
    assert headline(said, "harbour.test") == "Rain in May"
    assert authors(said, [], "harbour.test", DEFAULT_POLICY) == ("Jane Roe",)


# -- Pictures


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (
            '<img src="/a.jpg" alt="A"><figcaption>Bridge <b class="credit">Jane</b></figcaption>',
            ("Bridge", "Jane", "A"),
        ),
        (
            '<img src="/a.jpg"><figcaption><i class="photo-credit">Jane</i> Jane at sea</figcaption>',
            ("Jane at sea", "Jane", None),
        ),
        (
            '<img src="/a.jpg"><figcaption>Jane walks <i class="credit">Jane</i></figcaption>',
            ("Jane walks", "Jane", None),
        ),
        ('<img src="/a.jpg"><figcaption>الجسر <b>القديم</b></figcaption>', ("الجسر القديم", None, None)),
        ('<img src="/a.jpg"><figcaption class="credit-line"> </figcaption>', (None, None, None)),
        ('<img src="/a.jpg" alt=" ">', (None, None, None)),
        ('<img src="data:image/gif;base64,R0" data-src="/a.jpg">', (None, None, None)),
        ('<amp-img src="https://example.org/a.jpg"></amp-img>', (None, None, None)),
    ],
)
def test_a_figure_gives_its_picture_caption_and_credit(figure: str, expected: tuple[str | None, ...]) -> None:
    assert pictures(f"<figure>{figure}</figure>") == (Image("https://example.org/a.jpg", *expected),)


@pytest.mark.parametrize(
    "source", ["", "javascript:x", "data:image/png;base64,iVBO", "http://[bad", "file:///etc/passwd"]
)
def test_a_picture_without_a_web_address_is_none(source: str) -> None:
    assert pictures(f'<figure><img src="{source}"></figure>') == ()
    assert cover(stated(f'<meta property="og:image" content="{source}">'), "https://example.org/") is None


def test_each_picture_is_listed_once_and_not_without_end() -> None:
    body = "".join(f'<figure><img src="/{number // 2}.jpg"></figure>' for number in range(400))
    found = [image.url for image in pictures(body)]
    assert len(found) == len(set(found)) == 50


def test_the_cover_is_the_first_that_can_be_fetched() -> None:
    head = meta(og_image="data:image/gif;base64,R0") + '<meta name="twitter:image" content="/b.jpg">'
    assert cover(stated(head), "https://example.org/news/1") == "https://example.org/b.jpg"


# -- Tags, kinds, rights


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta name="keywords" content="سدود، مياه, طاقة;سدود">', ("سدود", "مياه", "طاقة")),
        (meta(article_tag="rain") + meta(article_tag="Rain") + meta(article_tag="coast"), ("rain", "coast")),
        (meta(article_tag=" , ") + '<meta name="keywords" content="rain">', ("rain",)),
        (script('{"@type": "Article", "keywords": ["rain", "coast, sea"]}'), ("rain", "coast", "sea")),
        ('<meta name="keywords" content=",;,">', ()),
        ("", ()),
    ],
)
def test_tags_are_those_of_the_first_source_that_has_any(head: str, expected: tuple[str, ...]) -> None:
    assert tags(stated(head)) == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["NewsArticle"], "article"),
        (["LiveBlogPosting"], "liveblog"),
        (["NewsArticle", "LiveBlogPosting"], "liveblog"),
        (["OpinionNewsArticle"], "opinion"),
        (["https://schema.org/OpinionNewsArticle"], "opinion"),
        (["VideoObject"], "video"),
        (["NewsArticle", "VideoObject"], "article"),
        (["ImageGallery"], "gallery"),
        ([], "article"),
    ],
)
def test_a_page_is_an_article_unless_it_says_more(kinds: list[str], expected: str) -> None:
    assert page_type(stated("".join(script(json.dumps({"@type": kind})) for kind in kinds))) == expected


@pytest.mark.parametrize(
    ("head", "headers", "expected"),
    [
        ('<meta name="robots" content="index, NOAI, noimageai">', [], ("robots:noai", "robots:noimageai")),
        ("", [("x-robots-tag", "all"), ("x-robots-tag", "otherbot: noai")], ("x-robots-tag:otherbot:noai",)),
        ('<meta name="tdm-reservation" content="1">', [], ("tdm-reservation:1",)),
        ("", [("tdm-reservation", " 1 ")], ("tdm-reservation:1",)),
        ('<link rel="License" href="https://example.org/by">', [], ("license:https://example.org/by",)),
        ('<meta name="robots" content="max-image-preview:large">', [], ()),
        ("", [], ()),
    ],
)
def test_opt_outs_and_licences_are_kept_as_seen(
    head: str, headers: list[tuple[str, str]], expected: tuple[str, ...]
) -> None:
    assert seen_rights(head, *headers) == expected
