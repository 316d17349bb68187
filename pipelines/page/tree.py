"""One parse for everything: the tree that metadata and body are both read from."""

from __future__ import annotations

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# XML forbids these and lxml raises on them; lone surrogates would break UTF-8 later.
_FORBIDDEN: dict[int, str | None] = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
_FORBIDDEN |= dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)


def parse(text: str) -> HtmlElement | None:
    """Root of the page, comments and processing instructions dropped; None when there is nothing."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    source = text.translate(_FORBIDDEN).encode("utf-8")
    if not source.strip():
        return None
    try:
        root = document_fromstring(source, parser=parser)
    except (ValueError, AssertionError, SyntaxError, ParserError):  # lxml's ways to say "no document"
        return None
    return root if root.find("body") is not None else None


def depth(root: HtmlElement) -> int:
    """Levels of the deepest element; iterative, since a hostile page is deeper than Python's stack."""
    deepest, stack = 0, [(root, 1)]
    while stack:
        element, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((child, level + 1) for child in element)
    return deepest
