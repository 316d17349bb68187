"""One parse for everything: the tree that metadata and body are both read from."""

from __future__ import annotations

import re
from itertools import islice

from lxml.etree import (
    ElementDefaultClassLookup,
    HTMLParser,
    ParserError,
    fromstring,
)
from lxml.html import HtmlElement

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# XML forbids these and lxml raises on them; lone surrogates would break UTF-8 later.
_FORBIDDEN: dict[int, str | None] = dict.fromkeys(
    (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xFFFE, 0xFFFF)
)
_FORBIDDEN |= dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)
# Looking at bytes is many times faster than translating text, and most pages have none.
_CONTROLS = bytes(code for code in _FORBIDDEN if code < 0x80)
_NON_CHARACTERS = "\ufffe\uffff"
_SMALL_NOSCRIPT = 50
# libxml2 reads 256 levels and drops what is deeper without a word.
_PARSER_LEVELS = 250
# lxml.html asks Python which class each element has; all that is read here are plain ones.
_CLASSES = ElementDefaultClassLookup(element=HtmlElement)
_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,32})|([0-9]{1,32}));?")
# What those references look like whose character may be forbidden: a page has hundreds of others.
_MAY_BE_FORBIDDEN = re.compile(
    rb"&#(?:[xX]0*(?:1?[0-9a-fA-F]|7[fF]|[dDfF][0-9a-fA-F]{3})(?![0-9a-fA-F])|[xX]?[0-9a-fA-F]{32}"
    rb"|0*(?:[12]?[0-9]|3[01]|127|5[5-7][0-9]{3}|6553[45])(?![0-9]))"
)


def parse(text: str, *, scripts: bool = True) -> HtmlElement | None:
    """Root of the page, comments and processing instructions dropped; None when there is nothing.

    Without `scripts` it is the page of browsers that run none: what <noscript> holds is part of it.
    Raises `MemoryError`, also where it is the parser that gets none.
    """
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    parser.set_element_class_lookup(_CLASSES)
    source = _utf_8(text)
    if not source.strip():
        return None
    try:
        root = fromstring(source, parser=parser)
    except (ValueError, AssertionError, ParserError):  # lxml's ways to say "no document"
        return None
    except SyntaxError as error:  # older ones say so, too; and this is what it makes of libxml2's "no memory"
        if "unknown error" in str(error):
            raise MemoryError from None
        return None
    body = None if root is None else root.find("body")
    if body is None:
        return None
    _join_what_follows(root, body)
    _open_noscript(root, body)
    if not scripts:
        for element in list(body.iter("noscript")):
            element.tag = "div"  # unwrapped, what is nested would move once for each level
    return root


def _utf_8(text: str) -> bytes:
    """`text` as the parser reads it, without what is forbidden and references to it."""
    source = _encoded(text)
    return _REFERENCE.sub(_allowed, source) if _MAY_BE_FORBIDDEN.search(source) else source


def _encoded(text: str) -> bytes:
    """UTF-8 of `text` without what is forbidden."""
    try:
        source = text.encode("utf-8")
        if len(source.translate(None, _CONTROLS)) == len(source) and not any(
            c in text for c in _NON_CHARACTERS
        ):
            return source
    except UnicodeEncodeError:  # a lone surrogate
        pass
    return text.translate(_FORBIDDEN).encode("utf-8")


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


def _open_noscript(root: HtmlElement, body: HtmlElement) -> None:
    """Unwrap a <noscript> that holds most elements of the page: one of its own was never closed.

    Browsers that run scripts read no mark-up in it, so that the page looks right to everybody else.
    Where the parser stopped for the depth it stays: else nobody would see that the end is missing.
    """
    wide = [e for e in body.iter("noscript") if _holds_more(e, _SMALL_NOSCRIPT)]
    if not wide:
        return
    half = sum(1 for _ in body.iter()) // 2
    wide = [element for element in wide if _holds_more(element, half)]
    if wide and depth(root) < _PARSER_LEVELS:
        for element in wide:
            element.drop_tag()


def _holds_more(element: HtmlElement, count: int) -> bool:
    return next(islice(element.iter(), count, None), None) is not None


def _allowed(reference: re.Match[bytes]) -> bytes:
    """The reference, unless its character is forbidden: one of those costs the whole body else."""
    hexadecimal, decimal = reference.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return (_FORBIDDEN[code] or "").encode() if code in _FORBIDDEN else reference.group()


def depth(root: HtmlElement) -> int:
    """Levels of the deepest element; iterative, since a hostile page is deeper than Python's stack."""
    deepest, stack = 0, [(root, 1)]
    while stack:
        element, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((child, level + 1) for child in element)
    return deepest
