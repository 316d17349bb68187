"""The smaller facts about a page: section, tags, description, publisher, kind of page, rights."""

from __future__ import annotations

import re

from pipelines.metadata.structured import Statements
from pipelines.normalize import letters
from pipelines.records import Page

_SPLIT_TAGS = re.compile(r"\s*[,،;|]\s*")
_RIGHTS_WORDS = re.compile(r"\b(noai|noimageai|noindex|noarchive|nosnippet)\b", re.IGNORECASE)
_PAGE_TYPES = {
    "LiveBlogPosting": "liveblog",
    "OpinionNewsArticle": "opinion",
    "VideoObject": "video",
    "ImageGallery": "gallery",
}
_MAX_TAGS = 50


def tags(statements: Statements) -> tuple[str, ...]:
    """Keywords of the first source that gives any, each once."""
    by_source: dict[str, dict[str, str]] = {}
    for candidate in statements.all("tag"):
        for tag in _SPLIT_TAGS.split(candidate.value):
            if folded := letters(tag):
                by_source.setdefault(candidate.source, {}).setdefault(folded, tag.strip())
    found = next(iter(by_source.values()), {})
    return tuple(found.values())[:_MAX_TAGS]


def page_type(statements: Statements) -> str:
    """`article` unless the page declares a more telling kind."""
    kinds = [candidate.value for candidate in statements.all("type")]
    named = [_PAGE_TYPES[kind] for kind in kinds if kind in _PAGE_TYPES]
    ordinary = any(kind in ("NewsArticle", "Article") for kind in kinds)
    telling = [kind for kind in named if kind in ("liveblog", "opinion") or not ordinary]
    return telling[0] if telling else "article"


def rights(statements: Statements, page: Page) -> tuple[str, ...]:
    """Opt-out and licence signals as seen, e.g. `robots:noai`, `tdm-reservation:1`, `license:URL`."""
    seen: dict[str, None] = {}
    for place, value in (
        ("robots", " ".join(c.value for c in statements.all("robots"))),
        ("x-robots-tag", " ".join(value for name, value in page.headers if name == "x-robots-tag")),
    ):
        for word in _RIGHTS_WORDS.findall(value):
            seen[f"{place}:{word.lower()}"] = None
    for reserved in (statements.first("tdm"), page.header("tdm-reservation")):
        if reserved:
            seen[f"tdm-reservation:{reserved.strip()}"] = None
    for candidate in statements.all("license"):
        seen[f"license:{candidate.value}"] = None
    return tuple(seen)
