"""Text as it is compared across outlets: what keyboards and house styles change is folded away."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.normalize import normal

Codes = NDArray[np.uint32]

_TATWEEL = "\u0640"
# Letters that keyboards of Arabic, Persian, Urdu, Kurdish and Uyghur write in each other's place, and the
# endings that Egypt and the Gulf spell differently. Hamza and madda go with the marks.
# The Turkish i is dotless in the other case.
_SAME = str.maketrans("ىیېێےۓةۃہھەۀکڪٱı", "ييييييههههههككاi")
_PLANE = 0x10000  # one table for the first plane; of the rest only ideographs are letters here
_IDEOGRAPHS_FROM = 0x20000
_SURROGATES = range(0xD800, 0xE000)
_SYLLABLES = slice(0xAC00, 0xD7A4)  # Hangul, one code each: taken apart they would weigh three


def folded_codes(text: str) -> Codes:
    """Code points of the letters and digits of `text`, each in its plainest form; shape (letters,).

    Case, marks, tatweel, hamza seats, forms of alef, ya, ha and kaf, digits of any script, spaces and
    punctuation make no difference.

    >>> spelt = "إلى الأُمّـة، ١٤٤٨", "الي الامه 1448"
    >>> [folded_codes(text).tolist() for text in spelt][0] == folded_codes(spelt[1]).tolist()
    True
    """
    encoded = normal("NFKC", text).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(encoded, "<u4")
    folded = _table()[np.minimum(codes, _PLANE - 1)]
    if codes.size and codes.max() >= _PLANE:
        folded = np.where(codes < _PLANE, folded, np.where(codes >= _IDEOGRAPHS_FROM, codes, 0))
    return folded[folded != 0]


@lru_cache(maxsize=1)
def _table() -> Codes:
    """Of each code point of the first plane the folded one, 0 for what is dropped; shape (65536,)."""
    plain = [0 if code in _SURROGATES else _plain(chr(code)) for code in range(_PLANE)]
    table = np.array(plain, np.uint32)
    table[_SYLLABLES] = np.arange(_PLANE, dtype=np.uint32)[_SYLLABLES]
    return table


def _plain(character: str) -> int:
    """The first letter or digit that it is made of, or 0."""
    letter = unicodedata.normalize("NFKD", character).casefold()[:1].translate(_SAME)
    if not letter.isalnum() or letter == _TATWEEL:
        return 0
    digit = unicodedata.decimal(letter, None)
    return ord(letter) if digit is None else ord("0") + digit
