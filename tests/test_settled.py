"""Where a page's statements leave no question of people and date, its lines are not looked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.metadata.authors import authors
from pipelines.metadata.setting import setting_of
from pipelines.metadata.settled import is_settled
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Page
from tests.helpers_metadata import STORY, script, stated

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def settled(head: str = "", url: str = "https://example.org/news/1", **changed: Any) -> bool:
    page = Page(url, b"", (), NOW, "", "")
    statements = stated(script(json.dumps(STORY | changed)) + head)
    people = authors(statements, [], "example.org", DEFAULT_POLICY)
    return is_settled(page, statements, people, "example.org", setting_of(page, statements))


def test_a_newsroom_that_states_name_and_instant_is_believed() -> None:
    assert settled()
    assert settled('<meta name="author" content="سلمى الحداد">')


@pytest.mark.parametrize(
    "changed",
    [
        {"@type": "BlogPosting"},
        {"author": "سلمى"},
        {"author": "Newsroom"},
        {"datePublished": "2026-11-03"},
        {"datePublished": "2026-11-03T10:00:00"},
    ],
)
def test_less_than_a_full_name_and_an_instant_settles_nothing(changed: dict[str, Any]) -> None:
    assert not settled(**changed)


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="author" content="Jane Roe">',
        '<meta property="article:published_time" content="2026-11-04T10:00:00+03:00">',
        '<meta property="article:published_time" content="soon">',
    ],
)
def test_statements_that_contradict_each_other_settle_nothing(head: str) -> None:
    assert not settled(head)


def test_an_instant_of_utc_has_a_day_where_the_page_may_be_from() -> None:
    late, noon = ({"datePublished": f"2026-11-03T{hour}:00:00Z"} for hour in (22, 12))
    assert settled(**noon)
    assert not settled(**late)
    assert settled(url="https://example.co.uk/1", **late)  # no later there
    assert not settled(url="https://example.com.ye/1", **late)
