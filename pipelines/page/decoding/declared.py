"""The encodings a page's header and its own head name, read as browsers read them, but in the whole head."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.page.decoding.labels import codec_of

_HEADER = re.compile(
    r"(?:^|[;,])[ \t]*charset[ \t]*=[ \t]*(?:\"([^\"]*)\"|'([^']*)'|([^\s;,\"']+))", re.IGNORECASE
)
# Browsers look for tags in so many bytes, whatever they stand in, and then at those that are read as tags.
_FIRST_LOOK = 1024
_REST = rb"|(?P<body>body)(?=[\s/>])|(?P<meta>meta)(?=[\s/])|/?[a-z][^\s>]*+|[!/?][^>]*+(?:>|\Z))"
_COMMENT = rb"<(?:(?P<aside>!--(?:-?>|.*?(?:--!?>|\Z)))"
_SCRIPT = rb"|(?P<raw>(?P<name>script|style|title|textarea|xmp)(?=[\s/>]).*?(?:</(?P=name)(?=[\s/>])|\Z))"
_ANY_TAG = re.compile(_COMMENT + _REST, re.IGNORECASE | re.DOTALL)
_TAG = re.compile(_COMMENT + _SCRIPT + _REST, re.IGNORECASE | re.DOTALL)
# Possessive, so that nothing is read twice: a page without one ">" is read in linear time too.
_ATTRIBUTE = re.compile(
    rb"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)|(?=>)|(["'])))?"""
)
_CONTENT = re.compile(rb"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"'][^\s;]*))", re.IGNORECASE)
_SPACE = re.compile(rb"[\s/]*+")
_XML = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*(?:\"([^\">]*)\"|'([^'>]*)')")


def declared(body: bytes, content_type: str | None) -> tuple[str, ...]:
    """Codecs of the header, then of the page, without those that are unknown; `REFUSED` may be among them."""
    named = (_of_header(content_type or ""), _of_page(body))
    return tuple(dict.fromkeys(name for name in named if name))


def _of_header(content_type: str) -> str | None:
    found = _HEADER.search(content_type)
    return codec_of(next(filter(None, found.groups()), "")) if found else None


def _of_page(body: bytes) -> str | None:
    """Codec of the first meta tag that names one, else of an XML declaration.

    UTF-16 means UTF-8 here: what names it was read as ASCII.
    """
    for tags, part in ((_ANY_TAG, body[:_FIRST_LOOK]), (_TAG, body)):
        for attributes in _metas(part, tags):
            if codec := codec_of(_label(attributes).decode("latin-1")):
                return "utf-8" if codec.startswith(("utf-16", "utf-32")) else codec
    found = _XML.match(body)
    return codec_of((found[1] or found[2] or b"").decode("latin-1")) if found else None


def _metas(body: bytes, tags: re.Pattern[bytes]) -> Iterator[dict[bytes, bytes]]:
    """Attributes of each whole meta tag before the body."""
    at = 0
    while (tag := tags.search(body, at)) and not tag["body"]:
        at = tag.end()
        if tag.lastgroup in ("aside", "raw") or tag.group().endswith(b">"):
            continue
        attributes, at = _attributes(body, at)
        if tag["meta"] and body.startswith(b">", at):
            yield attributes


def _attributes(body: bytes, at: int) -> tuple[dict[bytes, bytes], int]:
    """Attributes of the tag whose name ends at `at`, the first of a name, and where they end."""
    found: dict[bytes, bytes] = {}
    while attribute := _ATTRIBUTE.match(body, at):
        name, double, single, bare, open_quote = attribute.groups()
        if open_quote:
            return {}, len(body)
        at = attribute.end()
        found.setdefault(name.lower(), double or single or bare or b"")
    space = _SPACE.match(body, at)
    return found, space.end() if space else at


def _label(attributes: dict[bytes, bytes]) -> bytes:
    """Label of a meta tag: its charset, or the one in the content type that it says to be."""
    if b"charset" in attributes:
        return attributes[b"charset"]
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return b""
    found = _CONTENT.search(attributes.get(b"content", b""))
    return next(filter(None, found.groups()), b"") if found else b""
