"""How likely letters follow each other in a language, counted in langdetect's profiles of it."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from langdetect.detector_factory import PROFILES_DIRECTORY
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

# Places of what is no letter of the language: what parts words, letters of other scripts, signs on a letter,
# letters of its script that it does not use: many languages have no profile, Icelandic for one.
APART, FOREIGN, SIGN, STRANGE = 0, 1, 2, 3
_FIRST = 4
_RARE = 2e-5  # letters below this share of a language's letters are those of names and quotations
# Shares of what the profiles do not count: letters of other scripts, unused ones, signs, two gaps in a row.
_UNKNOWN, _UNUSED, _SIGNS, _GAPS = 1e-6, 1e-4, 1e-3, 0.3
_TONES = {"vi": 0.1}  # written apart from the letter in the one encoding that has them
_SEEN = 0.98  # the rest is for pairs that the profile happens not to have
_LATIN_SCRIPT = "LATIN"
OTHER_SCRIPTS = frozenset("ar bg el fa he mk ru th uk ur".split())


class _Counts(NamedTuple):
    """Occurrences of letters, and of pairs of them where a space is the word's end."""

    letters: Counter[str]
    pairs: Counter[str]


@dataclass(frozen=True, slots=True)
class Letters:
    """Places of a language's letters, and the natural logarithm of P(second | first) by both places."""

    places: Mapping[str, int]
    following: NDArray[np.float64]
    language: str

    def place(self, character: str) -> int:
        """Place of a letter as it is, as the profiles fold it, or as one that the language does not have."""
        small = character.lower()[:1]
        if (known := self.places.get(small, self.places.get(NGram.normalize(small)))) is not None:
            return known
        return STRANGE if _is_own(small, self.language) else FOREIGN


@cache
def letters_of(language: str) -> Letters:
    """Letters of `language`, one of langdetect's codes."""
    counts = _counts(language)
    total = counts.letters.total()
    known = [c for c, n in counts.letters.items() if n > _RARE * total and _is_own(c, language)]
    places = {letter: _FIRST + at for at, letter in enumerate(known)}
    shares = np.full(len(places) + _FIRST, _UNKNOWN)
    words = sum(number for pair, number in counts.pairs.items() if pair[0] == " ")
    for letter, at in places.items():
        shares[at] = counts.letters[letter] / (total + words)
    shares[[APART, SIGN, STRANGE]] = words / (total + words), _SIGNS, _UNUSED
    chances = _following(counts.pairs, places, shares, _TONES.get(language, _SIGNS))
    return Letters(places, np.log(chances), language)


def _following(
    pairs: Mapping[str, int], places: Mapping[str, int], shares: NDArray[np.float64], signs: float
) -> NDArray[np.float64]:
    """Probabilities: what was counted, smoothed with the letters' own shares."""
    at = {**places, " ": APART}
    counted = np.zeros((len(shares), len(shares)))
    for pair, number in pairs.items():
        if pair[0] in at and pair[1] in at:
            counted[at[pair[0]], at[pair[1]]] += number
    rows = counted.sum(axis=1, keepdims=True)
    chances = _SEEN * counted / np.maximum(rows, 1) + np.where(rows > 0, 1 - _SEEN, 1) * shares + 1e-7
    chances[APART, APART] = _GAPS
    chances[FOREIGN] = shares * 1e-3 + 1e-8  # scripts are not mixed within a word
    chances[:, SIGN] = signs
    chances[:, STRANGE] = np.maximum(chances[:, STRANGE], _UNUSED)
    chances[FOREIGN, STRANGE] = chances[STRANGE, FOREIGN] = _UNKNOWN
    return chances


def _is_own(letter: str, language: str) -> bool:
    if not letter.isalpha():
        return unicodedata.category(letter) == "Mn"
    return unicodedata.name(letter, "").startswith(_LATIN_SCRIPT) != (language in OTHER_SCRIPTS)


def _counts(language: str) -> _Counts:
    """What the profile counts, in small letters."""
    profile = json.loads((Path(PROFILES_DIRECTORY) / language).read_text(encoding="utf-8"))
    counts = _Counts(Counter(), Counter())
    for gram, number in profile["freq"].items():
        if len(gram) <= len(counts):  # two thirds are longer
            small = "".join(character.lower()[0] for character in gram)
            counts[len(small) - 1][small] += number
    return counts
