"""What must hold of everything that strangers' bytes are made into."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.discovery.records import MAX_LINKS, MAX_PLACES, Discovered
from pipelines.body.blocks import INVISIBLE
from pipelines.records import Witness
from pipelines.urls import article_key, checked_url

_LOST = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]"
)
_CONTROLS = re.compile("[\x00-\x1f\x7f]")


def strings(value: Any) -> Iterator[str]:
    """Every string in a record, however deep."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from strings(getattr(value, field.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from strings(pair)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from strings(item)


def check_strings(value: Any) -> None:
    """UTF-8 has bytes for all of it."""
    for text in strings(value):
        text.encode("utf-8")


def check_address(url: str) -> None:
    """Absolute, http(s), without credentials and on one line; of a picture, which nobody fetches."""
    parts = urlsplit(url)
    assert parts.scheme in ("http", "https"), f"scheme of {url!r}"
    assert parts.hostname, f"no host in {url!r}"
    assert "@" not in parts.netloc, f"credentials in {url!r}"
    assert not _CONTROLS.search(url), f"controls in {url!r}"


def check_url(url: str) -> None:
    """The same of one that may be fetched: escaped, and unchanged by a second reading."""
    check_address(url)
    assert url.isascii(), f"not escaped: {url!r}"
    assert " " not in url, f"space in {url!r}"
    assert checked_url(url) == url, f"another one when read again: {url!r}"


def check_witness(said: Witness) -> None:
    """Titles, dates and names are short, clean and never empty."""
    assert said.title is None or 0 < len(said.title) <= 500, "length of a title"
    assert said.published is None or 0 < len(said.published) <= 100, "length of a date"
    assert len(said.authors) <= 20, "number of authors"
    assert all(0 < len(name) <= 500 for name in said.authors), "length of a name"
    for text in strings(said):
        assert not _LOST.search(text), f"layout characters in {text[:80]!r}"


def check_discovered(found: Discovered) -> None:
    """Bounded, each key once, addresses that may be asked for."""
    check_strings(found)
    assert len(found.links) <= MAX_LINKS, "too many links"
    assert found.dropped >= 0, "fewer than none dropped"
    keys = [link.key for link in found.links]
    assert len(keys) == len(set(keys)), "a key twice"
    for link in found.links:
        check_url(link.url)
        assert article_key(link.url) == link.key, f"key of {link.url!r}"
        if link.witness:
            check_witness(link.witness)
        if link.hint is not None:
            assert datetime.fromisoformat(link.hint).tzinfo is not None, f"hint {link.hint!r}"
    for name in ("feeds", "sitemaps", "sections", "pages"):
        places = getattr(found, name)
        assert len(places) <= MAX_PLACES, f"too many {name}"
        assert len(places) == len(set(places)), f"{name}: one twice"
        for place in places:
            check_url(place)
    for place, changed in found.sitemap_times:
        assert place in found.sitemaps, "time of another sitemap"
        assert datetime.fromisoformat(changed).tzinfo is not None, f"time {changed!r}"


def check_day(day: date | None) -> None:
    """In the years that can be meant."""
    assert day is None or 1990 <= day.year <= 2100, f"year of {day}"


def check_instant(moment: datetime | None) -> None:
    """Aware, and in the years that can be meant."""
    if moment is not None:
        assert moment.tzinfo is not None, f"no zone: {moment}"
        check_day(moment.date())


def bare(text: str) -> str:
    """Characters without white space and layout controls, decomposed."""
    return unicodedata.normalize("NFD", "".join(_LOST.sub("", text).split()))


def shown(root: HtmlElement) -> str:
    """The characters a page shows, in their order."""
    pieces: list[str] = []
    hidden = 0
    stack: list[tuple[HtmlElement, bool]] = [(root, False)]
    while stack:
        element, closing = stack.pop()
        is_hidden = not isinstance(element.tag, str) or element.tag in INVISIBLE
        if closing:
            hidden -= is_hidden
            if not hidden:
                pieces.append(element.tail or "")
            continue
        hidden += is_hidden
        if not hidden:
            pieces.append(element.text or "")
        stack.append((element, True))
        stack.extend((child, False) for child in reversed(element))
    return "".join(pieces)


def check_text(text: str, root: HtmlElement) -> None:
    """Each paragraph is made of characters of the page, in their order."""
    whole = bare(shown(root))
    for part in text.split("\n\n"):
        said = bare(part)
        if said not in whole:
            rest = iter(whole)
            assert all(char in rest for char in said), f"not the page's: {part[:120]!r}"
