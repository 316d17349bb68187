"""Which encoding makes likely text of the bytes: what follows what, in each language an encoding is for.

For Khabar this must be right for Arabic, Persian and Hebrew first, whose encodings general detectors take for
one another; so every letter of the text is asked, and pairs of letters instead of single ones.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.page.decoding.east_asian import EAST_ASIAN_CODECS, east_asian_likelihood
from pipelines.page.decoding.letters import APART, FOREIGN, OTHER_SCRIPTS, SIGN, STRANGE, Letters, letters_of
from pipelines.page.decoding.pieces import SEPARATES, piece_of

# Languages written in an encoding; the first of two equally likely encodings is taken.
_LATIN = "en de fr es pt it nl da no sv fi ca af cy et id tl so sw sq"
_CENTRAL = "pl cs sk hu ro hr sl de"
DETECTED = {
    "cp1252": _LATIN,
    "iso8859-15": "fr fi et de es pt it nl da sv",
    "cp1256": "ar fa ur",
    "iso8859-6": "ar",
    "cp1255": "he",
    "iso8859-8": "he",
    "cp1251": "ru uk bg mk",
    "koi8-r": "ru bg",
    "koi8-u": "uk",
    "iso8859-5": "ru uk bg mk",
    "cp866": "ru bg",
    "mac-cyrillic": "ru uk bg mk",
    "cp1253": "el",
    "iso8859-7": "el",
    "cp1254": "tr",
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1257": "lt lv et",
    "iso8859-13": "lt lv et",
    "cp1258": "vi",
    "cp874": "th",
}
# Believed where they are stated, by nobody's default; not looked for, since they differ from others in a few
# letters and would win by accident.
NEVER_BY_DEFAULT = {
    "iso8859-3": "tr it",
    "iso8859-4": "lt lv et",
    "iso8859-10": "et lt lv sv da no fi",
    "iso8859-14": "cy en",
    "iso8859-16": "ro pl hu hr sl",
    "mac-roman": _LATIN,
}
_READINGS = [
    (codec, language)
    for codec, languages in (DETECTED | NEVER_BY_DEFAULT).items()
    for language in languages.split()
]
_IS_LATIN = np.array([language not in OTHER_SCRIPTS for _, language in _READINGS])
_MOST_MISFIT = 1.0  # per byte beyond ASCII: a page speaks two languages now and then
_COMMON = frozenset("\xa0«»“”„‘’–—…،؟؛\u200c\xad")
_SEEN = frozenset("€№°©®™·•£§¡¿ºª²³½´‹›‚×\u200d\u200e\u200f")
_COMMON_CHANCE, _SEEN_CHANCE, _SYMBOL_CHANCE, _NO_CHANCE = map(math.log, (0.05, 0.003, 1e-5, 1e-9))
_FOLDED = -2.0  # a letter that the profile counts together with others
_CAPITAL_INSIDE = -6.0  # a capital after a small letter: what KOI8 and Windows make of each other
_STEP = 0.1  # of a cost in the table
_USUAL, _ONE_LETTER = "cp1252", 5.0  # where one letter is all there is to judge by
_MOST = 1 << 17  # bytes that are looked at


@dataclass(frozen=True, slots=True)
class Evidence:
    """Natural logarithm of the likelihood of a text by codec, and how many bytes beyond ASCII it has."""

    foreign: int
    likelihood: Mapping[str, float]

    def best(self) -> str:
        """The likeliest codec of those that are found without being stated."""
        rated = {codec: self.likelihood[codec] for codec in (*DETECTED, *EAST_ASIAN_CODECS)}
        rated[_USUAL] += _ONE_LETTER
        return max(rated, key=rated.__getitem__)


def weigh(body: bytes) -> Evidence:
    """What the bytes beyond ASCII say, together with those beside them. Linear in the length of `body`."""
    sample = foreign_text(body)
    padded = np.concatenate(([0x20], sample, [0x20])).astype(np.int64)
    foreign = padded > 0x7F
    number = int(foreign.sum())
    beside = foreign[:-1] | foreign[1:]
    pairs = padded[:-1] << 8 | padded[1:]
    costs = _costs_of(pairs[beside]) + np.minimum(_misfits(pairs[~beside]), _MOST_MISFIT * number)
    found: dict[str, float] = {}
    for (codec, _), cost in zip(_READINGS, costs.tolist(), strict=True):
        found[codec] = max(found.get(codec, -math.inf), -cost)
    raw = sample.tobytes()
    found |= {codec: east_asian_likelihood(raw, codec) for codec in EAST_ASIAN_CODECS}
    return Evidence(number, found)


def _costs_of(pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the pairs of bytes cost in each reading, in natural logarithms."""
    numbers = np.bincount(pairs, minlength=1 << 16)
    seen = np.nonzero(numbers)[0]
    return _STEP * (numbers[seen].astype(np.float32) @ _table()[seen].astype(np.float32)).astype(np.float64)


def _misfits(pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much worse than the best language the other Latin ones fit the ASCII letters around.

    By the others alone a Spanish page would be Hungarian, which has so many more accents.
    """
    costs = _costs_of(pairs)
    return np.where(_IS_LATIN, costs - costs[_IS_LATIN].min(), 0.0)


def foreign_text(body: bytes) -> NDArray[np.uint8]:
    """The pieces that are not ASCII: mark-up and style sheets say nothing about them."""
    every = np.frombuffer(body, np.uint8)
    piece = piece_of(every)
    has_foreign = np.zeros(int(piece[-1]) + 1 if body else 1, bool)
    has_foreign[piece[every > 0x7F]] = True
    kept = has_foreign[piece]
    return np.where(SEPARATES[every[kept]], 0x20, every[kept])[:_MOST].astype(np.uint8)


@cache
def _table() -> NDArray[np.uint8]:
    """Cost of each pair of bytes (rows) in each reading (columns), in steps. 6 MB, made once."""
    table = np.zeros((1 << 16, len(_READINGS)), np.uint8)
    for at, (codec, language) in enumerate(_READINGS):
        steps = -_costs(codec, letters_of(language)) / _STEP
        table[:, at] = np.clip(np.rint(steps), 0, 255).astype(np.uint8).ravel()
    return table


def _costs(codec: str, letters: Letters) -> NDArray[np.float64]:
    """Logarithm of the chance of each byte after each other, read with `codec` in a language."""
    characters = [bytes((byte,)).decode(codec, "replace") for byte in range(256)]
    placed = [_placed(character, letters) for character in characters]
    places = np.array([place for place, _ in placed])
    chances = np.array([chance for _, chance in placed])
    small = np.array([character.islower() for character in characters])
    capital = np.array([character.isupper() for character in characters])
    costs = letters.following[np.ix_(places, places)] + chances
    return costs + _CAPITAL_INSIDE * np.outer(small, capital)


def _placed(character: str, letters: Letters) -> tuple[int, float]:
    """Place of a character among the language's letters, and the logarithm of what its rarity costs."""
    if character.isascii():
        return letters.place(character) if character.isalpha() else APART, 0.0
    category = unicodedata.category(character)
    if character == "\N{REPLACEMENT CHARACTER}" or category == "Cc":
        return APART, _NO_CHANCE
    if character in _COMMON or character in _SEEN:
        return APART, _COMMON_CHANCE if character in _COMMON else _SEEN_CHANCE
    if not character.isalpha() and category != "Mn":
        return APART, _SYMBOL_CHANCE
    place = letters.place(character)
    if category == "Mn" and place in (STRANGE, FOREIGN):
        return SIGN, 0.0
    folded = place not in (STRANGE, FOREIGN) and character.lower()[:1] not in letters.places
    return place, _FOLDED if folded else 0.0
