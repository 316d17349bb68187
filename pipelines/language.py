"""Language and script of a text: langdetect, seeded, on a sample, with the script as a first cut."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache

from langdetect import DetectorFactory, LangDetectException, detect_langs
from langdetect.detector_factory import init_factory

from pipelines.policy import Policy

UNDETERMINED = "und"
# First word of a letter's Unicode name -> ISO 15924.
_SCRIPTS = {
    "ARABIC": "Arab",
    "HEBREW": "Hebr",
    "LATIN": "Latn",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "CJK": "Hani",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "HANGUL": "Kore",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "THAI": "Thai",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
    "ETHIOPIC": "Ethi",
}
# Scripts that one language of news nearly alone writes.
_ALONE = {"Hebr": "he", "Grek": "el", "Thai": "th", "Armn": "hy", "Geor": "ka", "Kore": "ko"}
_MIN_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Language:
    """ISO code (`und` when unknown), ISO 15924 script, probability 0..1."""

    code: str
    script: str | None
    score: float | None


@cache
def _ready() -> None:
    DetectorFactory.seed = 0  # unseeded, the same text gives different answers
    init_factory()


def main_script(text: str) -> str | None:
    """ISO 15924 code of the script most letters of `text` are in, or None."""
    names = Counter(
        unicodedata.name(char, "").split(" ", 1)[0].split("-", 1)[0] for char in text if char.isalpha()
    )
    for name, _ in names.most_common(3):
        if name in _SCRIPTS:
            script = _SCRIPTS[name]
            return "Jpan" if script == "Hani" and (names["HIRAGANA"] or names["KATAKANA"]) else script
    return None


def detect_language(text: str, policy: Policy) -> Language:
    """Language of `text`; never raises."""
    sample = text[: policy.language_sample_chars]
    script = main_script(sample)
    if sum(char.isalpha() for char in sample) < _MIN_LETTERS:
        return Language(UNDETERMINED, script, None)
    if script in _ALONE:
        return Language(_ALONE[script], script, 1.0)
    _ready()
    try:
        best = detect_langs(sample)[0]
    except LangDetectException:
        return Language(UNDETERMINED, script, None)
    return Language(best.lang.split("-", 1)[0], script, round(float(best.prob), 4))
