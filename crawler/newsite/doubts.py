"""What looks wrong after a first visit, each as one line."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.newsite.draft import language_of
from crawler.newsite.records import Answer, Look, Surveyed
from pipelines.records import Rejected


def doubts(found: Surveyed) -> Iterator[str]:
    """All of them, those about the site first."""
    yield from _of_places("feed", found.feeds)
    yield from _of_places("sitemap", found.sitemaps)
    if not any(answer.works for answer in (*found.feeds, *found.sitemaps)):
        yield "no feed and no sitemap answered: articles are found on the front page and its sections alone"
    if not found.listed:
        yield "no link to an article was found"
    elif not found.articles:
        yield "none of the pages looked at is an article"
    yield from _of_languages(found)
    for number, look in enumerate(found.looks, start=1):
        yield from (f"page {number}: {doubt}" for doubt in _of_page(look))


def _of_places(kind: str, answers: tuple[Answer, ...]) -> Iterator[str]:
    """What the site names should work; what was only tried may be missing."""
    for answer in answers:
        if answer.named and not answer.works:
            yield f"the {kind} {answer.url} is named but {answer.failed or 'lists no article of the site'}"


def _of_languages(found: Surveyed) -> Iterator[str]:
    spoken = list(dict.fromkeys(article.language for article in found.articles if article.language != "und"))
    if len(spoken) > 1:
        yield f"the articles are in {len(spoken)} languages: {', '.join(spoken)}"
    language = language_of(found)
    if language is None:
        yield "no language is known: neither the articles nor the front page tell"
    elif found.language and found.language != language:
        yield f"the front page declares {found.language}, the articles are in {language}"


def _of_page(look: Look) -> Iterator[str]:
    if look.cleaned is None:
        yield f"not fetched: {look.failed}"
    elif isinstance(look.cleaned.result, Rejected):
        yield f"refused as {look.cleaned.result.reason}; `scrapy explain` shows why"
    elif article := look.article:
        if article.published_date is None:
            yield "no date"
        if article.title is None:
            yield "no title"
        if article.language == "und":
            yield "its language is unknown"
