"""The guard: whatever a link, a redirect or a feed says, no request leaves for a private address."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy import Request, Spider
from scrapy.crawler import Crawler

from crawler.middlewares.guard import GuardMiddleware
from crawler.network.addresses import ForbiddenAddress, is_private

PRIVATE = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "0.0.0.0/8",
]


def passes(url: str, allowed: str = "") -> bool:
    """Whether the guard lets a request for `url` go out."""
    try:
        GuardMiddleware(allowed).process_request(Request(url))
    except ForbiddenAddress:
        return False
    return True


def spellings(address: ipaddress.IPv4Address) -> list[str]:
    """The ways in which C libraries and browsers let an IPv4 address be written."""
    number = int(address)
    a, b, c, d = address.packed
    return [
        str(address),
        f"{address}.",
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"[::ffff:{address}]",
        f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]",
        f"[::{address}]",
        f"[64:ff9b::{address}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
    ]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(PRIVATE).flatmap(lambda network: st.ip_addresses(v=4, network=network)))
def test_a_private_address_is_refused_in_every_spelling(address: ipaddress.IPv4Address) -> None:
    assert [text for text in spellings(address) if passes(f"http://{text}/")] == []


@pytest.mark.parametrize("text", spellings(ipaddress.IPv4Address("9.9.9.9")))
def test_a_public_address_passes_in_every_spelling(text: str) -> None:
    assert passes(f"http://{text}/")


@pytest.mark.parametrize(
    "host",
    "localhost LocalHost localhost. news.localhost [::1] [::] [fe80::1] [fc00::1] [fd12::1] [ff02::1] "
    "224.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 １２７.0.0.1 127。0。0。1 127.1".split(),
)
def test_what_is_no_public_host_is_refused(host: str) -> None:
    assert not passes(f"http://{host}/latest/meta-data/")


@pytest.mark.parametrize(
    "host",
    ["example.org", "127.0.0.1.example.org", "10.example.org", "localhost.example.org", "[2606:4700::1]"],
)
def test_a_public_host_passes(host: str) -> None:
    assert passes(f"http://{host}/")
    assert passes(f"https://{host}/")


def test_credentials_and_port_do_not_hide_a_private_address() -> None:
    assert not passes("http://www.example.org@127.0.0.1:80/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "data:text/html,x",
        "s3://bucket/key",
        "gopher://example.org/",
    ],
)
def test_another_scheme_is_refused(url: str) -> None:
    assert not passes(url)


def test_a_scheme_is_refused_for_an_allowed_host_too() -> None:
    assert not passes("ftp://127.0.0.1/", allowed="127.0.0.1")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.2:8808/", "127.0.0.2:8808"),
        ("http://127.0.0.2:8808/", "127.0.0.2"),
        ("http://127.0.0.2/", "127.0.0.2:80"),
        ("https://127.0.0.2/", "127.0.0.2:443"),
        ("http://localhost:8808/", " 10.0.0.1 , LOCALHOST:8808,"),
        ("http://[::1]:8808/", "[::1]:8808"),
        ("http://[::1]:8808/", "::1"),
    ],
)
def test_an_allowed_host_passes(url: str, allowed: str) -> None:
    assert passes(url, allowed)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.2:8809/", "127.0.0.2:8808"),
        ("http://127.0.0.2/", "127.0.0.2:8808"),
        ("https://127.0.0.2/", "127.0.0.2:80"),
        ("http://127.0.0.3:8808/", "127.0.0.2:8808"),
        ("http://127.0.0.21/", "127.0.0.2"),
        ("http://127.0.0.1/", "example.org"),
        ("http://127.0.0.1/", ","),
    ],
)
def test_what_is_not_allowed_stays_refused(url: str, allowed: str) -> None:
    assert not passes(url, allowed)


def test_the_refusal_says_what_and_why() -> None:
    with pytest.raises(ForbiddenAddress, match=r"^169\.254\.169\.254 is a private address$"):
        GuardMiddleware("").process_request(Request("http://169.254.169.254/"))
    with pytest.raises(ForbiddenAddress, match="scheme file"):
        GuardMiddleware("").process_request(Request("file:///etc/passwd"))


def test_the_setting_names_the_allowed_hosts() -> None:
    guard = GuardMiddleware.from_crawler(Crawler(Spider, {"NEWS_ALLOW_PRIVATE": "127.0.0.2:8808"}))
    guard.process_request(Request("http://127.0.0.2:8808/"))
    with pytest.raises(ForbiddenAddress):
        guard.process_request(Request("http://127.0.0.3:8808/"))


def test_nothing_private_is_allowed_by_default() -> None:
    guard = GuardMiddleware.from_crawler(Crawler(Spider))
    with pytest.raises(ForbiddenAddress):
        guard.process_request(Request("http://127.0.0.1/"))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=30))
def test_no_host_is_too_strange_to_judge(host: str) -> None:
    assert is_private(host) in (True, False)
