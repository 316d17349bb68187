"""RSS, Atom and JSON feeds: bytes to links with what the feed says of each article. Runs in a worker."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import feedparser

from crawler.discovery.json_feeds import read_json_feed
from crawler.discovery.markup import find_root, mended, text_of, unpacked
from crawler.discovery.records import Candidate, Discovered, make_place, newest
from crawler.discovery.times import sortable
from crawler.discovery.wording import person, plain_text
from pipelines.normalize import optional_text
from pipelines.records import Witness

# What a crawl fetches at most, and ten times the largest honest feed.
_MAX_CHARS = 5 * 1024 * 1024
# feedparser looks for an address of mail in a name in time that grows with the square of such a run.
_RUN = re.compile(r"([\w.+-]{500})[\w.+-]+", re.ASCII)
_MAX_AUTHORS = 20
_MAX_DATE = 100
_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
_WEB = ("http://", "https://")
# Alternates that are no page to read; their types begin so.
_NO_PAGE = ("image/", "audio/", "video/", "application/rss", "application/atom", "application/pdf")


def read_feed(body: bytes, url: str, content_type: str | None) -> Discovered:
    """Entries of a feed and its next page (RFC 5005); broken ones are mended, what is no feed gives nothing.

    Told by its content, whatever the content type says. At most the newest `MAX_LINKS` entries; `dropped`
    counts the rest.
    """
    text = text_of(unpacked(body), content_type)[:_MAX_CHARS]
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return read_json_feed(text, url)
    markup = find_root(text)
    feed = _parsed(mended(markup.text)) if markup and markup.root in _ROOTS else None
    if feed is None:
        return Discovered()
    base = _base(feed, url)
    links, dropped = newest(_candidates(feed.entries), base, "feed")
    return Discovered(links, feeds=_next_page(feed, base, url), dropped=dropped)


def _parsed(text: str) -> Any:
    """The feed as feedparser reads it, with addresses as they stand there; None when it gives up.

    Its cleaning of HTML and of addresses in it costs twice the parsing, and nothing of that is kept here.
    """
    try:
        return feedparser.parse(
            io.BytesIO(_RUN.sub(r"\1", text).encode("utf-8")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception:  # the boundary: strangers' nesting makes its handlers raise whatever there is
        return None


def _base(feed: Any, url: str) -> str:
    """What relative addresses begin at: in RSS the site that the channel names, as other readers have it."""
    if str(feed.version).startswith("atom"):
        return url
    return make_place(_text(feed.feed.get("link")), url) or url


def _next_page(feed: Any, base: str, url: str) -> tuple[str, ...]:
    found = [
        make_place(_text(link.get("href")), base) for link in _links(feed.feed) if link.get("rel") == "next"
    ]
    return tuple(dict.fromkeys(place for place in found if place and place != url))[:1]


def _candidates(entries: Any) -> Iterator[Candidate]:
    for entry in entries:
        address = _address(entry)
        if address:
            witness = _witness(entry)
            yield Candidate(address, sortable(witness.published), witness)


def _address(entry: Any) -> str | None:
    """Where the article is: what a feed service counts readers of, the page, a permanent guid, the entry."""
    links = [link for link in _links(entry) if _text(link.get("href"))]
    pages = [link for link in links if link.get("rel") == "alternate" and not _is_no_page(link)]
    pages.sort(key=lambda link: link.get("type") != "text/html")
    choices = [
        *(
            original
            for name in ("feedburner_origlink", "pheedo_origlink")
            if (original := _web(entry.get(name)))
        ),
        *(_text(link.get("href")) for link in pages),
        _guid(entry),
        *(_text(link.get("href")) for link in links if link.get("rel") == "self"),
    ]
    return next(filter(None, choices), None)


def _is_no_page(link: Any) -> bool:
    return str(link.get("type")).startswith(_NO_PAGE)


def _guid(entry: Any) -> str | None:
    """The identifier when it is an address and not said to be none."""
    said_to_be_none = entry.get("guidislink") is False and "link" not in entry
    return None if said_to_be_none else _web(entry.get("id"))


def _witness(entry: Any) -> Witness:
    people = entry.get("authors")
    names = [author.get("name") for author in people[:_MAX_AUTHORS]] if isinstance(people, list) else []
    dates = (_text(entry.get(name)) for name in ("published", "created", "updated"))
    return Witness(
        title=plain_text(_text(entry.get("title"))),
        published=optional_text(next(filter(None, dates), "")[:_MAX_DATE]),
        authors=tuple(dict.fromkeys(name for some in names if (name := person(_text(some))))),
    )


def _links(holder: Any) -> list[Any]:
    links = holder.get("links")
    return links if isinstance(links, list) else []


def _text(value: Any) -> str:
    """A value of feedparser, which is a dict where an unknown element has attributes."""
    return value.strip() if isinstance(value, str) else ""


def _web(value: Any) -> str | None:
    text = _text(value)
    return text if text.lower().startswith(_WEB) else None
