"""Bytes of a feed or sitemap to text that an XML parser reads without losing anything."""

from __future__ import annotations

import codecs
import html
import re
import zlib
from dataclasses import dataclass

from crawler.discovery.wording import REFERENCE, character
from pipelines.page.decode import decode

MAX_BYTES = 50 * 1024 * 1024  # the sitemap protocol's own limit
# Members of a file put together of several, and wrappings of one packed twice; more are no accident.
_MAX_MEMBERS = 1_000
_MAX_LAYERS = 3
_PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
# XML 1.0, appendix F: what "<" looks like without a byte order mark.
_WIDE = {b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
# Encodings an XML declaration may name that browsers, and so `decode`, do not know.
_OLD = frozenset("cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp857 cp862 cp864 mac-greek".split())
# What may stand before the root is not searched further: declarations, licences, warnings of a server.
_PROLOG = 65_536
_START = re.compile(
    r"(?P<comment><!--)|(?P<page><html[\s>])"
    r"|<(?:[a-z_][\w.-]*:)?(?P<root>rss|feed|rdf|channel|urlset|sitemapindex)(?=[\s/>])",
    re.IGNORECASE,
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_AMPERSAND = re.compile(rf"{REFERENCE.pattern}|&")
_OF_XML = frozenset(("&amp;", "&lt;", "&gt;", "&quot;", "&apos;"))
_STRAY = re.compile(r"<(?![A-Za-z_/!?])")
_TAG_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]{0,40}):[A-Za-z_]")
_ATTRIBUTE_PREFIX = re.compile(r"\s([A-Za-z_][\w.-]{0,40}):[A-Za-z_][\w.-]{0,40}\s?=\s?[\"']")
_BOUND_PREFIX = re.compile(r"\bxmlns:([A-Za-z_][\w.-]{0,40})\s?=")
_ROOT_NAME = re.compile(r"<[\w.:-]+")
_MAX_PREFIXES = 50
_OWN_PREFIXES = frozenset(("xml", "xmlns"))


@dataclass(frozen=True, slots=True)
class Markup:
    """A document from its root on; without a prolog no entity can be defined and no file named."""

    text: str
    root: str


def unpacked(body: bytes) -> bytes:
    """`body` without gzip or zlib around it, at most `MAX_BYTES`; of a cut one what there is."""
    for _ in range(_MAX_LAYERS):
        if not body.startswith(_PACKED):
            break
        body = _inflated(body)
    return body[:MAX_BYTES]


def _inflated(body: bytes) -> bytes:
    parts: list[bytes] = []
    room = MAX_BYTES
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(wbits=47)
        try:
            parts.append(member.decompress(body, room))
        except zlib.error:
            break
        room -= len(parts[-1])
        body = member.unused_data
        if room <= 0 or not body.startswith(_PACKED):
            break
    return b"".join(parts)


def text_of(body: bytes, content_type: str | None = None) -> str:
    """The document as text; its own declaration goes before the header, where the bytes bear it out.

    RFC 7303 has it the other way round; but feeds are written by programs and headers set for whole servers.
    """
    start = body.lstrip()[:4]
    wide = next((name for mark, name in _WIDE.items() if start.startswith(mark)), None)
    named = wide or _named_codec(body)
    if wide or named in _OLD:
        return body.decode(named, errors="replace")
    if named == "utf-8":
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return decode(body, content_type).text
    return decode(body, f"text/xml; charset={named}" if named else content_type).text


def _named_codec(body: bytes) -> str:
    declared = _DECLARED.match(body.removeprefix(codecs.BOM_UTF8)[:500])
    try:
        return codecs.lookup(declared[1].decode("ascii")).name if declared else ""
    except LookupError:
        return ""


def find_root(text: str) -> Markup | None:
    """The document from its root on, whatever stands before; None for a page and what has no known root."""
    at, end = 0, min(len(text), _PROLOG)
    while found := _START.search(text, at, end):
        if found["page"]:
            return None
        if found["root"]:
            return Markup(text[found.start() :], found["root"].lower())
        closed = text.find("-->", found.end(), end)
        if closed < 0:
            return None
        at = closed
    return None


def mended(text: str) -> str:
    """The mark-up with what parsers stumble over put right, and CDATA as it is.

    Illegal characters go; a bare "&" or "<" is text; entities of HTML become their characters; prefixes that
    nothing declares are declared.
    """
    first, *others = _ILLEGAL.sub("", text).split("<![CDATA[")
    parts = [_mended_piece(first)]
    inside = False
    for other in others:
        raw, closed, rest = other.partition("]]>")
        parts.append(raw if inside else "<![CDATA[" + raw)
        inside = not closed
        if closed:
            parts.append(closed + _mended_piece(rest))
    return _declared("".join(parts))


def _mended_piece(piece: str) -> str:
    if "&" in piece:
        piece = _AMPERSAND.sub(_mended_reference, piece)
    return _STRAY.sub("&lt;", piece).replace("]]>", "]]&gt;")


def _mended_reference(found: re.Match[str]) -> str:
    if found[0] in _OF_XML:
        return found[0]
    meant = character(found[0])
    return "&amp;" + found[0][1:] if meant is None else html.escape(_ILLEGAL.sub("", meant))


def _declared(text: str) -> str:
    used = dict.fromkeys(_TAG_PREFIX.findall(text) + _ATTRIBUTE_PREFIX.findall(text))
    missing = used.keys() - set(_BOUND_PREFIX.findall(text)) - _OWN_PREFIXES
    root = _ROOT_NAME.match(text)
    if not missing or root is None or len(missing) > _MAX_PREFIXES:
        return text
    names = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in sorted(missing))
    return text[: root.end()] + names + text[root.end() :]
