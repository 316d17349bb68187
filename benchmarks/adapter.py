"""The scorer's seam to the cleaner: one site's pages in crawl order, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from pipelines.body.site_history import SiteHistory
from pipelines.clean import clean
from pipelines.holding import FirstPages, Held
from pipelines.metadata.dates import stated_moment
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.records import Article, Page, Rejected
from pipelines.urls import BadUrl, checked_url


def clean_site(
    pages: list[tuple[str, bytes, dict[str, str]]], policy: Policy = DEFAULT_POLICY
) -> list[dict[str, Any] | None]:
    """(url, body, headers) of one site in crawl order -> one dict a page, None where it is no article.

    The site's first pages wait for its memory as they do in a run.
    Keys: text, title, authors, published, language.
    """
    history = SiteHistory(policy)
    waiting = FirstPages(policy)
    results: dict[str, Article | Rejected] = {}

    def finish(some: Iterable[Held]) -> None:
        memory = history.snapshot()
        for held in some:
            again = held.profits(memory)
            cleaned = clean(held.page, policy, memory) if again else held.cleaned
            results[held.key] = cleaned.result

    for number, given in enumerate(pages):
        page, memory = as_page(*given), history.snapshot()
        held = Held(str(number), page, clean(page, policy, memory), memory)
        if held.cleaned.view is None:
            finish([held])
            continue
        history.learn(held.cleaned.view)
        finish([*waiting.take(page.site), held] if history.knows_enough else waiting.add(held))
    finish(waiting.take_all())
    return [_plain(results[str(number)]) for number in range(len(pages))]


def as_page(url: str, body: bytes, headers: dict[str, str]) -> Page:
    """One page of the scorer as the crawler hands them to the cleaner."""
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
