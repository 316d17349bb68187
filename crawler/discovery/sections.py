"""Home and section pages: which links lead to articles, which to sections and feeds. Runs in a worker."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.discovery.records import MAX_PLACES, Discovered, make_link, unique
from pipelines.normalize import letters
from pipelines.page.decode import decode
from pipelines.page.precheck import precheck
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.store.ledger import Link
from pipelines.urls import BadUrl, checked_url

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
# A date, a long number or a slug of several words: what an article's address has and a section's lacks.
_ARTICLE_PATH = re.compile(r"/(?:19|20)\d\d/|\d{4,}|[^/]+(?:[-_][^-_/]+){3,}", re.IGNORECASE)
_ID_QUERY = re.compile(r"(?:^|&)(?:id|p|article|news|nid|aid|sid)=[\w-]+", re.IGNORECASE)
_NEVER = re.compile(
    r"/(?:tag|tags|author|authors|search|login|register|account|wp-admin|admin|print|share|cart|feed|rss)(?:/|$)|"
    r"\.(?:jpe?g|png|gif|webp|svg|pdf|mp[34]|zip|xml|css|js|ico)$",
    re.IGNORECASE,
)
# A headline has more letters than the name of a section.
_HEADLINE_LETTERS = 25


def read_hub(body: bytes, url: str, content_type: str | None) -> Discovered:
    """Links of a hub page on its own host; nothing when the page may not be parsed."""
    if precheck(body, DEFAULT_POLICY):
        return Discovered()
    root = parse(decode(body, content_type).text)
    if root is None:
        return Discovered()
    base = urljoin(url, next((e.get("href") for e in root.iter("base") if e.get("href")), ""))
    articles: list[Link | None] = []
    sections: dict[str, None] = {}
    for anchor in root.iter("a"):
        address = _same_host(anchor.get("href"), base)
        if address is None or _NEVER.search(urlsplit(address).path):
            continue
        if _leads_to_article(address, anchor):
            articles.append(make_link(address, base, "section"))
        elif not urlsplit(address).query or anchor.get("rel") == "next":
            sections[address] = None
    return Discovered(
        links=unique(articles),
        feeds=_feeds(root, base),
        sections=tuple(sections)[:MAX_PLACES],
    )


def _same_host(href: str | None, base: str) -> str | None:
    if not href:
        return None
    try:
        address = checked_url(urljoin(base, href))
    except (BadUrl, ValueError):
        return None
    return address if urlsplit(address).netloc == urlsplit(base).netloc else None


def _leads_to_article(address: str, anchor: HtmlElement) -> bool:
    parts = urlsplit(address)
    if _ARTICLE_PATH.search(parts.path) or _ID_QUERY.search(parts.query):
        return True
    deep = parts.path.strip("/").count("/") >= 1
    return deep and len(letters(str(anchor.text_content()))) >= _HEADLINE_LETTERS


def _feeds(root: HtmlElement, base: str) -> tuple[str, ...]:
    found = [
        urljoin(base, element.get("href"))
        for element in root.iter("link")
        if element.get("href") and (element.get("type") or "").lower() in _FEED_TYPES
    ]
    return tuple(dict.fromkeys(found))[:MAX_PLACES]
