"""The scorer's seam to the cleaner: one site's pages in crawl order, as plain values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipelines.body.site_memory import SiteCounts
from pipelines.clean import clean
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Page


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
        url=url or "http://page.invalid/",
        body=body,
        headers=tuple((name.lower(), value) for name, value in headers.items()),
        fetched_at=datetime.now(UTC),
        site="benchmark",
        run_id="benchmark",
    )


def _plain(result: object) -> dict[str, Any] | None:
    if not isinstance(result, Article):
        return None
    return {
        "text": result.text,
        "title": result.title,
        "authors": list(result.authors or ()),
        "published": result.published_at or result.published_date,
        "language": result.language,
    }
