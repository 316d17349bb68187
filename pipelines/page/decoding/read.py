"""Bytes to text with one codec, as browsers read them where Python is stricter; nothing raises."""

from __future__ import annotations

import codecs
import re

from pipelines.page.decoding.damage import REPLACEMENT

WIDE = frozenset("utf-16 utf-16-be utf-16-le utf-32 utf-32-be utf-32-le".split())
_LOOKED_AT = 1 << 16
_TAG = re.compile(rb"<\0|\0<")
_MANY, _FEW = 0.1, 0.01  # NULs among the bytes where mark-up has them, and where it has none
_LETTER = 2  # bytes in EUC-JP
_EURO = 0x80
# Error handlers of codecs that know less than browsers do; slow, so that pages full of errors go without.
_STRICTER = {"euc_jp": "khabar_euc_jp", "gb18030": "khabar_gb18030"}
_MOST_MENDED = 10_000


def read(content: bytes, codec: str) -> str:
    """The text; U+FFFD for what the codec does not know."""
    text = content.decode(codec, errors="replace")
    if codec in _STRICTER and 0 < text.count(REPLACEMENT) <= _MOST_MENDED:
        return content.decode(codec, errors=_STRICTER[codec])
    return text


def wide_codec(content: bytes) -> str | None:
    """UTF-16 or UTF-32 by where the NULs of the mark-up are, whatever is declared."""
    part = content[:_LOOKED_AT]
    if part.count(0) < _MANY * len(part) or not _TAG.search(part):
        return None
    first, second, third, fourth = (part[at::4].count(0) / max(1, len(part) // 4) for at in range(4))
    if min(third, fourth) > 1 - _MANY and first < _MANY:
        return "utf-32-le"
    if min(first, second) > 1 - _MANY and fourth < _MANY:
        return "utf-32-be"
    even, odd = (first + third) / 2, (second + fourth) / 2
    if odd > _MANY and even < _FEW + odd / 10:
        return "utf-16-le"
    return "utf-16-be" if even > _MANY and odd < _FEW + even / 10 else None


def _row_13(error: UnicodeError) -> tuple[str, int]:
    """What NEC put in an empty row, circled digits above all: browsers know it, Python's EUC-JP does not."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    letter = error.object[error.start : error.start + _LETTER]
    try:
        return letter.decode("euc_jis_2004"), error.start + len(letter)
    except UnicodeDecodeError:
        return REPLACEMENT, error.end


def _lone_80(error: UnicodeError) -> tuple[str, int]:
    """The euro sign as GBK has it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return ("€", error.start + 1) if error.object[error.start] == _EURO else (REPLACEMENT, error.end)


codecs.register_error(_STRICTER["euc_jp"], _row_13)
codecs.register_error(_STRICTER["gb18030"], _lone_80)
