"""Every cut is a row: asked with DuckDB of the demo crawl, and of pages whose cuts are known."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from pipelines.body.rules import checked_rule
from tests.conftest import DemoCrawl
from tests.helpers_clean import cleaned, cuts, document, paragraphs, story

P = (
    "The rowing club has moved its boats to the old ropeworks, where the roof no longer lets the rain in.",
    "Members carried the last eight across the lock gates on Sunday morning with the gulls for company.",
    "A grant from the harbour paid for the slipway; the paint was given by the yard on the other bank.",
)


@pytest.fixture
def ask(demo_crawl: DemoCrawl) -> Any:
    """Rows of a query over the published files."""
    connection = duckdb.connect()
    for name in ("articles", "removed_blocks"):
        files = f"{demo_crawl.output}/{name}/**/*.parquet"
        connection.sql(f"CREATE VIEW {name} AS FROM '{files}'")
    return lambda query: connection.sql(query).fetchall()


def test_every_row_has_its_article_and_a_place_of_its_own(ask: Any) -> None:
    assert ask("FROM removed_blocks WHERE article_id NOT IN (SELECT id FROM articles)") == []
    twice = 'SELECT article_id, "order" FROM removed_blocks GROUP BY ALL HAVING count(*) > 1'
    assert ask(twice) == []
    wrong = """
        SELECT a.url FROM articles a JOIN removed_blocks r ON r.article_id = a.id
        GROUP BY a.url, a.removed_blocks, a.removed_chars
        HAVING count(*) <> a.removed_blocks OR sum(length(r.text)) <> a.removed_chars
    """
    assert ask(wrong) == []


def test_every_rule_is_one_that_a_site_file_can_turn_off(ask: Any) -> None:
    rules = {rule for (rule,) in ask("SELECT DISTINCT rule FROM removed_blocks")}
    assert {rule.split(".")[0] for rule in rules} >= {"structure", "page", "phrase"}
    for rule in rules - {"extractor"}:
        assert checked_rule(rule) == rule


def test_a_row_says_why_in_the_words_of_its_rule(ask: Any) -> None:
    """Reason is the kind that the rule's name ends in, as far as the name has one."""
    for rule, reason in ask("SELECT DISTINCT rule, reason FROM removed_blocks"):
        family, *rest = rule.split(".")
        assert reason
        if family == "phrase":
            assert reason == rest[1]
        if family == "structure" and rest[0] in ("share", "related", "author", "byline", "tags", "caption"):
            assert reason == rest[0]


def test_author_boxes_and_related_stories_beside_the_body_are_rows_too(ask: Any) -> None:
    """Of every page that was read whole: of known templates only the body and what is around it are."""
    found = dict(ask("SELECT rule, count(*) FROM removed_blocks WHERE site = 'sahifa-east' GROUP BY rule"))
    assert found["structure.author"] >= 4
    assert found["structure.related"] >= 4
    assert found["structure.share"] >= 4


def test_the_order_is_that_of_the_page() -> None:
    inside = (
        '<div class="byline">By Ann Row</div>' + paragraphs(P[0]) + '<div class="share">Send it</div>'
        + paragraphs(*P[1:]) + '<div class="tags">boats ropes</div>'
    )  # fmt: skip
    outcome = cleaned(story("Rowers move to the ropeworks", inside))
    assert [(block.text, block.path.split("/")[-1]) for block in outcome.removed] == [
        ("Rowers move to the ropeworks", "h1"),
        ("By Ann Row", "div.byline"),
        ("Send it", "div.share"),
        ("boats ropes", "div.tags"),
    ]
    orders = [block.order for block in outcome.removed]
    assert orders == sorted(set(orders))


def test_the_sites_frame_is_no_row_but_what_reaches_into_the_body_is() -> None:
    frame = '<nav><a href="/">Home</a></nav>'
    around = (
        '<footer><p>Printed by the lock</p></footer><div class="cookie-notice"><p>We keep crumbs.</p></div>'
    )
    body = f"<main><article><h1>Rowers move</h1>{paragraphs(P[0])}<nav>On this page</nav>{paragraphs(*P[1:])}"
    found = cuts(document(f"{frame}{body}</article></main>{around}", "Rowers move"))
    assert found == {
        "Rowers move": "page.headline",
        "On this page": "structure.navigation",
        "We keep crumbs.": "structure.consent",
    }
