"""The loopback web itself: its stories are articles, its furniture is none, its log tells the truth."""

from __future__ import annotations

import http.client
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.clean import clean
from pipelines.records import Article, Page
from tests.web import again, discovery
from tests.web.hosts import Outlet
from tests.web.outlets import WORDS, stories
from tests.web.server import Answer, Web


def cleaned(host: Outlet, answer: Answer, address: str) -> Article:
    page = Page(
        url=address,
        url_requested=address,
        body=answer.body,
        headers=(("content-type", answer.content_type),),
        http_status=200,
        fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
        site=host.name,
        run_id="run-1",
    )
    result = clean(page).result
    assert isinstance(result, Article), result
    return result


@pytest.mark.parametrize("language", WORDS)
def test_stories_differ_and_are_long_enough(language: str) -> None:
    told = stories(language, 1_000 if language == "ar" else 150)
    assert max(Counter(story.title for story in told).values()) == 1
    assert max(Counter(story.text for story in told).values()) == 1
    assert min(len(story.text.split()) for story in told) >= 120


@pytest.mark.parametrize(
    "kind", [discovery.RssLinked, discovery.AtomUsual, discovery.JsonLinked, discovery.SitemapIndexed]
)
def test_a_page_cleans_to_its_story(kind: type[Outlet]) -> None:
    host = kind()
    host.open("http://127.0.5.1:8000")
    for address, told in host.items():
        row = cleaned(host, host.article(told), address)
        assert row.text == told.text
        assert row.title == told.title
        assert row.authors == (told.author,)
        assert row.published_at == told.published
        assert row.language == told.language


@pytest.mark.parametrize("kind", again.CHANGING)
def test_furniture_changes_the_page_and_not_the_text(kind: type[again.Changing]) -> None:
    host = kind()
    host.open("http://127.0.5.1:8000")
    address = host.address_of("furniture")
    bodies = [host.page("furniture", run) for run in (1, 2, 3)]
    assert len({answer.body for answer in bodies}) == 3
    assert {cleaned(host, answer, address).text for answer in bodies} == {host.told("furniture", 1).text}


def get(web: Web, host: Outlet, path: str, **headers: str) -> http.client.HTTPResponse:
    netloc = host.origin.removeprefix("http://")
    connection = http.client.HTTPConnection(netloc, timeout=10)
    connection.request(
        "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_servers_answer_conditional_requests_and_log_all(tmp_path: Path) -> None:
    tagged, dated = discovery.RssLinked(), discovery.AtomUsual()
    with Web([tagged, dated], tmp_path / "log.jsonl") as web:
        tag = get(web, tagged, "/").headers["ETag"]
        assert get(web, tagged, "/", If_None_Match=tag).status == 304
        assert get(web, tagged, "/", If_None_Match='"another"').status == 200
        since = get(web, dated, "/feed").headers["Last-Modified"]
        assert get(web, dated, "/feed", If_Modified_Since=since).status == 304
        assert get(web, dated, "/nothing-here").status == 404
    seen = [(entry.host, entry.path, entry.status, entry.conditional) for entry in web.entries]
    assert seen == [
        ("rss-linked", "/", 200, False),
        ("rss-linked", "/", 304, True),
        ("rss-linked", "/", 200, True),
        ("atom-usual", "/feed", 200, False),
        ("atom-usual", "/feed", 304, True),
        ("atom-usual", "/nothing-here", 404, False),
    ]
    assert len((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()) == len(seen)


def test_what_is_forbidden_or_hurried_is_a_violation(tmp_path: Path) -> None:
    host = discovery.SitemapIndexed()
    with Web([host]) as web:
        get(web, host, "/search?q=a", User_Agent="Khabar/1")
        get(web, host, "/", User_Agent="somebody")
    host.delay = 5.0
    assert len(host.violations(web.entries)) == 3
