"""Opt-outs and licences, as seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.rights import rights
from pipelines.page.outline import Outline
from pipelines.page.tree import parse
from tests.helpers_clean import page


def seen(
    *stated: tuple[str, str], head: str = "", headers: tuple[tuple[str, str], ...] = ()
) -> tuple[str, ...]:
    statements = Statements(tuple(Candidate(field, value, "test") for field, value in stated))
    root = parse(f"<html><head>{head}</head><body><p>x</p></body></html>")
    return rights(statements, replace(page("x"), headers=headers), Outline.of(root))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("index, follow", ()),
        ("NOAI, NoImageAI", ("robots:noai", "robots:noimageai")),
        ("noindex;noarchive", ("robots:noindex", "robots:noarchive")),
        ("nosnippet", ("robots:nosnippet",)),
        ("none", ("robots:none",)),
        ("max-snippet:0", ("robots:max-snippet:0",)),
        ("max-snippet : 0", ("robots:max-snippet:0",)),
        ("max-snippet:-1, max-image-preview:large, max-video-preview:-1", ()),
        ("unavailable_after: 2030-01-01", ()),
        ("noindexing", ()),
        ("noai,noai", ("robots:noai",)),
        ("", ()),
    ],
)
def test_directives_of_the_robots_element(content: str, expected: tuple[str, ...]) -> None:
    assert seen(("robots", content)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["noai"], ("x-robots-tag:noai",)),
        (["noindex", "gptbot: noai, noimageai"], ("noindex", "gptbot:noai", "gptbot:noimageai")),
        (["GPTBot:noindex", "Google-Extended: none"], ("gptbot:noindex", "google-extended:none")),
        (["otherbot: nofollow, noarchive"], ("otherbot:noarchive",)),
        (["max-snippet: 0"], ("max-snippet:0",)),
        (["googlebot: max-snippet:0"], ("googlebot:max-snippet:0",)),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST"], ()),
        (["all", "index"], ()),
        (["::::", ": noai", ",,,"], ("noai",)),
    ],
)
def test_headers_of_robots_hold_for_all_or_for_the_one_they_name(
    values: list[str], expected: tuple[str, ...]
) -> None:
    found = seen(headers=tuple(("x-robots-tag", value) for value in values))
    assert found == tuple(f"x-robots-tag:{each.removeprefix('x-robots-tag:')}" for each in expected)


def test_single_robots_have_elements_of_their_own() -> None:
    head = (
        '<meta name="Googlebot-News" content="nosnippet"><meta name="GPTBot" content="noindex, nofollow">'
        '<meta name="CCBot"><meta name="description" content="noai"><meta content="noai">'
    )
    assert seen(head=head) == ("googlebot-news:nosnippet", "gptbot:noindex")


def test_text_and_data_mining() -> None:
    headers = (("tdm-reservation", " 1 "), ("tdm-policy", "https://news.test/tdm.json"))
    assert seen(("tdm", "1"), headers=headers) == (
        "tdm-reservation:1",
        "tdm-policy:https://news.test/tdm.json",
    )
    assert seen(("tdm", "0")) == ("tdm-reservation:0",)
    assert seen(("tdm_policy", "https://news.test/p")) == ("tdm-policy:https://news.test/p",)


def test_licences_are_bounded_and_hold_no_controls() -> None:
    assert seen(("license", "https://news.test/by\x00\r\n\u202e4.0")) == ("license:https://news.test/by 4.0",)
    (found,) = seen(("license", "https://news.test/" + "x" * 100_000))
    assert len(found) == 500


def test_a_hostile_page_gives_no_list_without_end() -> None:
    headers = tuple(("x-robots-tag", f"bot{number}: noai") for number in range(5_000))
    assert len(seen(headers=headers)) == 50
    assert seen(("robots", "noai " * 1_000_000)) == ("robots:noai",)


def test_nothing_said_is_nothing() -> None:
    assert seen() == ()
