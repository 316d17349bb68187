"""Pages with made-up metadata, for the tests of what is read from them."""

from __future__ import annotations

import html
import json
from typing import Any

from pipelines.body.blocks import linearise
from pipelines.metadata.candidates import Statements
from pipelines.metadata.lines import Line, page_lines
from pipelines.metadata.structured import read_statements
from pipelines.page.outline import Outline
from pipelines.page.tree import parse

TITLE = "سدّ جديد في وادي النخيل"
STORY: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": TITLE,
    "author": {"@type": "Person", "name": "سلمى الحداد"},
    "publisher": {"@type": "Organization", "name": "صحيفة الميناء"},
    "datePublished": "2026-11-03T10:00:00+03:00",
    "articleSection": "اقتصاد",
    "image": {"@type": "ImageObject", "url": "https://example.org/dam.jpg"},
}
JSON = json.dumps(STORY, ensure_ascii=False)


def page(head: str = "", body: str = "") -> Any:
    """The parsed page."""
    root = parse(f"<html><head>{head}</head><body>{body}<p>فقرة.</p></body></html>")
    assert root is not None
    return root


def stated(head: str = "", body: str = "") -> Statements:
    return read_statements(page(head, body))


def lines_of(root: Any, title: str | None) -> list[Line]:
    """The short lines of a parsed page."""
    return page_lines(Outline.of(root), linearise(root.find("body"), {}), title)


def script(source: str) -> str:
    return f'<script type="application/ld+json">{source}</script>'


def meta(**values: str) -> str:
    """`og_title="x"` is <meta property="og:title" content="x">."""
    return "".join(
        f'<meta property="{name.replace("_", ":", 1)}" content="{html.escape(value)}">'
        for name, value in values.items()
    )
