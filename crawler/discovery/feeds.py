"""RSS and Atom: bytes to links with what the feed says of each article. Runs in a worker."""

from __future__ import annotations

import io
from typing import Any

import feedparser

from crawler.discovery.records import Discovered, make_link, unique
from pipelines.normalize import optional_text
from pipelines.records import Witness


def read_feed(body: bytes, url: str, content_type: str | None) -> Discovered:
    """Entries of a feed; feedparser mends what is broken, and what it cannot read gives no links."""
    feed = feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": content_type or "", "content-location": url},
    )
    links = (make_link(entry.get("link", ""), url, "feed", _witness(entry)) for entry in feed.entries)
    return Discovered(links=unique(links))


def _witness(entry: Any) -> Witness:
    names = [author.get("name") for author in entry.get("authors", [])]
    return Witness(
        title=optional_text(entry.get("title")),
        published=optional_text(entry.get("published") or entry.get("updated")),
        authors=tuple(name for some in names if (name := optional_text(some))),
    )
