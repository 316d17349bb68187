"""What a hub, feed or sitemap gives: links to articles and to further places to look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from urllib.parse import urljoin

from pipelines.metadata.dating.text import Place, read_moment
from pipelines.records import Witness
from pipelines.store.ledger import Link
from pipelines.urls import canonical_url, checked_url

# More than the largest honest news sitemap (1,000 by the protocol) and hub; a flood is cut here.
MAX_LINKS = 2_000
MAX_PLACES = 50


@dataclass(frozen=True, slots=True)
class Discovered:
    """Links to articles, and addresses of feeds, sitemaps and sections found beside them."""

    links: tuple[Link, ...] = ()
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


def make_place(url: str | None, base: str) -> str | None:
    """Absolute http(s) address of what `url` names on the page `base`, or None when it names nothing."""
    if not url or not url.strip():
        return None
    try:
        return checked_url(urljoin(base, url.strip()))
    except ValueError:
        return None


def make_link(url: str, base: str, via: str, witness: Witness | None = None) -> Link | None:
    """A link with its canonical key, or None when `url` is no http(s) address."""
    address = make_place(url, base)
    return Link(canonical_url(address), address, via, _hint(witness), witness) if address else None


def _hint(witness: Witness | None) -> str | None:
    """Sortable publication time: newest articles are fetched first."""
    stated = witness.published if witness else None
    moment = read_moment(stated, Place(datetime.now(UTC))) if stated else None
    if moment is None:
        return None
    return (moment.instant() or datetime.combine(moment.day, time(), UTC)).isoformat()


def unique(links: Iterable[Link | None]) -> tuple[Link, ...]:
    """The links, each key once, at most `MAX_LINKS`."""
    found: dict[str, Link] = {}
    for link in links:
        if link is not None:
            found.setdefault(link.key, link)
            if len(found) >= MAX_LINKS:
                break
    return tuple(found.values())
