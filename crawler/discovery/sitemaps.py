"""Sitemaps, plain or gzip, indexes and Google-News fields: bytes to links. Runs in a worker."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from lxml import etree

from crawler.discovery.feeds import read_feed
from crawler.discovery.markup import find_root, mended, text_of, unpacked
from crawler.discovery.records import MAX_PLACES, Candidate, Discovered, make_place, newest
from crawler.discovery.times import named_period, sortable
from crawler.discovery.wording import plain_text
from pipelines.normalize import optional_text
from pipelines.records import Witness

_MAX_DATE = 100
_MAPS = frozenset(("urlset", "sitemapindex"))
_ROWS = ("{*}url", "{*}sitemap")
# Extensions that describe other things than the page, with addresses and titles of their own.
_OTHERS = re.compile(r"image|video|pagemap", re.IGNORECASE)
_LINE = re.compile(r"https?://\S+", re.IGNORECASE)


def read_sitemap(body: bytes, url: str) -> Discovered:
    """Articles of a sitemap, or the sitemaps of an index; a list of addresses and a feed are sitemaps, too.

    At most the `MAX_LINKS` newest links and `MAX_PLACES` newest sitemaps; `dropped` counts the rest.
    """
    text = text_of(unpacked(body))
    markup = find_root(text)
    if markup is None:
        return _listed(text, url)
    if markup.root not in _MAPS:
        return read_feed(body, url, None)
    pages, places = _rows(markup.text)
    links, dropped = newest(map(_candidate, pages), url, "sitemap")
    sitemaps, times, more = _places(places, url)
    return Discovered(links, sitemaps=sitemaps, sitemap_times=times, dropped=dropped + more)


def _listed(text: str, url: str) -> Discovered:
    """A sitemap of one address a line; nothing when the text does not begin with one."""
    lines = [line for line in map(str.strip, text.lstrip("\ufeff").splitlines()) if line]
    if not lines or not _LINE.fullmatch(lines[0]):
        return Discovered()
    candidates = (Candidate(line, named_period(line), Witness()) for line in lines if _LINE.fullmatch(line))
    links, dropped = newest(candidates, url, "sitemap")
    return Discovered(links, dropped=dropped)


def _rows(text: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Fields of the pages and of the sitemaps in a document; a broken one is mended and read again.

    libxml2 alone makes "?a=1=2" of "?a=1&b=2".
    """
    try:
        return _parted(_walk(text, recover=False))
    except (etree.XMLSyntaxError, ValueError):
        return _parted(_until_broken(_walk(mended(text), recover=True)))


def _parted(rows: Iterable[tuple[str, dict[str, str]]]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    pages: list[dict[str, str]] = []
    places: list[dict[str, str]] = []
    for name, fields in rows:
        (pages if name == "url" else places).append(fields)
    return pages, places


def _until_broken(rows: Iterator[tuple[str, dict[str, str]]]) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        yield from rows
    except (etree.XMLSyntaxError, ValueError):
        return


def _walk(text: str, *, recover: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row as it ends; what was read is let go, since a tree of 50 MB does not fit."""
    rows = etree.iterparse(
        io.BytesIO(text.encode("utf-8", errors="replace")),
        tag=_ROWS,
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    for _, node in rows:
        name = _name(node.tag)
        if not name:
            continue
        yield name, _fields(node)
        node.clear()
        while node.getprevious() is not None:
            del node.getparent()[0]


def _fields(node: Any) -> dict[str, str]:
    """Texts of a row by names of elements, those in `news:news` among them; the first of a name counts."""
    fields: dict[str, str] = {}
    for child in node:
        name = _name(child.tag)
        for inner in child if name == "news" else (child,):
            fields.setdefault(_name(inner.tag), (inner.text or "").strip())
    own = (node.text or "").strip()
    if _LINE.fullmatch(own):
        fields.setdefault("loc", own)
    return fields


@lru_cache(maxsize=1_024)
def _name(tag: object) -> str:
    """Name without namespace, lower case; empty for a comment and for what describes something else."""
    if not isinstance(tag, str):
        return ""
    space, _, name = tag.rpartition("}")
    return "" if _OTHERS.search(space) else name.lower()


def _candidate(fields: dict[str, str]) -> Candidate:
    """What the news: fields say; `lastmod` is a change and no publication, so it only orders."""
    address, stated = fields.get("loc", ""), fields.get("publication_date")
    hint = sortable(stated) or sortable(fields.get("lastmod")) or named_period(address)
    published = optional_text(stated[:_MAX_DATE] if stated else None)
    return Candidate(address, hint, Witness(plain_text(fields.get("title")), published))


def _places(rows: list[dict[str, str]], url: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], int]:
    """Sitemaps of an index, newest first; when those that state a change did; how many the cap left out."""
    found = {
        place: sortable(fields.get("lastmod"))
        for fields in rows
        if (place := make_place(fields.get("loc"), url))
    }
    # Where none states its change, one that names no period is the running one or one of everything.
    unknown = "" if any(found.values()) else "9999"

    def order(place: str) -> tuple[str, str]:
        named = named_period(place, of_list=True)
        return found[place] or named or unknown, named or ""

    ordered = sorted(found, key=order, reverse=True)
    kept = tuple(ordered[:MAX_PLACES])
    times = tuple((place, changed) for place in kept if (changed := found[place]))
    return kept, times, len(ordered) - len(kept)
