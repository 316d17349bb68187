"""Builders for the tests of the cleaning: pages in memory, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime

from lxml.html import HtmlElement

from pipelines.body.blocks import Block, Walk
from pipelines.body.furniture import find_furniture
from pipelines.body.site_memory import NO_MEMORY, SiteMemory
from pipelines.clean import clean
from pipelines.page.outline import Outline
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Cleaned, Page, Reason, Rejected

FETCHED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# A story of four paragraphs under its headline.
TITLE = "New park opens on the quay"
PARK = (
    "The council of the harbour town said on Monday that the new park will open to everyone next spring.",
    "Work on the old quay began two years ago and cost three million dollars, a third of it from the port.",
    "Residents asked for shade, benches and a path for bicycles, and the architect drew the plan again.",
    "The first trees were planted in January, and a nursery in the hills has promised two hundred more.",
)


def page(markup: str | bytes, url: str = "http://news.test/story-1", content_type: str = "text/html") -> Page:
    """A fetched page of the site `news`."""
    body = markup.encode() if isinstance(markup, str) else markup
    return Page(
        url=url,
        body=body,
        headers=(("content-type", content_type),),
        fetched_at=FETCHED,
        site="news",
        run_id="test",
    )


def document(inside: str, title: str = "", language: str = "en") -> str:
    """A whole page around the mark-up of its body."""
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body>{inside}</body></html>"
    )


def story(title: str, inside: str, language: str = "en", around: str = "") -> str:
    """An article page as many themes build it: a menu, the headline, the body, a footer."""
    return document(
        f'<nav><a href="/">Home</a> <a href="/world">World</a></nav>'
        f'<main><article><h1>{title}</h1><div class="entry">{inside}</div></article></main>{around}'
        f"<footer><p>The News of Harbour Town</p></footer>",
        title,
        language,
    )


def paragraphs(*texts: str) -> str:
    """The texts as `<p>` elements."""
    return "".join(f"<p>{text}</p>" for text in texts)


def cleaned(markup: str | bytes, memory: SiteMemory = NO_MEMORY) -> Cleaned:
    """What the cleaning makes of a page with the default policy."""
    return clean(page(markup), DEFAULT_POLICY, memory)


def article(markup: str | bytes, memory: SiteMemory = NO_MEMORY) -> Article:
    """The article a page must hold."""
    result = cleaned(markup, memory).result
    assert isinstance(result, Article), result
    return result


def text_of(markup: str | bytes, memory: SiteMemory = NO_MEMORY) -> list[str]:
    """Paragraphs of the article a page must hold."""
    return article(markup, memory).text.split("\n\n")


def rejected(markup: str | bytes) -> tuple[Reason, str | None]:
    """Why a page must be turned away."""
    result = cleaned(markup).result
    assert isinstance(result, Rejected), result
    return result.reason, result.detail


def cuts(markup: str | bytes, memory: SiteMemory = NO_MEMORY) -> dict[str, str]:
    """Text of each removed block -> the rule that cut it."""
    return {block.text: block.rule for block in cleaned(markup, memory).removed}


def body_of(inside: str) -> HtmlElement:
    """The `<body>` element of a page."""
    root = parse(document(inside))
    assert root is not None
    return root.find("body")


def blocks(inside: str) -> list[Block]:
    """Blocks of a page, with its furniture marked."""
    outline = outline_of(inside)
    return Walk(outline).blocks(find_furniture(outline, DEFAULT_POLICY))


def outline_of(inside: str) -> Outline:
    """The tree of a page, as lists."""
    return Outline.of(body_of(inside).getparent())
