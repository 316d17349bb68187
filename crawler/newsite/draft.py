"""The site file that a survey leads to: what answered, what is certain, and proposals as comments."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from crawler.newsite.records import Surveyed
from pipelines import EXTRACTOR_VERSION
from pipelines.metadata.setting import domain_country

_MAX_SECTIONS = 10
# What a first visit sees is one moment of the site: half of it is expected, and no more than this.
_MAX_EXPECTED = 20


def draft(found: Surveyed, name: str, today: date) -> str:
    """The text of the site file, at most 30 lines."""
    return "\n".join(_lines(found, name, today)) + "\n"


def language_of(found: Surveyed) -> str | None:
    """The language of most of the articles, else the one the front page declares.

    Where two are as frequent, the declared one decides, then the newest article.
    """
    counts = Counter(article.language for article in found.articles if article.language != "und")
    ranked = sorted(counts, key=lambda code: (counts[code], code == found.language), reverse=True)
    return ranked[0] if ranked else found.language


def _lines(found: Surveyed, name: str, today: date) -> Iterator[str]:
    yield f"# Written by `scrapy newsite` of Khabar {EXTRACTOR_VERSION} on {today.isoformat()}."
    yield f"name = {_quoted(name)}"
    yield f"start = {_quoted(found.start)}"
    language = language_of(found)
    yield f"language = {_quoted(language)}" if language else '# Unknown: language = "ar"'
    country = domain_country(found.start)
    yield f"country = {_quoted(country)}" if country else '# The address does not tell: country = "EG"'
    feeds = [answer.url for answer in found.feeds if answer.works]
    sitemaps = [answer.url for answer in found.sitemaps if answer.works]
    yield from _list("feeds", feeds)
    yield from _list("sitemaps", sitemaps)
    if not feeds and not sitemaps:
        yield from _proposed_sections(found.sections[:_MAX_SECTIONS])
    yield ""
    yield "# Fewer articles than this, or other languages, and the run ends with exit code 5:"
    yield "# [expect]"
    yield f"# min_articles = {min(_MAX_EXPECTED, max(1, found.listed // 2))}"
    if language:
        yield f"# languages = [{_quoted(language)}]"


def _list(key: str, urls: Sequence[str]) -> Iterator[str]:
    if len(urls) == 1:
        yield f"{key} = [{_quoted(urls[0])}]"
    elif urls:
        yield f"{key} = ["
        yield from (f"    {_quoted(url)}," for url in urls)
        yield "]"


def _proposed_sections(urls: Sequence[str]) -> Iterator[str]:
    """As a comment: the crawler finds sections itself, and a list keeps it from all others."""
    if urls:
        yield "# Without this list every section that is found is visited; shorten it if that is too much."
        yield from (f"# {line}" for line in _list("sections", [*urls]))


def _quoted(text: str) -> str:
    """A TOML string; those of JSON are."""
    return json.dumps(text)
