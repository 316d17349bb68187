"""langdetect's profiles of languages and its detector, with the same answers for a fraction of the work.

langdetect walks over a text by character and multiplies lists in Python, with classes and tables around each
step. Here n-grams are cut by word and those of a profile are rows of an array. Every draw of its random
numbers and every sum is in langdetect's order, so that probabilities agree to the last bit.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from operator import add
from pathlib import Path

import numpy as np
from langdetect.detector import Detector
from langdetect.detector_factory import PROFILES_DIRECTORY
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

_SEED = 0  # unseeded, the same text gives different answers
_TRIALS, _CHECKED_EVERY = 7, 5
_MOST_CHARS = 10_000
_MOST_THREES = 8192
# What its detector calls Latin letters, and what it counts as letters of other scripts.
_LATIN = re.compile("[A-z]")
_NOT_LATIN = re.compile("[\u0300-\u1dff\u1f00-\U0010ffff]")


class Profiles:
    """How often languages write each n-gram of one to three letters."""

    def __init__(self, languages: Sequence[str]) -> None:
        folder = Path(PROFILES_DIRECTORY)
        profiles = [json.loads((folder / code).read_text(encoding="utf-8")) for code in languages]
        self.languages = [str(profile["name"]) for profile in profiles]
        known = dict.fromkeys(gram for profile in profiles for gram in profile["freq"])
        self._rows = {gram: row for row, gram in enumerate(known)}
        # A row an n-gram, a column a language: its share of all n-grams of that length.
        self._shares = np.zeros((len(known), len(profiles)))
        for column, profile in enumerate(profiles):
            for gram, count in profile["freq"].items():
                if len(gram) <= NGram.N_GRAM:
                    self._shares[self._rows[gram], column] = count / profile["n_words"][len(gram) - 1]
        # A language has a few thousand of them, and a page some hundreds.
        self._rows_at = lru_cache(maxsize=_MOST_THREES)(self._rows_of)

    def likeliest(self, text: str, prior: Sequence[float]) -> tuple[str, float] | None:
        """The likeliest language of `text` and its probability, 0..1; None when nothing tells.

        `prior` has a weight for each language, above 0. Addresses must have been taken out of the text.
        """
        prepared = "  " + _prepared(text)
        ends = map(add, map(add, prepared, prepared[1:]), prepared[2:])
        rows = list(chain.from_iterable(map(self._rows_at, ends)))
        if not rows:
            return None
        probabilities = self._probabilities(rows, prior).tolist()
        best = max(probabilities)
        return (self.languages[probabilities.index(best)], best) if best > Detector.PROB_THRESHOLD else None

    def _rows_of(self, three: str) -> tuple[int, ...]:
        """Rows of the n-grams that end with the last of three characters.

        In each word those are the n-grams that end with each letter, and those that end with the space behind
        it. None ends with a capital after a capital: an abbreviation is of no language.
        """
        before, last = three[1], three[2]
        if before == last == " " or (before.isupper() and last.isupper()):
            return ()
        grams = (last if last != " " else "", three[1:], three if before != " " else "")
        return tuple(row for row in map(self._rows.get, grams) if row is not None)

    def _probabilities(self, rows: Sequence[int], prior: Sequence[float]) -> NDArray[np.float64]:
        """Mean of several trials, in each of which n-grams are drawn until one language is sure."""
        chance = random.Random(_SEED)  # noqa: S311 - a sample, no secret
        start = np.array(prior) / sum(prior)
        mean = np.zeros(len(start))
        for _ in range(_TRIALS):
            alpha = Detector.ALPHA_DEFAULT + chance.gauss(0.0, 1.0) * Detector.ALPHA_WIDTH
            weight = alpha / Detector.BASE_FREQ
            now = start
            for drawn in range(0, Detector.ITERATION_LIMIT + 1, _CHECKED_EVERY):
                some = [chance.choice(rows) for _ in range(_CHECKED_EVERY if drawn else 1)]
                now = np.multiply.reduce((now, *(self._shares[some] + weight)))
                values = now.tolist()
                total = sum(values)  # numpy adds in another order
                now /= total
                if max(values) / total > Detector.CONV_THRESHOLD:
                    break
            mean += now / _TRIALS
        return mean


@cache
def load_profiles(languages: tuple[str, ...]) -> Profiles:
    """Profiles of these languages alone: fewer mistakes, and a fraction of the work."""
    return Profiles(languages)


def _prepared(text: str) -> str:
    """The text as n-grams are cut from it: letters as profiles have them, a space for what is none."""
    text = text[:_MOST_CHARS]
    if not text.isascii():
        text = NGram.normalize_vi(text)
        if 2 * len(_LATIN.findall(text)) < len(_NOT_LATIN.findall(text)):
            text = _LATIN.sub("", text)
    return "".join(map(_profile_letter, text))


_profile_letter = lru_cache(maxsize=8192)(NGram.normalize)
