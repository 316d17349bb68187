"""Text of a byline as it is read: cleaned, without addresses, cut at its separators."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.metadata.bylines.lists import folded, lists
from pipelines.normalize import clean_text, normal

MOST_CHARS = 600
_ARABIC_FORMS = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_LINES = re.compile(r"[\r\n\u2028\u2029]+")
_ADDRESS_PARTS = re.compile(r"([\s<>()\[\],;|]+)")
_AMPERSAND = re.compile(r"\s[&+\uff06]\s|\uff06")
_SEPARATORS = re.compile(
    r"([;؛；|/／•·*،,，、:：]|(?<=\s)[-\u2013\u2014]+(?=\s|$)|[\u2013\u2014]|--"
    r"|(?<=[\u0620-\u06ff])-(?=[\s\u0620-\u06ff])|(?<=\s)-(?=[\u0620-\u06ff]))"
)
_DOTTED_END = re.compile(r"(?:[\s.][^\W\d_]|\b[JS]r)$")
EDGES = " \t.,:;/|*-–—_\"“”«»‹›„‘’'<>()[]{}→←+&#!،؛…~=°"
# A tatweel by itself is typed for a dash; within a word it is decoration.
_TATWEEL_DASH = re.compile(r"(?<!\S)\u0640+|(?<=[\u0621\u0629\u0649])\u0640+(?=\s)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a byline, and the separator before it."""

    text: str
    before: str


def plain(text: str) -> str:
    """A byline's text without entities, layout marks, addresses and handles; lines parted by bars."""
    text = html.unescape(text[:MOST_CHARS])
    text = _ARABIC_FORMS.sub(lambda m: normal("NFKC", m.group()), text)
    text = clean_text(_LINES.sub(" | ", text))
    text = _TATWEEL_DASH.sub(" - ", text).replace("\u0640", "")
    if "@" in text or "//" in text or "www." in text or "u/" in text:
        pieces = _ADDRESS_PARTS.split(text)
        text = "".join(
            p for p in pieces if "@" not in p and "//" not in p and not p.startswith(("www.", "u/"))
        )
    return _AMPERSAND.sub(" and ", text).strip()


def is_place(text: str) -> bool:
    """Whether the whole text is a place (or paper) that bylines name often."""
    return folded(text) in lists().places


def pieces_of(text: str) -> Iterator[Piece]:
    """A byline cut at commas, bars, colons and dashes."""
    pieces = _SEPARATORS.split(text)
    before = ""
    for at in range(0, len(pieces), 2):
        if inner := stripped(pieces[at]):
            yield Piece(inner, before)
        before = pieces[at + 1] if at + 1 < len(pieces) else ""


def stripped(piece: str) -> str:
    """A part without punctuation around it; the dot of "Joe S." and "Jr." stays."""
    inner = piece.strip(EDGES)
    kept = _DOTTED_END.search(inner) and piece.rstrip().endswith(inner + ".")
    return inner + "." if kept else inner
