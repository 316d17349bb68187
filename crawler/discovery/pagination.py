"""Further pages of the list a page shows: rel=next, numbers, and links that say "next" or "older"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from crawler.discovery.addresses import read_address, same_site
from crawler.discovery.anchors import Anchor
from crawler.discovery.records import make_place
from crawler.discovery.traps import trap
from pipelines.normalize import letters
from pipelines.tables import read_table
from pipelines.urls import canonical_url

# The caller goes on only while pages bring new articles, so that few are ever asked for.
MAX_PAGES = 10
# A page far behind the current one is the end of the archive, as "2 3 4 … 945".
_MAX_AHEAD = 10
_MAX_DIGITS = 6
# An address with this much of an article's is the next story's and not the next page's.
_STORY = 2
_FOLDER_AND_NUMBER = re.compile(r"^(.*)/([^/\d]+)[/-](\d+)/?$")


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An address parted into the list and the number of the page."""

    stem: tuple[str, str]  # path, rest of the query
    number: int
    by: str  # parameter or folder that holds the number


def next_pages(root: HtmlElement, anchors: Iterable[Anchor], here: str, base: str) -> tuple[str, ...]:
    """Addresses of pages behind `here` in its own list, the newest first; at most `MAX_PAGES`."""
    current = _numbered(here)
    stem = current.stem if current else _stem(here)
    now = current.number if current else 1
    found: dict[str, tuple[float, str]] = {}
    for url, rank in (
        *_stated(root, anchors, base),
        *_counted(anchors, stem, now),
        *_said(anchors, here, stem, now),
    ):
        key = canonical_url(url)
        if key != canonical_url(here) and same_site(url, here) and not trap(url):
            found.setdefault(key, (rank, url))
    return tuple(url for _, url in sorted(found.values(), key=lambda pair: pair[0]))[:MAX_PAGES]


def _stated(root: HtmlElement, anchors: Iterable[Anchor], base: str) -> Iterator[tuple[str, float]]:
    """What the page itself calls the next one; themes call the next story so, too."""
    linked = (e.get("href") for e in root.iter("link") if "next" in (e.get("rel") or "").lower().split())
    places = [place for href in linked if (place := make_place(href, base))]
    for url in (*places, *(anchor.url for anchor in anchors if "next" in anchor.relations)):
        if _numbered(url) or read_address(url).points < _STORY:
            yield url, 0.0


def _counted(anchors: Iterable[Anchor], stem: tuple[str, str], now: int) -> Iterator[tuple[str, float]]:
    """Links that differ from this page only in a number a little higher than its own."""
    for anchor in anchors:
        page = _numbered(anchor.url)
        if page is None or page.stem != stem:
            continue
        if page.by in _words("single_letters") and not (anchor.pager or _says_page(anchor.text, page.number)):
            continue
        if now < page.number and (page.by in _words("entries") or page.number <= now + _MAX_AHEAD):
            yield anchor.url, float(page.number)


def _said(
    anchors: Iterable[Anchor], here: str, stem: tuple[str, str], now: int
) -> Iterator[tuple[str, float]]:
    """Links that say "next" or "older" and stay in this list: same path, another query."""
    for anchor in anchors:
        if letters(anchor.text) not in _words("next"):
            continue
        path, query = _stem(anchor.url)
        page = _numbered(anchor.url)
        if (
            path == stem[0]
            and _pairs(query) - _pairs(urlsplit(here).query)
            and (not page or page.number > now)
        ):
            yield anchor.url, 0.5


def _says_page(text: str, number: int) -> bool:
    said = letters(text)
    return said in _words("next") or (said.isdecimal() and len(said) <= _MAX_DIGITS and int(said) == number)


def _stem(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return unquote(parts.path).rstrip("/"), parts.query


def _numbered(url: str) -> _Numbered | None:
    """`url` parted at its page number, None when it has none."""
    parts = urlsplit(url)
    path = unquote(parts.path).rstrip("/")
    pairs = parts.query.split("&") if parts.query else []
    for place, pair in enumerate(pairs):
        key, _, value = pair.partition("=")
        if key.casefold() in _words("keys") and value.isdecimal() and len(value) <= _MAX_DIGITS:
            rest = "&".join(pairs[:place] + pairs[place + 1 :])
            return _Numbered((path, rest), int(value), key.casefold())
    match = _FOLDER_AND_NUMBER.match(path)
    if match and match[2].casefold() in _words("folders") and len(match[3]) <= _MAX_DIGITS:
        return _Numbered((match[1], parts.query), int(match[3]), match[2])
    return None


def _pairs(query: str) -> frozenset[str]:
    return frozenset(pair for pair in query.split("&") if pair)


@cache
def _words(name: str) -> frozenset[str]:
    listed = _table()[name]
    return (
        frozenset(listed.casefold().split()) if isinstance(listed, str) else frozenset(map(letters, listed))
    )


@cache
def _table() -> dict[str, Any]:
    return read_table("crawler.discovery", "pagination.toml")
