"""Titles and names as feeds and sitemaps write them, to plain text."""

from __future__ import annotations

import html
import html.entities
import re

from pipelines.normalize import optional_text

_MAX_CHARS = 500
_MAX_MARKED_UP = 5_000
# Escaped, escaped again by the next program, and once more by a third.
_MAX_LAYERS = 3
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
# Names of HTML only: "x < y" and "how <canvas> works" are text.
_TAG = re.compile(
    r"</?(?P<name>a|abbr|acronym|b|bdi|bdo|big|blockquote|br|center|cite|code|del|div|em|figure|font|h[1-6]|hr|i|"
    r"img|ins|li|mark|nobr|ol|p|pre|q|s|script|small|span|strike|strong|style|sub|sup|svg|tt|u|ul|wbr)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_PARTING = frozenset("blockquote br center div figure h1 h2 h3 h4 h5 h6 hr li ol p pre ul".split())
REFERENCE = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z]\w{1,30});")
# Encodings that UTF-8 is taken for by mistake: Western, Arabic, Cyrillic.
_MISTAKEN = ("cp1252", "cp1256", "cp1251")
# By accident two letters and their punctuation may look so.
_SURE = 6
# Pieces of Western readings that no language writes: dashes and quotes, and letters of Latin-1.
_PIECES = re.compile(
    "â[€‚ƒ„…†‡ˆ‰Š‹Œ\x80-\x9f][^\x00-\x7f]|Ã[\xa0-\xaa\xac\xaf-\xba\xbc-\xbf]|Â[\xa0\xa1\xa3\xb4\xb7\xbf]"
)
_FOREIGN = re.compile("[^\x00-\x7f]")
_BYTE_OF = {
    codec: {ord(bytes([n]).decode(codec, errors="ignore") or chr(n)): n for n in range(0x80, 0x100)}
    for codec in _MISTAKEN
}


def plain_text(text: str | None) -> str | None:
    """`text` without mark-up, entities and layout marks, at most 500 characters; None when nothing is left.

    >>> plain_text("&lt;b&gt;Bread&lt;/b&gt; &amp;amp; salt")
    'Bread & salt'
    """
    if not text:
        return None
    text = text[:_MAX_MARKED_UP]
    for _ in range(_MAX_LAYERS):
        bare = REFERENCE.sub(_character, _TAG.sub(_gap, _CDATA.sub("", text)))
        if bare == text:
            break
        text = bare
    return optional_text(_reread(text).strip("\N{REPLACEMENT CHARACTER}"), _MAX_CHARS)


def character(reference: str) -> str | None:
    """What "&name;" or "&#number;" stands for, "" when it is no character; None for an unknown name."""
    if reference.startswith("&#"):
        return html.unescape(reference).replace("\N{REPLACEMENT CHARACTER}", "")
    return html.entities.html5.get(reference[1:])


def _character(found: re.Match[str]) -> str:
    meant = character(found[0])
    return found[0] if meant is None else meant


def _gap(found: re.Match[str]) -> str:
    return " " if found["name"].lower() in _PARTING else ""


def _reread(text: str) -> str:
    """What was meant by UTF-8 that somebody read as another encoding and wrote down so: "Ø§Ù„" is "ال"."""
    if len(_FOREIGN.findall(text)) >= _SURE:
        for codec in _MISTAKEN:
            meant = _as_utf_8(text, codec)
            if meant is not None:
                return meant
    return _PIECES.sub(lambda found: _as_utf_8(found[0], "cp1252") or found[0], text)


def _as_utf_8(text: str, codec: str) -> str | None:
    try:
        return text.translate(_BYTE_OF[codec]).encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None


def person(text: str | None) -> str | None:
    """A name as plain text; an address of mail or of a page is none."""
    name = plain_text(text)
    return None if name is None or "@" in name or "://" in name else name
