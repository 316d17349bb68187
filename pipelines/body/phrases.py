"""Phrase rules: data in `phrases/<language>.toml`, compiled once on first use.

Each file has tables named after a kind of boilerplate; each table may have
`line` (the whole block is this phrase), `start` (the block begins with it) and `contains`.
Phrases are compared as words: white space and punctuation between words do not count. One exception: a
`start` phrase written with a colon at its end must stand alone, with a number or before a colon, since news
may begin with its words, too.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipelines.normalize import clean_text
from pipelines.policy import is_off

# Marks that writers set or leave out at will: Arabic harakat and tatweel, Hebrew points.
_MARKS = re.compile("[\u0640\u0610-\u061a\u064b-\u065f\u0670\u0591-\u05c7]")
_WORDS = re.compile(r"[^\W_]+(?:['\u2019\u200c\u05f3\u05f4\"][^\W_]+)*")
_COLON = re.compile("[:\uff1a]")
_ALEF = str.maketrans("أإآٱىيك", "اااایی" + "ک")


@dataclass(frozen=True, slots=True)
class Rule:
    """One phrase: `kind` of boilerplate, `place` (line, start, contains), its words folded.

    A `label` is all that stands before the first colon of its block, numbers apart.
    """

    name: str
    kind: str
    place: str
    words: tuple[str, ...]
    label: bool


def folded_words(text: str) -> tuple[str, ...]:
    """Words of `text` folded for phrase matching: case, marks, alef and ya forms.

    >>> folded_words("اقرأ أيضًا ..") == folded_words("إقرأ ايضا:")
    True
    """
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", clean_text(text))).casefold()
    return tuple(_WORDS.findall(plain.translate(_ALEF).replace("\u200c", "")))


def _label(text: str) -> tuple[str, ...]:
    """Folded words before the first colon; numbers are what labels count: "Comments (3)"."""
    return tuple(word for word in folded_words(_COLON.split(text, maxsplit=1)[0]) if not word.isdigit())


def _rules(language: str, tables: dict[str, dict[str, list[str]]]) -> Iterable[Rule]:
    for kind, places in tables.items():
        for place, phrases in places.items():
            for number, phrase in enumerate(phrases, start=1):
                words = folded_words(phrase)
                if words:
                    label = phrase.endswith(":")
                    yield Rule(f"{language}.{kind}.{place}.{number}", kind, place, words, label)


@dataclass(frozen=True, slots=True)
class Phrases:
    """All rules, indexed by the first word of the phrase."""

    line: dict[tuple[str, ...], Rule]
    start: dict[str, tuple[Rule, ...]]
    contains: dict[str, tuple[Rule, ...]]

    def match(self, text: str) -> Rule | None:
        """The rule a block with this text falls under, or None."""
        words = folded_words(text)
        if not words:
            return None
        if rule := self.line.get(words):
            return rule
        label = _label(text)
        for rule in self.start.get(words[0], ()):
            if words[: len(rule.words)] == rule.words and (not rule.label or label == rule.words):
                return rule
        for at, word in enumerate(words):
            for rule in self.contains.get(word, ()):
                if words[at : at + len(rule.words)] == rule.words:
                    return rule
        return None


def _index(rules: Iterable[Rule]) -> dict[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.words[0], []).append(rule)
    return {word: tuple(sorted(some, key=lambda r: -len(r.words))) for word, some in found.items()}


@cache
def load_phrases(rules_off: frozenset[str] = frozenset()) -> Phrases:
    """Rules of every language: a page may quote furniture of another (an English share bar in Arabic).

    Those that `rules_off` names are left out, so that another may fall on the same block.
    """
    rules: list[Rule] = []
    for entry in sorted(files("pipelines.body").joinpath("phrases").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            tables = tomllib.loads(entry.read_text(encoding="utf-8"))
            rules.extend(_rules(entry.name.removesuffix(".toml"), tables))
    rules = [rule for rule in rules if not is_off(f"phrase.{rule.name}", rules_off)]
    return Phrases(
        line={rule.words: rule for rule in rules if rule.place == "line"},
        start=_index(rule for rule in rules if rule.place == "start"),
        contains=_index(rule for rule in rules if rule.place == "contains"),
    )
