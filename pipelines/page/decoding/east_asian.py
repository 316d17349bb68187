"""How likely the characters of Chinese, Japanese and Korean are, by the rows their standards put them in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_UNREAD = math.log(1e-9)
_BMP = 0x10000
_FULL = range(0xA1, 0xFF)
_BIG5_TRAILS = (*range(0x40, 0x7F), *_FULL)
_GBK_TRAILS = (*range(0x40, 0x7F), *range(0x80, 0xFF))
_UHC_TRAILS = (*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0x81, 0xFF))
_FIRST_HALF_WIDTH, _LAST_HALF_WIDTH, _HALF_WIDTH_SHARE = 0xFF61, 0xFF9F, 1e-3


class _Rows(NamedTuple):
    """Lead bytes, their trail bytes, the codec to read them with, and the share of a text they make."""

    leads: Iterable[int]
    trails: Iterable[int]
    codec: str
    share: float


# From the rarest to the commonest rows: the standards put the common characters in rows of their own.
_JAPANESE = (
    _Rows(range(0xD0, 0xF5), _FULL, "euc_jp", 0.01),
    _Rows(range(0xB0, 0xD0), _FULL, "euc_jp", 0.35),
    _Rows((0xA1,), _FULL, "euc_jp", 0.02),
    _Rows((0xA3,), _FULL, "euc_jp", 0.02),
    _Rows((0xA4,), _FULL, "euc_jp", 0.45),
    _Rows((0xA5,), _FULL, "euc_jp", 0.12),
)
_ROWS = {
    "gb18030": (
        _Rows(range(0x81, 0xFF), _GBK_TRAILS, "gbk", 0.02),
        _Rows(range(0xD8, 0xF8), _FULL, "gb2312", 0.02),
        _Rows(range(0xB0, 0xD8), _FULL, "gb2312", 0.8),
        _Rows((0xA1,), _FULL, "gb2312", 0.02),
        _Rows((0xA3,), _FULL, "gb2312", 0.04),
    ),
    "big5hkscs": (
        _Rows(range(0x87, 0xFF), _BIG5_TRAILS, "big5hkscs", 0.003),
        _Rows(range(0xC9, 0xFA), _BIG5_TRAILS, "big5", 0.02),
        _Rows(range(0xA4, 0xC7), _BIG5_TRAILS, "big5", 0.8),
        _Rows(range(0xA1, 0xA4), _BIG5_TRAILS, "big5", 0.04),
    ),
    "euc_jp": _JAPANESE,
    "cp932": _JAPANESE,
    "cp949": (
        _Rows(range(0x81, 0xFF), _UHC_TRAILS, "cp949", 0.003),
        _Rows(range(0xCA, 0xFE), _FULL, "euc_kr", 0.02),
        _Rows(range(0xB0, 0xC9), _FULL, "euc_kr", 0.9),
        _Rows((0xA1,), _FULL, "euc_kr", 0.02),
        _Rows((0xA3,), _FULL, "euc_kr", 0.01),
    ),
}
_COMMON_MARKS = {
    "gb18030": "，。、：“”《》（）；？！\u3000",
    "big5hkscs": "，。、：「」（）；？！\u3000",
    "euc_jp": "、。「」\u3000・（）ー",
    "cp932": "、。「」\u3000・（）ー",
    "cp949": "",
}
EAST_ASIAN_CODECS = tuple(_ROWS)


def east_asian_likelihood(sample: bytes, codec: str) -> float:
    """Logarithm of the likelihood of what is not ASCII in `sample`; `codec` is of `EAST_ASIAN_CODECS`."""
    units = np.frombuffer(sample.decode(codec, "replace").encode("utf-16-le", "replace"), np.uint16)
    return float(_chances(codec)[units].sum())


@cache
def _chances(codec: str) -> NDArray[np.float64]:
    """Logarithm of a character's share of the text, by its code point; 0 for ASCII."""
    chances = np.full(_BMP, _UNREAD)
    chances[:0x80] = 0
    for rows in _ROWS[codec]:
        found = _characters(rows)
        chances[found] = math.log(rows.share / len(found))
    for mark in _COMMON_MARKS[codec]:
        chances[ord(mark)] = math.log(0.01)
    if codec == "cp932":
        half_width = slice(_FIRST_HALF_WIDTH, _LAST_HALF_WIDTH + 1)
        chances[half_width] = math.log(_HALF_WIDTH_SHARE / (_LAST_HALF_WIDTH - _FIRST_HALF_WIDTH + 1))
    return chances


def _characters(rows: _Rows) -> list[int]:
    """Code points of the rows, those that are one unit of UTF-16."""
    letters = b"\n".join(bytes(letter) for letter in product(rows.leads, rows.trails))
    spelled = letters.decode(rows.codec, "ignore").split("\n")
    return [ord(text) for text in spelled if len(text) == 1 and 0x7F < ord(text) < _BMP]
