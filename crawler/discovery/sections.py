"""Home and section pages: which links lead to articles, which to sections and feeds. Runs in a worker."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.discovery.records import MAX_PLACES, Discovered, make_link, make_place, unique
from pipelines.normalize import letters
from pipelines.page.decode import decode
from pipelines.page.precheck import precheck
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.store.ledger import Link

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
# A date, a long number or a slug of several words: what an article's address has and a section's lacks.
_ARTICLE_PATH = re.compile(r"/(?:19|20)\d\d/|\d{4,}|/[^/]+(?:[-_][^-_/]+){3,}", re.IGNORECASE)
_ID_QUERY = re.compile(r"(?:^|&)(?:id|p|article|news|nid|aid|sid)=[\w-]+", re.IGNORECASE)
_NEVER = re.compile(
    r"/(?:tag|tags|author|authors|search|login|register|account|wp-admin|admin|print|share|cart|feed|rss)(?:/|$)|"
    r"\.(?:jpe?g|png|gif|webp|svg|pdf|mp[34]|zip|xml|css|js|ico)$",
    re.IGNORECASE,
)
# A headline has more letters than the name of a section.
_HEADLINE_LETTERS = 25
# A shorter one will do below a folder when the address spells out a phrase, too.
_PHRASE_LETTERS = 12
_PHRASE_PATH = re.compile(r"/[^/]+[-_][^-_/]+[-_][^/]+/?$")


def read_hub(body: bytes, url: str, content_type: str | None) -> Discovered:
    """Links of a hub page on its own host; nothing when the page may not be parsed."""
    if precheck(body, DEFAULT_POLICY):
        return Discovered()
    root = parse(decode(body, content_type).text)
    if root is None:
        return Discovered()
    here = make_place(url, url)
    if here is None:
        return Discovered()
    base = make_place(next((e.get("href") for e in root.iter("base") if e.get("href")), None), here) or here
    articles: list[Link | None] = []
    sections: dict[str, None] = {}
    for anchor in root.iter("a"):
        address = make_place(anchor.get("href"), base)
        if address is None or urlsplit(address).netloc != urlsplit(here).netloc:
            continue
        if _NEVER.search(urlsplit(address).path):
            continue
        if _leads_to_article(address, anchor):
            articles.append(make_link(address, base, "section"))
        elif not urlsplit(address).query or "next" in (anchor.get("rel") or "").lower().split():
            sections[address] = None
    return Discovered(
        links=unique(articles),
        feeds=_feeds(root, base),
        sections=tuple(sections)[:MAX_PLACES],
    )


def _leads_to_article(address: str, anchor: HtmlElement) -> bool:
    parts = urlsplit(address)
    if _ARTICLE_PATH.search(parts.path) or _ID_QUERY.search(parts.query):
        return True
    if parts.path.strip("/").count("/") < 1:
        return False
    said = len(letters(str(anchor.text_content())))
    return said >= _HEADLINE_LETTERS or (said >= _PHRASE_LETTERS and bool(_PHRASE_PATH.search(parts.path)))


def _feeds(root: HtmlElement, base: str) -> tuple[str, ...]:
    found = [
        place
        for element in root.iter("link")
        if (element.get("type") or "").partition(";")[0].strip().lower() in _FEED_TYPES
        and (place := make_place(element.get("href"), base))
    ]
    return tuple(dict.fromkeys(found))[:MAX_PLACES]
