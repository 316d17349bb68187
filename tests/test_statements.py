"""What pages state about themselves, in the forms they really state it: JSON-LD, <meta>, microdata."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_metadata import JSON, STORY, TITLE, meta, script, stated

# -- JSON-LD


@pytest.mark.parametrize(
    "source",
    [
        JSON,
        f"[{JSON}]",
        f"\n\n  {JSON}\n\n",
        "\ufeff" + JSON,
        JSON + ";",
        JSON + " ;\n",
        f"<!-- {JSON} -->",
        f"<!--\n{JSON};\n-->",
        f"//<![CDATA[\n{JSON}\n//]]>",
        f"/*<![CDATA[*/ {JSON} /*]]>*/",
        f"<![CDATA[{JSON}]]>",
        html.escape(JSON),
        JSON.replace("{", "{\n\t").replace("وادي", "\tوادي"),
        JSON[:-1] + ",}",
        JSON.replace("سدّ", "\\سدّ"),
        JSON.replace('"NewsArticle"', '["Thing", "NewsArticle"]'),
        JSON.replace('"NewsArticle"', '"http://schema.org/NewsArticle"'),
        JSON.replace('"NewsArticle"', '"schema:NewsArticle"'),
        json.dumps({"@graph": [{"@type": "WebSite", "name": "x"}, STORY]}),
        json.dumps([{"@graph": [[STORY]]}]),
        json.dumps({"@type": "WebPage", "mainEntity": STORY}),
    ],
)
def test_json_ld_is_read_in_the_forms_it_comes_in(source: str) -> None:
    found = stated(script(source))
    assert found.first("title") == TITLE
    assert found.first("author") == "سلمى الحداد"
    assert found.first("section") == "اقتصاد"
    assert found.first("published") == "2026-11-03T10:00:00+03:00"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "   ",
        "var story = {}",
        "[" * 100_000 + "]" * 100_000,
        '{"@graph":' * 100_000 + "1" + "}" * 100_000,
        '{"@type": "NewsArticle", "wordCount": ' + "1" * 10_000 + "}",
        '{"@type": "NewsArticle", "headline": NaN, "author": [null, 7, {"name": null}, []]}',
        '{"@type": {"a": 1}, "headline": "x"}',
        '"NewsArticle"',
        " " * 300_000,
        "x" * 2_100_000,
        "[" + "0," * 300_000 + "0]",
    ],
    ids=lambda source: source[:20],
)
def test_json_ld_that_is_no_article_states_nothing_and_does_no_harm(source: str) -> None:
    found = stated(script(source) + meta(og_title=TITLE))
    assert [candidate.source for candidate in found.all("title")] == ["meta:og:title"]
    assert found.all("author") == []


def test_json_ld_that_was_cut_short_is_read_up_to_its_last_whole_member() -> None:
    for cut in (JSON[:-20], JSON[: JSON.index("publisher")], f"{JSON},{JSON}", f"{JSON}\n{JSON}"):
        found = stated(script(cut))
        assert (found.first("title"), found.first("author")) == (TITLE, "سلمى الحداد")


def test_the_plain_facts_of_an_article_are_read_out_of_what_is_no_json() -> None:
    source = '{"@type": "NewsArticle", "headline": "Rain in May", "description": "He said "yes"", "b": 1}'
    assert stated(script(source)).first("title") == "Rain in May"
    assert stated(script(source.replace("NewsArticle", "Product"))).first("title") is None


def test_an_author_that_the_graph_names_elsewhere_is_found() -> None:
    graph = [
        {"@type": "NewsArticle", "headline": TITLE, "author": {"@id": "#salma"}},
        {"@type": "Person", "@id": "#salma", "name": "سلمى الحداد"},
    ]
    assert stated(script(json.dumps({"@graph": graph}))).first("author") == "سلمى الحداد"


def test_what_the_page_itself_states_is_a_witness_of_its_own() -> None:
    web_page = {"@type": "WebPage", "datePublished": "2026-11-03", "author": {"name": "سلمى الحداد"}}
    found = stated(script(json.dumps(web_page)))
    assert (found.first("published"), found.first("page_published")) == (None, "2026-11-03")
    assert (found.first("author"), found.first("page_author")) == (None, "سلمى الحداد")


def test_a_broken_script_does_not_hide_the_next() -> None:
    assert stated(script("{broken") + script(JSON)).first("title") == TITLE


def test_an_article_nested_many_times_is_still_found() -> None:
    assert stated(script('{"@graph":' * 200 + JSON + "}" * 200)).first("title") == TITLE


def test_objects_without_end_are_read_up_to_a_limit() -> None:
    many = json.dumps([{"@type": "Thing"}] * 20_000 + [STORY])
    assert stated(script(many)).first("title") is None


def test_lone_surrogates_become_the_replacement_character() -> None:
    found = stated(script('{"@type": "Article", "headline": "Rain \\ud800 in May"}')).first("title")
    assert found == "Rain \N{REPLACEMENT CHARACTER} in May"


def test_what_a_product_or_an_organisation_says_is_no_headline() -> None:
    assert stated(script('{"@type": "Product", "headline": "Sale"}')).first("title") is None


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["@type", "@graph", "author", "name", "image", "url", "keywords", "headline"]
                ),
                inner,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_can_be_read_and_states_only_text(value: Any) -> None:
    source = json.dumps(
        {"@type": "Article", "author": value, "image": value, "keywords": value, "@graph": value}
    )
    for candidate in stated(script(source.replace("<", "\\u003c"))).candidates:
        assert candidate.value == candidate.value.strip() != ""


# -- OpenGraph, microdata and the rest


def test_opengraph_is_read_under_property_and_name() -> None:
    assert (
        stated('<meta name="og:title" content="A"><meta property="OG:Description" content="B">').first(
            "title"
        )
        == "A"
    )
    assert stated('<meta property="OG:Description" content="B">').first("description") == "B"


def test_json_ld_goes_before_opengraph_and_opengraph_before_twitter() -> None:
    head = '<meta name="twitter:title" content="third">' + meta(og_title="second") + script(JSON)
    assert [candidate.value for candidate in stated(head).all("title")] == [TITLE, "second", "third"]


def test_entities_escaped_twice_are_what_they_mean() -> None:
    assert (
        stated('<meta property="og:title" content="Bread &amp;amp; salt">').first("title") == "Bread & salt"
    )


def test_empty_values_and_layout_characters_are_no_statement() -> None:
    head = (
        '<meta property="og:title" content="  "><meta property="og:title" content="\u200f\u202b مطر \u202c">'
    )
    assert [candidate.value for candidate in stated(head).all("title")] == ["مطر"]


def test_zwnj_is_spelling_and_stays() -> None:
    assert stated(meta(og_title="اصلاح‌طلبان پیروز شدند")).first("title") == "اصلاح‌طلبان پیروز شدند"


def test_microdata_is_read() -> None:
    body = (
        '<div itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop="headline">Rain in May</h1>'
        '<p itemprop="author" itemtype="https://schema.org/Person">by <b itemprop="name">Jane Roe</b></p>'
        '<time itemprop="datePublished" datetime="2026-11-03T10:00:00Z">Tuesday</time></div>'
    )
    found = stated(body=body)
    assert found.first("title") == "Rain in May"
    assert found.first("author") == "Jane Roe"
    assert found.first("published") == "2026-11-03T10:00:00Z"
