"""Feeds and sitemaps to read, and what to ask of what comes out."""

from __future__ import annotations

from crawler.discovery.records import Discovered
from pipelines.records import Witness

HOME = "https://www.example.org/"
DAY = "2026-11-03T07:00:00+00:00"
TITLE = "مطر غزير يغمر شوارع المدينة القديمة"
LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)


def rss(*items: str, head: str = "<?xml version='1.0' encoding='utf-8'?>", channel: str = "") -> str:
    parts = f"<channel><title>الميناء</title>{channel}{''.join(items)}</channel>"
    return f"{head}<rss version='2.0'>{parts}</rss>"


def item(path: str, title: str = "مطر غزير", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{HOME}{path}</link>{more}</item>"


def urlset(*urls: str, head: str = "<?xml version='1.0' encoding='UTF-8'?>") -> str:
    names = (
        "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
    )
    return f"{head}<urlset {names}>{''.join(urls)}</urlset>"


def loc(address: str, more: str = "") -> str:
    return f"<url><loc>{address}</loc>{more}</url>"


def urls(found: Discovered) -> list[str]:
    return [link.url for link in found.links]


def witness(found: Discovered) -> Witness:
    """What is said of the only link there."""
    (link,) = found.links
    assert link.witness is not None
    return link.witness
