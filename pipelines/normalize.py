"""Characters: what is cleaned in stored text, and what is folded only for comparison."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

# Control characters (a page can write &#1;), bidi controls, soft hyphen, BOM/word joiners: no text. ZWNJ and
# ZWJ are spelling and stay; U+0085 and the controls below U+0020 that are white space fold with it.
_DROPPED: dict[int, str | None] = dict.fromkeys(
    [
        *range(0x09),
        *range(0x0E, 0x1C),
        *range(0x7F, 0x85),
        *range(0x86, 0xA0),
        0x00AD,
        0x061C,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        0x2060,
        *range(0x2066, 0x206A),
        0xFEFF,
    ]
)
# Half of a pair, as broken JSON writes it, is no character; UTF-8 has no bytes for it.
_DROPPED |= dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
_ANY_DROPPED = re.compile("[" + "".join(map(re.escape, map(chr, _DROPPED))) + "]")
# Chinese and Japanese.
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_NOT_LETTERS = re.compile(r"[\W_]+")
# The same for ASCII, which needs no normal form: bytes are folded and dropped in one pass.
_ASCII_FOLD = bytes(range(128)).lower() + bytes(range(128, 256))
_ASCII_OTHERS = bytes(code for code in range(128) if not chr(code).isalnum())
# Marks that stand on the letter before them, as such or once they are taken apart.
_MARKS = "".join(
    map(
        re.escape,
        (
            c
            for c in map(chr, range(0x300, 0x20000))
            if unicodedata.combining(unicodedata.normalize("NFKD", c)[0])
        ),
    )
)
# Unicode's stream-safe format allows 30 on one letter (UAX #15); sorting a run of them takes its square.
_MOST_MARKS = 30
_PILED_MARKS = re.compile(rf"([{_MARKS}]{{{_MOST_MARKS}}})[{_MARKS}]+")
_MARK = re.compile(f"[{_MARKS}]")


def clean_text(text: str) -> str:
    """NFC, white space folded to single spaces, layout controls dropped; letters as they are."""
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    # All that is dropped is unprintable to Python.
    if not text.isprintable() and _ANY_DROPPED.search(text):
        text = " ".join(text.translate(_DROPPED).split())
    # Joiners alone are nothing; at the end of a word they are spelling, too (Sorani writes its vowel so).
    return normal("NFC", text) if text.strip(" \u200c\u200d") else ""


def normal(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """The text in a Unicode normal form, without the marks that are piled on one letter beyond 30."""
    if text.isascii():
        return text
    # Of 31 in a row one stands in this sample, so that hardly any text is looked through.
    if len(text) > _MOST_MARKS and _MARK.search(text[:: _MOST_MARKS + 1]):
        text = _PILED_MARKS.sub(r"\1", text)
    return unicodedata.normalize(form, text)


def optional_text(text: str | None, limit: int | None = None) -> str | None:
    """`clean_text`, cut to `limit` characters, or None when nothing is left."""
    cleaned = clean_text(text)[:limit].strip() if text else ""
    return cleaned or None


def letters(text: str) -> str:
    """Only letters and digits, case folded: for aligning and comparing, never for storing."""
    if text.isascii():
        return text.encode().translate(_ASCII_FOLD, _ASCII_OTHERS).decode()
    folded = normal("NFKC", text).casefold().replace(" ", "")  # most of what goes, without a search
    return folded if folded.isalnum() else _NOT_LETTERS.sub("", folded)


def weighed(folded: str) -> int:
    """Letters of a text, an ideograph as three: thresholds in letters then hold for the same amount of news.

    >>> weighed("news"), weighed("新闻")
    (4, 6)
    """
    return len(folded) + 2 * _ideographs(folded)


def count_words(text: str) -> int:
    """Words as white space parts them; an ideograph is one.

    >>> count_words("two words"), count_words("新闻")
    (2, 2)
    """
    ideographs = _ideographs(text)
    return len((_IDEOGRAPHS.sub(" ", text) if ideographs else text).split()) + ideographs


def _ideographs(text: str) -> int:
    return 0 if text.isascii() else sum(map(len, _IDEOGRAPHS.findall(text)))
