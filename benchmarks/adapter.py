"""The scorer's seam to the cleaner: one site's pages in crawl order, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from pipelines.body.site_history import SiteHistory
from pipelines.clean import clean
from pipelines.holding import FirstPages, Held
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.records import Article, Page, Rejected
from pipelines.urls import BadUrl, checked_url

# UTC first, then the offsets there are on earth, nearest first.
_OFFSETS = sorted(range(-12, 15), key=abs)


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
        memory = history.snapshot().read_whole()
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
        "authors": _credited(result),
        "published": _published(result),
        "language": result.language,
    }


def _credited(article: Article) -> list[str]:
    """Who the row credits: people, and where it names none the agency and the outlet.

    The gold takes whatever a byline says for the author; the rows have people in `authors`, agencies in
    `wire_source` and outlets in `publisher`.
    """
    return list(article.authors or ()) or [name for name in (article.wire_source, article.publisher) if name]


def _published(article: Article) -> datetime | date | None:
    """The instant, in UTC or shifted by whole hours so that its calendar day is the one the page names."""
    instant, day = article.published_at, article.published_date
    if instant is None or day is None:
        return day
    return next(
        (moved for hours in _OFFSETS if (moved := instant.astimezone(_offset(hours))).date() == day), day
    )


def _offset(hours: int) -> timezone:
    return timezone(timedelta(hours=hours))
