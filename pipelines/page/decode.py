"""Bytes to text as browsers do it: BOM, header, meta; detection only where nothing is declared."""

from __future__ import annotations

from dataclasses import dataclass

import charset_normalizer
from w3lib.encoding import html_to_unicode

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# More than the occasional broken byte: the declaration itself is doubted from this share on.
_DOUBT = 0.001


@dataclass(frozen=True, slots=True)
class Decoded:
    """The page as text, the encoding it was read with, and the share of U+FFFD in it."""

    text: str
    encoding: str
    replacement_share: float


def _detect(body: bytes) -> str | None:
    """Encoding judged from the bytes that are not ASCII: a page's head says little about its text."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(body, steps=8, chunk_size=1024).best()
        return best.encoding if best else "cp1252"
    return "utf-8"


def _share(text: str) -> float:
    return text.count(REPLACEMENT) / len(text) if text else 0.0


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Text of `body`; a declared encoding that does not fit is checked against the bytes themselves."""
    encoding, text = html_to_unicode(content_type, body, default_encoding="utf-8", auto_detect_fun=_detect)
    if _share(text) > _DOUBT:
        other = _detect(body)
        if other and other != encoding:
            second = body.decode(other, errors="replace")
            if _share(second) < _share(text):
                encoding, text = other, second
    return Decoded(text, encoding, _share(text))
