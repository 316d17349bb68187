"""The scorer's seam to the cleaner: one site's pages in crawl order, as plain values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from pipelines.body.site_memory import SiteCounts
from pipelines.clean import clean
from pipelines.metadata.dates import stated_moment
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Page, Rejected
from pipelines.urls import BadUrl, checked_url


def clean_site(pages: list[tuple[str, bytes, dict[str, str]]]) -> list[dict[str, Any] | None]:
    """(url, body, headers) of one site in crawl order -> one dict a page, None where it is no article.

    Keys: text, title, authors, published, language.
    """
    counts = SiteCounts()
    results = []
    for page in pages:
        cleaned = clean(_page(*page), DEFAULT_POLICY, counts.snapshot(DEFAULT_POLICY))
        if isinstance(cleaned.result, Article):
            counts.learn(cleaned.block_keys)
        results.append(_plain(cleaned.result))
    return results


def _page(url: str, body: bytes, headers: dict[str, str]) -> Page:
    return Page(
        url=_address(url),
        body=body,
        headers=tuple((name.lower(), value) for name, value in headers.items()),
        fetched_at=datetime.now(UTC),
        site="benchmark",
        run_id="benchmark",
    )


def _address(url: str) -> str:
    """The URL, or a stand-in for pages whose own address nobody noted."""
    try:
        return checked_url(url)
    except BadUrl:
        return "http://page.invalid/"


def _plain(result: Article | Rejected) -> dict[str, Any] | None:
    if isinstance(result, Rejected):
        return None
    return {
        "text": result.text,
        "title": result.title,
        "authors": list(result.authors or ()),
        "published": _published(result),
        "language": result.language,
    }


def _published(article: Article) -> datetime | date | None:
    """The instant in the page's own zone, where it stated one, so that its calendar day is the page's."""
    moment = stated_moment(article.published_raw) if article.published_raw else None
    return moment if moment and article.published_at else article.published_date
