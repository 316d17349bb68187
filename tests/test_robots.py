"""robots.txt: what Google's own vectors say, what RFC 9309 adds, and what a hostile file costs."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.records import MAX_PLACES
from crawler.politeness.answers import DAY_SECONDS, RobotsState, retry_after, robots_state
from crawler.politeness.robots import MAX_BYTES, MAX_STARS, read_robots
from tests.crawling import ROOT

VECTORS = ROOT.parent / "shared" / "vectors" / "robots" / "google_robots_vectors.json"

# Where we differ: (test, the rule that decides, URL) -> why.
DIFFERENCES = {
    ("ID_Encoding", "/foo/bar/ツ", "http://foo.bar/foo/bar/ツ"): (
        "Google's reader leaves it to its caller to escape the URL; RFC 9309 (2.2.2) compares escaped octets"
    ),
    ("ID_Encoding", "/foo/bar/%E3%83%84", "http://foo.bar/foo/bar/ツ"): "as above",
    ("ID_Encoding", "/foo/bar/%62%61%7A", "http://foo.bar/foo/bar/baz"): (
        "RFC 9309 (2.2.2): an escaped ASCII octet that is not reserved is unescaped before comparing"
    ),
}


def vectors() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(VECTORS).read_text(encoding="utf-8"))
    return found


def allowed(text: str, path: str, agent: str = "Khabar") -> bool:
    return read_robots(text.encode(), agent).allows(f"http://a.test{path}")


@pytest.mark.skipif(not VECTORS.is_file(), reason="no vectors beside the project")
def test_googles_vectors_hold_but_for_the_differences_explained() -> None:
    differing = set()
    for vector in vectors():
        rules = read_robots(vector["robots"].encode(), vector["agent"])
        if rules.allows(vector["url"]) != vector["allowed"]:
            deciding = vector["robots"].strip().rpartition(": ")[2]
            differing.add((vector["test"], deciding, vector["url"]))
    assert len(vectors()) == 142
    assert differing == set(DIFFERENCES)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("User-agent: Khabar\nDisallow: /a", "/a", False),
        ("User-agent: khabar/2.1 (news)\nDisallow: /a", "/a", False),
        ("User-agent: KhabarBot\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Khabar\nDisallow:", "/a", True),
        ("User-agent: *\nCrawl-delay: 5\nUser-agent: BadBot\nDisallow: /", "/a", True),
        ("User-agent: Khabar\nSurprise: yes\nUser-agent: *\nDisallow: /", "/a", False),
        ("User-agent: Khabar\nSitemap: /s.xml\nUser-agent: BadBot\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nDisallow: /أخبار", "/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\rDisallow: /a\rDisallow: /b", "/b", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("", "/a", True),
        ("Disallow: /", "/a", True),
    ],
)
def test_rules(text: str, path: str, expected: bool) -> None:
    assert allowed(text, path) is expected


def test_a_line_separator_in_a_value_makes_no_rule_of_its_own() -> None:
    assert not allowed("User-agent: *\nDisallow: /a\nAllow: /b\u2028Allow: /a/b", "/a/b")


@pytest.mark.parametrize("start", ["<!DOCTYPE html>", "\ufeff\r\n <html>", "<p>", "<?xml version='1.0'?>"])
def test_a_page_in_its_place_is_no_robots_file(start: str) -> None:
    assert allowed(f"{start}\nUser-agent: *\nDisallow: /\n", "/a")


def test_only_the_first_500_kib_count_and_no_half_line() -> None:
    head = b"User-agent: *\nDisallow: /early\n"
    filler = b"# " + b"x" * 97 + b"\n"
    body = head + filler * ((MAX_BYTES - len(head)) // 100 - 1)
    cut = MAX_BYTES - len(body)
    late = b"Disallow: /" + b"y" * cut
    rules = read_robots(body + late + b"\nDisallow: /late\n", "Khabar")
    assert not rules.allows("http://a.test/early")
    assert rules.allows("http://a.test/late")
    assert rules.allows(f"http://a.test/{'y' * (cut + 10)}")
    assert rules.allows(f"http://a.test/{'y' * (cut - 11)}")


def test_a_file_that_is_one_long_line_says_nothing() -> None:
    assert read_robots(b"User-agent: *" + b" " * MAX_BYTES + b"\nDisallow: /", "Khabar").allows(
        "http://a.test/"
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Crawl-delay: 10", 10.0),
        ("crawl-delay: 0,5", 0.5),
        ("Crawl-delay: 1\nCrawl-delay: 4", 4.0),
        ("Crawl-delay: inf", None),
        ("Crawl-delay: -3", None),
        ("Crawl-delay: soon", None),
        ("Disallow: /a", None),
    ],
)
def test_crawl_delay(lines: str, expected: float | None) -> None:
    assert read_robots(f"User-agent: *\n{lines}\n".encode(), "Khabar").crawl_delay == expected


def test_crawl_delay_of_others_is_not_ours() -> None:
    text = b"User-agent: Other\nCrawl-delay: 60\n\nUser-agent: *\nDisallow: /a\n"
    assert read_robots(text, "Khabar").crawl_delay is None


def test_sitemaps_are_absolute_once_and_not_endless() -> None:
    lines = [
        "Sitemap: /s.xml",
        "sitemap: http://b.test/s.xml",
        "Sitemap: file:///etc/passwd",
        "Site-map: /s.xml",
    ]
    few = read_robots("\n".join(lines).encode(), "Khabar", "https://a.test/robots.txt")
    assert few.sitemaps == ("https://a.test/s.xml", "http://b.test/s.xml")
    many = b"".join(b"Sitemap: http://a.test/%d.xml\n" % number for number in range(50_000))
    assert len(read_robots(many, "Khabar").sitemaps) == MAX_PLACES


def test_rules_travel_between_processes() -> None:
    rules = pickle.loads(pickle.dumps(read_robots(b"User-agent: *\nDisallow: /a\nCrawl-delay: 2", "Khabar")))
    assert (rules.allows("http://a.test/b"), rules.allows("http://a.test/a")) == (True, False)
    assert rules.crawl_delay == 2.0


def test_stars_beyond_the_bound_forbid_what_begins_alike_and_allow_nothing() -> None:
    within = "".join(f"Disallow: /within/*a{number}\n" for number in range(MAX_STARS))
    beyond = "Disallow: /beyond/*/private\nAllow: /within/*1\nAllow: /beyond/x\n"
    text = f"User-agent: *\n{within}{beyond}"
    assert not allowed(text, "/within/a1")
    assert not allowed(text, "/beyond/x/public"), "the widened rule outranks as the whole one did"
    assert allowed(text, "/elsewhere/a1")


def test_agents_times_rules_cost_no_more_than_their_lines() -> None:
    """The matcher gets ours alone: 15,000 agents with 2,000 rules make 2,000 rules and not 30 million."""
    agents = "".join(f"User-agent: a{number}\n" for number in range(15_000))
    lines = "".join(f"Disallow: /{number}\n" for number in range(2_000))
    rules = read_robots(f"{agents}User-agent: Khabar\n{lines}".encode(), "Khabar")
    assert not rules.allows("http://a.test/1999")
    assert len(pickle.dumps(rules)) < 500_000


@given(st.binary(max_size=300), st.text(max_size=30))
def test_no_bytes_break_it(body: bytes, path: str) -> None:
    rules = read_robots(b"User-agent: *\nDisallow: /" + body, "Khabar")
    assert isinstance(rules.allows(f"http://a.test/{path}"), bool)


@given(st.text(alphabet="ab/*$?%#: \n", max_size=40), st.text(alphabet="ab/?%", max_size=12))
def test_what_others_are_told_changes_nothing_for_us(lines: str, path: str) -> None:
    own = f"User-agent: Khabar\nDisallow: /a{lines.replace(':', '')}\n"
    other = "User-agent: Other\nDisallow: /\n"
    assert allowed(own, f"/{path}") == allowed(f"{other}\n{own}\n{other}", f"/{path}")


# -- answers


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, RobotsState.READ),
        (204, RobotsState.READ),
        (301, RobotsState.ABSENT),
        (401, RobotsState.ABSENT),
        (403, RobotsState.ABSENT),
        (404, RobotsState.ABSENT),
        (408, RobotsState.UNREACHABLE),
        (429, RobotsState.UNREACHABLE),
        (500, RobotsState.UNREACHABLE),
        (999, RobotsState.UNREACHABLE),
    ],
)
def test_what_an_answer_means(status: int, state: RobotsState) -> None:
    assert robots_state(status) is state


NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 30 ", 30.0),
        ("1000000000", DAY_SECONDS),
        ("9" * 10_000, DAY_SECONDS),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Saturday, 21-Nov-26 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2099 12:00:00 GMT", DAY_SECONDS),
        ("-5", None),
        ("1.5", None),
        ("٣٠", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_is_never_more_than_a_day(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= DAY_SECONDS


@given(st.integers(0, 10**6))
def test_both_forms_of_retry_after_agree(seconds: int) -> None:
    date = (NOW + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert retry_after(str(seconds), NOW) == retry_after(date, NOW)
