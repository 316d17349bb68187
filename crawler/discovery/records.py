"""What a hub, feed or sitemap gives: links to articles and to further places to look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

from crawler.discovery.times import sortable
from pipelines.records import Witness
from pipelines.store.links import Link
from pipelines.urls import article_key, checked_url, trimmed, unwrapped

# More than the largest honest news sitemap (1,000 by the protocol) and hub; a flood is cut here.
MAX_LINKS = 2_000
MAX_PLACES = 50


@dataclass(frozen=True, slots=True)
class Discovered:
    """Links to articles, and addresses of feeds, sitemaps and sections found beside them.

    `sitemaps` has the newest first; `sitemap_times` has (address, ISO time in UTC of its last change) of
    those that state one. `dropped` counts addresses of articles and sitemaps that a cap left out. `pages`
    are further pages of the same list, the next one first.
    """

    links: tuple[Link, ...] = ()
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    sitemap_times: tuple[tuple[str, str], ...] = ()
    dropped: int = 0
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address as a feed or sitemap writes it, before it is known to be one; `hint` as in `Link`."""

    url: str
    hint: str | None = None
    witness: Witness | None = None


def make_place(url: str | None, base: str) -> str | None:
    """Absolute http(s) address of what `url` names on the page `base`, or None when it names nothing."""
    if not url or not (stated := trimmed(url)):
        return None
    try:
        return unwrapped(checked_url(urljoin(base, stated)))
    except ValueError:
        return None


def make_link(
    url: str, base: str, via: str, witness: Witness | None = None, hint: str | None = None
) -> Link | None:
    """A link with its key, or None when `url` is no http(s) address.

    `hint` orders newest first; without one it is what the witness says of the publication.
    """
    address = make_place(url, base)
    if address is None:
        return None
    try:
        key = article_key(address)
    except ValueError:  # longer than an address may be when spelled in full
        return None
    hint = hint or (sortable(witness.published) if witness else None)
    return Link(key, address, via, hint, witness)


def newest(candidates: Iterable[Candidate], base: str, via: str) -> tuple[tuple[Link, ...], int]:
    """The links, each key once, and how many addresses the cap left out.

    At most `MAX_LINKS`: up to there in their own order, else the newest, newest first, and those without a
    time last. Only what is kept is made canonical; that costs the most.
    """
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.url.strip(), candidate)
    wanted = list(first.values())
    if len(wanted) > MAX_LINKS:
        wanted.sort(key=lambda candidate: candidate.hint or "", reverse=True)
    found: dict[str, Link] = {}
    for at, candidate in enumerate(wanted):
        if len(found) >= MAX_LINKS:
            return tuple(found.values()), len(wanted) - at
        # A document that escapes twice leaves this behind, and no address means it.
        url = candidate.url.replace("&amp;", "&")
        link = make_link(url, base, via, candidate.witness, candidate.hint)
        if link is not None:
            found.setdefault(link.key, link)
    return tuple(found.values()), 0
