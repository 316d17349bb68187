"""Hub pages as strangers write them: links come out, and nothing else happens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.records import MAX_LINKS, MAX_PLACES, Discovered, make_link
from crawler.discovery.sections import read_hub

HOME = "https://www.example.org/"


def hub(body: str, url: str = HOME, head: str = "") -> Discovered:
    page = f"<html><head>{head}</head><body><p>x</p>{body}</body></html>"
    return read_hub(page.encode(), url, "text/html; charset=utf-8")


def urls(found: Discovered) -> list[str]:
    return [link.url for link in found.links]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "ftp://example.org/a", "http://[bad"]
)
def test_what_is_no_web_address_is_no_link(address: str) -> None:
    assert hub(f"<a href='{address}'>x</a>") == Discovered()


@pytest.mark.parametrize(
    "address",
    [
        *"/2026/11/03/rain /news/1234567 news/1234567 /news/rain-on-the-coast /?p=12 /show.php?id=7".split(),
        "/أخبار/مطر-غزير-على-الساحل-الشرقي",
        " https://www.example.org/news/1234567\n",
        "https://reader:secret@www.example.org:443/news/1234567#comments",
    ],
)
def test_an_address_of_an_article_is_a_link(address: str) -> None:
    found = hub(f"<a href='{address}'>x</a>")
    assert len(found.links) == 1
    assert found.links[0].via == "section"
    assert "secret" not in found.links[0].url
    assert found.sections == ()


def test_a_headline_below_a_folder_is_a_link_whatever_its_address() -> None:
    headline = "مطر غزير يغمر شوارع المدينة القديمة منذ الفجر"
    assert urls(hub(f"<a href='/local/x'>{headline}</a>")) == [HOME + "local/x"]
    assert urls(hub("<a href='/local/x'>محليات</a>")) == []


@pytest.mark.parametrize("address", ["/politics/", "/sport", "/world/europe", "/اقتصاد"])
def test_the_name_of_a_section_leads_to_a_section(address: str) -> None:
    found = hub(f"<a href='{address}'>اقتصاد</a>")
    assert found.links == ()
    assert len(found.sections) == 1


@pytest.mark.parametrize("relation", ["next", "next nofollow", "NEXT"])
def test_the_next_page_of_a_section_is_a_place_to_look(relation: str) -> None:
    assert hub(f"<a rel='{relation}' href='/sport?page=2'>2</a>").sections == (HOME + "sport?page=2",)
    assert hub("<a href='/sport?sort=old'>x</a>").sections == ()


@pytest.mark.parametrize(
    "address",
    "/tag/rain-on-the-coast /author/jane-roe-of-us /login /search?id=1 /2026/11/03/a.pdf /a/1234.JPG".split(),
)
def test_what_is_never_an_article_is_left_alone(address: str) -> None:
    assert hub(f"<a href='{address}'>x</a>") == Discovered()


@pytest.mark.parametrize(
    "host", ["https://other.test", "https://sport.example.org", "https://www.example.org:8443", "//evil.test"]
)
def test_other_hosts_are_ignored(host: str) -> None:
    assert hub(f"<a href='{host}/2026/11/03/rain'>x</a><a href='{host}/sport/'>x</a>") == Discovered()


def test_addresses_are_relative_to_the_base() -> None:
    assert urls(hub("<a href='1234567'>x</a>", head="<base href='/archive/'>")) == [HOME + "archive/1234567"]


def test_a_base_on_another_host_does_not_open_that_host() -> None:
    assert hub("<a href='/news/1234567'>x</a>", head="<base href='https://other.test/'>") == Discovered()


@pytest.mark.parametrize("base", ["http://[bad", "javascript:x", "", "data:text/html,x"])
def test_a_broken_base_is_no_base(base: str) -> None:
    assert urls(hub("<a href='/news/1234567'>x</a>", head=f"<base href='{base}'>")) == [HOME + "news/1234567"]


def test_feeds_are_found_by_their_type() -> None:
    head = (
        "<link rel='alternate' type='application/rss+xml' href='/rss'>"
        "<link rel='ALTERNATE' type='Application/Atom+XML; charset=utf-8' href='https://feeds.test/atom'>"
        "<link rel='alternate' type='text/html' href='/en/'><link rel='stylesheet' href='/a.css'>"
    )
    assert hub("", head=head).feeds == (HOME + "rss", "https://feeds.test/atom")


@pytest.mark.parametrize("address", ["http://[bad", "file:///etc/passwd", "javascript:x", ""])
def test_a_bad_feed_address_costs_only_itself(address: str) -> None:
    found = hub("<a href='/news/1234567'>x</a>", head=f"<link type='application/rss+xml' href='{address}'>")
    assert (found.feeds, urls(found)) == ((), [HOME + "news/1234567"])


def test_a_hub_in_windows_1256_is_read_as_its_header_says() -> None:
    page = "<html><body><a href='/local/x'>مطر غزير يغمر شوارع المدينة القديمة منذ الفجر</a></body></html>"
    assert urls(read_hub(page.encode("cp1256"), HOME, "text/html; charset=windows-1256")) == [
        HOME + "local/x"
    ]


# -- What means harm


def test_a_long_address_does_not_hold_the_reader() -> None:
    assert urls(
        hub(f"<a href='/{'a' * 1_000_000}'>x</a><a href='/{'-' * 4_000}'>x</a><a href='/news/1234567'>x</a>")
    ) == [HOME + "news/1234567"]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"   ",
        b"<html><body>404</body></html>",
        b"{}",
        b"\x00" * 500,
        b"\x1f\x8bno",
        bytes(range(256)) * 9,
    ],
)
def test_what_is_no_page_gives_nothing(source: bytes) -> None:
    assert read_hub(source, HOME, "text/html") == Discovered()


def test_a_flood_is_capped() -> None:
    many = range(MAX_LINKS + 9)
    anchors = "".join(f"<a href='/2026/11/03/{n}'>x</a>" for n in many)
    sections = "".join(f"<a href='/s{n}x/'>x</a>" for n in range(MAX_PLACES + 20))
    feeds = "".join(f"<link type='application/rss+xml' href='/f{n}'>" for n in range(MAX_PLACES + 20))
    found = hub(anchors + sections, head=feeds)
    assert len(found.links) == MAX_LINKS
    assert len(found.sections) == len(found.feeds) == MAX_PLACES


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60))
def test_any_href_is_a_link_or_nothing(href: str) -> None:
    link = make_link(href, HOME, "section")
    assert link is None or link.url.startswith(("http://", "https://"))
