"""Hosts whose robots.txt, feeds, sitemaps or front page are hostile, each with a few good articles."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from zlib import crc32

from tests.hostile.cases import HTML, Body, Headers, Where
from tests.hostile.pages import MIB
from tests.hostile.talk import silence
from tests.web import pages

TEXT: Headers = (("Content-Type", "text/plain; charset=utf-8"),)
XML: Headers = (("Content-Type", "application/xml"),)
_LANGUAGE = "ar"
_MAP = '<?xml version="1.0" encoding="utf-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
_INDEX = _MAP.replace("urlset", "sitemapindex")
_LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
_DOCTYPE = f'<!DOCTYPE urlset [<!ENTITY l0 "ha">{_LAUGHS}<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@dataclass(frozen=True, slots=True)
class Served:
    """What stands at a path; names of `Where` in braces are filled in in text."""

    body: Body | str
    headers: Headers = HTML
    status: int = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A host and what is wrong with it.

    `routes` come before the host's own pages; `trap` answers for all other paths. It gets at most
    `requests`, and of addresses it made up at most `floods` come into the ledger. One that is not
    `reachable` gives nothing, and the run says so.
    """

    name: str
    routes: dict[str, Served] = field(default_factory=dict)
    trap: Callable[[Where], Served] | None = None
    requests: int = 60
    floods: int = 0
    reachable: bool = True


def _robots(more: str) -> Served:
    return Served(f"User-agent: *\nDisallow: /search\n{more}", TEXT)


def _sitemap(entries: str, head: str = _MAP) -> Served:
    end = "</sitemapindex>" if "sitemapindex" in head else "</urlset>"
    return Served(f"{head}{entries}{end}", XML)


def _loc(*urls: str, tag: str = "url") -> str:
    return "".join(f"<{tag}><loc>{url}</loc></{tag}>" for url in urls)


@cache
def _bomb() -> bytes:
    piece = b"<url><loc>http://a.example/" + b"a" * 1_000 + b"</loc></url>"
    return gzip.compress(_MAP.encode() + piece * (100 * MIB // len(piece)), 9)


@cache
def _long_robots() -> str:
    return (
        "User-agent: *\nDisallow: /search\n" + "# nothing is said here\n" * (10 * MIB // 23) + "Disallow: /\n"
    )


def _calendar(where: Where) -> Served:
    """Every address links into a calendar, into itself and to sessions; no end to any of them."""
    path = where.url.removeprefix(where.origin).rstrip("/")
    seed = crc32(path.encode())
    links = [f"{path}/a/b/", f"/calendar/{seed % 9000}/{seed % 12}/", f"/s/{seed:x}/", f"{path}/?page={seed}"]
    cards = [(f"{where.origin}{link}", f"قسم {number} من الأقسام") for number, link in enumerate(links)]
    return Served(pages.list_page(_LANGUAGE, where.origin, cards))


# Of the protocol's 50,000 a file; four times that is larger than anything that is read.
_FLOODS = {"{flood}": 80_000, "{deluge}": 200_000}
# What stands in the place of a host's articles; none of them can be had, and its URLs wait for another run.
BROKEN = {"articles-500": Served(b"", status=500), "articles-never": Served(silence)}


def flood(text: str) -> str:
    """`text` with a flood of addresses where it says so."""
    for name, entries in _FLOODS.items():
        if name in text:
            many = (f"<url><loc>{{origin}}/flood/{n}/</loc></url>" for n in range(entries))
            text = text.replace(name, "".join(many))
    return text


PLACES: tuple[Place, ...] = (
    Place("robots-10-mb", {"/robots.txt": Served(lambda _: _long_robots().encode(), TEXT)}),
    Place("robots-page", {"/robots.txt": Served("<!DOCTYPE html><html><body>Disallow: /</body></html>")}),
    Place("robots-noise", {"/robots.txt": Served(bytes(range(256)) * 4_000, TEXT)}),
    Place(
        "robots-stars",
        {"/robots.txt": _robots("".join(f"Disallow: /private/{'*a' * 500}{n}$\n" for n in range(300)))},
    ),
    Place(
        "robots-50000-sitemaps",
        {"/robots.txt": _robots("".join(f"Sitemap: {{origin}}/maps/{n}.xml\n" for n in range(50_000)))},
        trap=lambda _: _sitemap(""),
        requests=400,
    ),
    Place(
        "robots-elsewhere",
        {"/robots.txt": _robots("Sitemap: {canary}/sitemap.xml\nSitemap: file:///etc/passwd\n")},
    ),
    Place("robots-to-canary", {"/robots.txt": Served(b"", (("Location", "{canary}/robots.txt"),), 302)}),
    Place("robots-503", {"/robots.txt": Served(b"", status=503)}, reachable=False),
    Place("start-to-canary", {"/": Served(b"", (("Location", "{canary}/"),), 302)}),
    Place("start-bomb", {"/": Served(lambda _: b"<div>" * 100_000)}),
    Place("start-attributes", {"/": Served(lambda _: b"<div " + b"a=1 " * 500_000 + b">")}),
    Place("start-links", {"/": Served(lambda _: b'<a href="/flood/1/">a</a>' * 100_000)}, floods=1),
    Place("sitemap-200000", {"/sitemap-more.xml": _sitemap("{deluge}")}),
    Place(
        "sitemap-80000",
        {"/sitemap-more.xml": _sitemap("{flood}"), "/robots.txt": _robots("Sitemap: {origin}/sitemap.xml\n")},
        requests=400,
        floods=2_000,
    ),
    Place(
        "sitemap-loop",
        {
            "/sitemap-more.xml": _sitemap(
                _loc(
                    "{origin}/sitemap.xml",
                    "{origin}/sitemap-more.xml",
                    "{origin}/sitemap-b.xml",
                    tag="sitemap",
                ),
                _INDEX,
            ),
            "/sitemap-b.xml": _sitemap(_loc("{origin}/sitemap-more.xml", tag="sitemap"), _INDEX),
        },
    ),
    Place("sitemap-bomb", {"/sitemap-more.xml": Served(lambda _: _bomb(), XML)}, floods=2_000, requests=400),
    Place(
        "sitemap-laughs",
        {
            "/sitemap-more.xml": _sitemap(
                _loc("{origin}/flood/&l9;", "&x;"), f"{_DOCTYPE}{_MAP.split('?>')[1]}"
            )
        },
        floods=2,
    ),
    Place(
        "sitemap-elsewhere",
        {
            "/sitemap-more.xml": _sitemap(
                _loc(
                    "file:///etc/passwd",
                    "file://localhost/etc/passwd",
                    "{canary}/news/1/",
                    "{other}/news/1/",
                    "gopher://127.0.9.9:{port}/a",
                    "javascript:alert(1)",
                )
            )
        },
    ),
    Place(
        "feed-laughs",
        {"/feed/": Served(f"{_DOCTYPE}<rss><channel><item><link>&l9;&x;</link></item></channel></rss>", XML)},
        floods=1,
    ),
    Place(
        "feed-of-50000",
        {"/feed/": Served(lambda where: _feed(where, 50_000), XML)},
        floods=2_000,
        requests=400,
    ),
    Place("feed-nested", {"/feed/": Served(lambda _: b"<rss>" + b"<channel>" * 200_000, XML)}),
    Place("trap", trap=_calendar, requests=400, floods=2_000),
    *(Place(name) for name in BROKEN),
)


def _feed(where: Where, items: int) -> bytes:
    each = "".join(
        f"<item><title>{n}</title><link>{where.origin}/flood/{n}/</link></item>" for n in range(items)
    )
    return f'<rss version="2.0"><channel><title>-</title>{each}</channel></rss>'.encode()
