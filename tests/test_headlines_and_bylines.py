"""Headlines without kicker and site name; people of the lines that readers see; whom witnesses agree on."""

from __future__ import annotations

import json

import pytest

from pipelines.metadata.authors import authors, is_byline, signatures
from pipelines.metadata.title import headline
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import PARK, TITLE, article, paragraphs, story
from tests.helpers_metadata import lines_of, meta, page, script, stated

HOST = "www.harbour.test"


def title(head: str = "", body: str = "", host: str = HOST) -> str | None:
    return headline(stated(head, body), host)


def people(body: str, head: str = "") -> tuple[str, ...]:
    """Authors of a page with the headline, these lines below it and a story."""
    root = page(head, f"<nav><p>World News</p></nav><main><h1>{TITLE}</h1>{body}{paragraphs(*PARK)}</main>")
    lines = lines_of(root, TITLE)
    return authors(stated(head, body), lines, HOST, DEFAULT_POLICY)


# Headlines


def test_the_heading_over_the_text_is_the_headline_though_machines_are_told_another() -> None:
    head = meta(og_title="Ten reasons to visit the quay park in 2026") + "<title>Visit the quay park</title>"
    assert title(head, "<h1>Why the quay has a park at last</h1>") == "Why the quay has a park at last"


def test_a_kicker_before_the_headline_goes() -> None:
    head = meta(og_title="New park opens on the quay")
    assert title(head, "<h1><span>Town council</span> New park opens on the quay</h1>") == TITLE


def test_a_heading_that_names_the_section_is_no_headline() -> None:
    head = meta(og_title=TITLE, article_section="Travel") + f"<title>{TITLE} | Travel</title>"
    assert title(head, "<h1>Travel</h1>") == TITLE
    assert title(head, f"<h1>Travel</h1><h1>{TITLE}</h1>") == TITLE


@pytest.mark.parametrize(
    "said",
    [
        f"{TITLE} - Harbour",
        f"{TITLE} | The Harbour",
        f"{TITLE} – Harbour Online",
        f"Harbour: {TITLE}",
        f"{TITLE} | Harbour | News from the coast since 1920",
        f"{TITLE}_Town_Harbour",
    ],
)
def test_the_name_of_the_site_goes_whatever_joins_it(said: str) -> None:
    assert title(f"<title>{said}</title>") in (TITLE, f"{TITLE}_Town")


def test_the_site_is_known_by_its_link_home_and_by_the_heading_that_shows_the_title() -> None:
    assert title(f"<title>{TITLE} - Coast Gazette</title>", '<a href="/">Coast Gazette</a>') == TITLE
    assert title(f"<title>{TITLE} - Coast Gazette</title>", f"<h2>{TITLE}</h2>") == TITLE


def test_a_dash_that_belongs_to_the_headline_stays() -> None:
    said = "Long-term plans for the quay - and what they cost"
    assert title(f"<title>{said}</title>" + meta(og_title=said), f"<h1>{said}</h1>") == said


def test_a_newsroom_that_states_its_headline_twice_is_believed() -> None:
    news = {"@type": "NewsArticle", "headline": TITLE}
    head = script(json.dumps(news)) + meta(og_title=TITLE)
    assert title(head, "<h1>Live: all the news of the day from the harbour</h1>") == TITLE


def test_styles_in_a_heading_are_no_words_and_broken_lines_are_parted() -> None:
    heading = "<h1>New park<style>.a{color:red}</style><br>opens on the quay</h1>"
    assert title(body=heading) == TITLE


# Bylines


@pytest.mark.parametrize(
    "byline",
    [
        "<p>By Jane Roe</p>",
        "<p>By Jane Roe | 3 May 2026</p>",
        "<p>Published 3 May 2026 by Jane Roe</p>",
        '<div class="post-author"><a href="/x">Jane Roe</a></div>',
        '<p><a href="/authors/jane-roe/">Jane Roe</a></p>',
        "<p>Written by</p><p>Jane Roe</p>",
        "<p>Jane Roe</p><p>3 May 2026</p>",
        "<p>Jane Roe | 3 May 2026</p>",
        '<div class="byline"><span>Jane Roe</span><span>3 May 2026</span></div>',
    ],
)
def test_the_byline_a_reader_sees_is_read(byline: str) -> None:
    assert people(byline) == ("Jane Roe",)


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("<p>بقلم: سلمى الحداد</p>", ("سلمى الحداد",)),
        ("<p>كتبت سلمى الحداد</p>", ("سلمى الحداد",)),
        ("<p>Von Jana Rohde und Karl Muster</p>", ("Jana Rohde", "Karl Muster")),
        ("<p>מאת דנה לוין</p>", ("דנה לוין",)),
    ],
)
def test_bylines_are_read_in_any_language(byline: str, expected: tuple[str, ...]) -> None:
    assert people(byline) == expected


@pytest.mark.parametrize(
    "line",
    [
        "<p>World News</p><p>3 May 2026</p>",
        '<p class="category"><a href="/c">Project Management</a></p><p>3 May 2026</p>',
        '<div class="related-authors"><p>Karl Muster</p></div>',
        "<p>By the way, the quay was closed on Monday.</p>",
        '<p class="comment-author">Karl Muster</p>',
        "<p>Text Size</p>",
    ],
)
def test_lines_that_name_nobody_make_no_author(line: str) -> None:
    assert people(line) == ()


def test_whom_most_witnesses_name_wrote_it() -> None:
    head = script(json.dumps({"@type": "Article", "headline": TITLE, "author": {"name": "Karl Muster"}}))
    assert people("", head) == ("Karl Muster",)
    assert people("<p>By Jane Roe</p>", head + meta(article_author="Jane Roe")) == ("Jane Roe",)


def test_a_fuller_witness_of_the_same_people_is_preferred() -> None:
    assert people("<p>By Jane Roe</p>", meta(article_author="Jane")) == ("Jane Roe",)
    assert people("<p>By Jane Roe</p>", meta(article_author="jroe_77")) == ("Jane Roe",)
    both = people("<p>By Jane Roe and Karl Muster</p>", meta(article_author="Karl Muster"))
    assert both == ("Jane Roe", "Karl Muster")


def test_the_heading_of_an_author_box_adds_nothing_to_the_name() -> None:
    below = '<div class="author-box"><p>About Jane Roe</p></div>'
    assert people(below, meta(article_author="Jane Roe")) == ("Jane Roe",)


def test_a_person_whose_site_it_is_wrote_it_and_a_newspaper_did_not() -> None:
    root = page(meta(og_site_name="Jane Roe", article_author="Jane Roe"))
    said = stated(meta(og_site_name="Jane Roe", article_author="Jane Roe"))
    assert authors(said, lines_of(root, None), "janeroe.test", DEFAULT_POLICY) == ("Jane Roe",)
    news = script(
        json.dumps({"@type": "NewsArticle", "author": "Jane Roe", "publisher": {"name": "Jane Roe"}})
    )
    assert authors(stated(news), [], "janeroe.test", DEFAULT_POLICY) == ()


def test_who_signs_below_the_story_wrote_it() -> None:
    assert signatures(["(Salma Haddad)", "(dpa)"]) == ("Salma Haddad",)
    found = article(story(TITLE, paragraphs(*PARK, "(Salma Haddad)")))
    assert found.authors == ("Salma Haddad",)


def test_a_byline_begins_with_its_preposition() -> None:
    assert [is_byline(text) for text in ("By Jane Roe", "Par Jeanne Roux", "Bypass opens")] == [
        True,
        True,
        False,
    ]


# Agencies


@pytest.mark.parametrize(
    ("lines", "first", "code"),
    [
        ("", "BEIRUT (Reuters) - The council said on Monday that the park opens.", "Reuters"),
        ("<p>By Jane Roe, Associated Press</p>", PARK[0], "AP"),
        ("", "الرياض (أ ف ب) - قال المجلس إن الحديقة ستفتح أبوابها في الربيع المقبل للجميع.", "AFP"),
        ("", "The mayor told Reuters on Monday that the park opens to everyone in spring.", None),
    ],
)
def test_the_agency_a_story_is_from(lines: str, first: str, code: str | None) -> None:
    found = article(story(TITLE, f"{lines}{paragraphs(first, *PARK[1:])}"))
    assert found.wire_source == code
