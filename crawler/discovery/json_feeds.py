"""JSON Feed 1 and 1.1: text to links with what the feed says of each article."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crawler.discovery.records import Candidate, Discovered, make_place, newest
from crawler.discovery.times import sortable
from crawler.discovery.wording import person, plain_text
from pipelines.normalize import optional_text
from pipelines.records import Witness

_MAX_AUTHORS = 20
_MAX_DATE = 100


def read_json_feed(text: str, url: str) -> Discovered:
    """Items of a JSON feed and its next page; other JSON gives nothing. See https://jsonfeed.org/version/1.1."""
    try:
        feed = json.loads(text.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return Discovered()
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        return Discovered()
    links, dropped = newest(
        _candidates(items), make_place(_text(feed.get("home_page_url")), url) or url, "feed"
    )
    after = make_place(_text(feed.get("next_url")), url)
    return Discovered(links, feeds=(after,) if after and after != url else (), dropped=dropped)


def _candidates(items: list[Any]) -> Iterator[Candidate]:
    for item in items:
        if not isinstance(item, dict):
            continue
        identity = _text(item.get("id"))
        address = _text(item.get("url")) or (identity if identity.startswith(("http://", "https://")) else "")
        if address:
            witness = _witness(item)
            yield Candidate(address, sortable(witness.published), witness)


def _witness(item: dict[str, Any]) -> Witness:
    people = item.get("authors")
    people = people[:_MAX_AUTHORS] if isinstance(people, list) else [item.get("author")]  # version 1 has one
    names = [_text(person.get("name")) for person in people if isinstance(person, dict)]
    date = _text(item.get("date_published")) or _text(item.get("date_modified"))
    return Witness(
        title=plain_text(_text(item.get("title"))),
        published=optional_text(date[:_MAX_DATE]),
        authors=tuple(dict.fromkeys(name for some in names if (name := person(some)))),
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
