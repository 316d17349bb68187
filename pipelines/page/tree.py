"""One parse for everything: the tree that metadata and body are both read from."""

from __future__ import annotations

import re

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# XML forbids these and lxml raises on them; lone surrogates would break UTF-8 later.
_FORBIDDEN: dict[int, str | None] = dict.fromkeys(
    (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xFFFE, 0xFFFF)
)
_FORBIDDEN |= dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)
# Looking is many times faster than translating, and most pages have none.
_ANY_FORBIDDEN = re.compile("[" + "".join(map(re.escape, map(chr, _FORBIDDEN))) + "]")
_SMALL_NOSCRIPT = 50
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,32})|([0-9]{1,32}));?")


def parse(text: str) -> HtmlElement | None:
    """Root of the page, comments and processing instructions dropped; None when there is nothing."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    if _ANY_FORBIDDEN.search(text):
        text = text.translate(_FORBIDDEN)
    source = _REFERENCE.sub(_allowed, text).encode("utf-8")
    if not source.strip():
        return None
    try:
        root = document_fromstring(source, parser=parser)
    except (ValueError, AssertionError, SyntaxError, ParserError):  # lxml's ways to say "no document"
        return None
    body = root.find("body")
    if body is None:
        return None
    _open_noscript(body)
    return root


def _open_noscript(body: HtmlElement) -> None:
    """Unwrap a <noscript> that holds most elements of the page: one of its own was never closed.

    Browsers that run scripts read no mark-up in it, so that the page looks right to everybody else.
    """
    for element in list(body.iter("noscript")):
        inside = sum(1 for _ in element.iter())
        if inside > _SMALL_NOSCRIPT and 2 * inside > sum(1 for _ in body.iter()):
            element.drop_tag()


def _allowed(reference: re.Match[str]) -> str:
    """The reference, unless its character is forbidden: one of those costs the whole body else."""
    hexadecimal, decimal = reference.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return (_FORBIDDEN[code] or "") if code in _FORBIDDEN else reference.group()


def depth(root: HtmlElement) -> int:
    """Levels of the deepest element; iterative, since a hostile page is deeper than Python's stack."""
    deepest, stack = 0, [(root, 1)]
    while stack:
        element, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((child, level + 1) for child in element)
    return deepest
