"""One parse for everything: the tree that metadata and body are both read from."""

from __future__ import annotations

import re
from itertools import islice

from lxml.etree import ParserError, XPath, XPathEvalError
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
# libxml2 reads 256 levels and drops what is deeper without a word.
_PARSER_LEVELS = 250
# The longest of a real page has 7,481.
_MAX_NAME_CHARS = 10_000
_LONG_NAMED = XPath(
    f"//*[string-length(@class) > {_MAX_NAME_CHARS} or string-length(@id) > {_MAX_NAME_CHARS}]"
)
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,32})|([0-9]{1,32}));?")


def parse(text: str) -> HtmlElement | None:
    """Root of the page, comments and processing instructions dropped; None when there is nothing.

    Raises `MemoryError`, also where it is the parser that gets none.
    """
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    if _ANY_FORBIDDEN.search(text):
        text = text.translate(_FORBIDDEN)
    source = _REFERENCE.sub(_allowed, text).encode("utf-8")
    if not source.strip():
        return None
    try:
        root = document_fromstring(source, parser=parser)
    except (ValueError, AssertionError, ParserError):  # lxml's ways to say "no document"
        return None
    except SyntaxError as error:  # older ones say so, too; and this is what it makes of libxml2's "no memory"
        if "unknown error" in str(error):
            raise MemoryError from None
        return None
    body = root.find("body")
    if body is None:
        return None
    _join_what_follows(root, body)
    _cut_names(root)
    _open_noscript(root, body)
    return root


def _join_what_follows(root: HtmlElement, body: HtmlElement) -> None:
    """Take in what stands behind the first </html>: libxml2 makes more documents of it, browsers do not."""
    for further in list(root.itersiblings("html")):
        _append_text(body, further.text)
        for part in list(further):
            if part.tag in ("head", "body"):
                _append_text(body, part.text)
                body.extend(list(part))
                _append_text(body, part.tail)
            else:
                body.append(part)


def _append_text(body: HtmlElement, text: str | None) -> None:
    if text and len(body):
        body[-1].tail = (body[-1].tail or "") + text
    elif text:
        body.text = (body.text or "") + text


def _cut_names(root: HtmlElement) -> None:
    """Class and id are looked at for each block below an element: none of megabytes."""
    try:
        found = _LONG_NAMED(root)
    except XPathEvalError:  # nothing is wrong with the expression: libxml2 got no memory
        raise MemoryError from None
    for element in found:
        for key in ("class", "id"):
            if name := element.get(key):
                element.set(key, name[:_MAX_NAME_CHARS])


def _open_noscript(root: HtmlElement, body: HtmlElement) -> None:
    """Unwrap a <noscript> that holds most elements of the page: one of its own was never closed.

    Browsers that run scripts read no mark-up in it, so that the page looks right to everybody else.
    Where the parser stopped for the depth it stays: else nobody would see that the end is missing.
    """
    whole = sum(1 for _ in body.iter())
    wide = [e for e in body.iter("noscript") if _holds_more(e, max(_SMALL_NOSCRIPT, whole // 2))]
    if wide and depth(root) < _PARSER_LEVELS:
        for element in wide:
            element.drop_tag()


def _holds_more(element: HtmlElement, count: int) -> bool:
    return next(islice(element.iter(), count, None), None) is not None


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
