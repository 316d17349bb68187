"""Words of bylines: folded for comparing, and the lists of `lists.toml` and `agencies.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from pipelines.normalize import normal
from pipelines.tables import read_table

GENERIC_AGENCY = "agencies"

# Accents, Hebrew points, Arabic vowels, hamza on its carrier, tatweel: set or left out at will.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
# Letters that are one to a reader and several to Unicode.
_ONE = str.maketrans("ىيېکەہھةۀıłøđ’", "یییکهههههilod'", "\u200c")
# Marks are letters here, or Hindi, Thai and pointed Arabic would fall apart; quotes are when inside a word.
_LETTER = (
    r"(?:[^\W_]|[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
    r"\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1000-\u109f])"
)
_WORD = re.compile(rf"{_LETTER}+(?:['\u2019\u05f3\u05f4\"\u200c\u200d]+{_LETTER}+)*")
_MOST_AGENCY_WORDS = 8

Words = tuple[str, ...]


class Word(NamedTuple):
    """A word of a text: where it stands and how it compares."""

    start: int
    end: int
    folded: str


@lru_cache(maxsize=256)
def _words_of(text: str) -> tuple[Word, ...]:
    return tuple(Word(m.start(), m.end(), fold_word(m.group())) for m in _WORD.finditer(text))


def words_of(text: str) -> list[Word]:
    """Words of a text with their places in it.

    >>> [word.folded for word in words_of("By Zoë O'Hara-Roe")]
    ['by', 'zoe', "o'hara", 'roe']
    """
    return list(_words_of(text))


# The same few parts of one byline are asked for again and again.
@lru_cache(maxsize=256)
def folded(text: str) -> Words:
    """Words of a text as they compare.

    >>> folded("أ.ف.ب") == folded("ا ف ب"), folded("وأس") == folded("واس")
    (True, True)
    """
    return tuple(map(fold_word, _WORD.findall(text)))


@lru_cache(maxsize=8192)
def fold_word(word: str) -> str:
    """One word without case, accents, vowel points and the choice between alef and ya forms."""
    plain = normal("NFKD", normal("NFKD", word).casefold())
    return _MARKS.sub("", plain).translate(_ONE)


def first_word(text: str) -> str:
    """The first of `folded(text)`, or nothing: most lines are told by it."""
    found = _WORD.search(text)
    return fold_word(found.group()) if found else ""


class Phrases:
    """Phrases of one or more folded words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self.all = frozenset(filter(None, map(folded, phrases)))
        self._longest: dict[str, int] = {}
        for words in self.all:
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))

    def __contains__(self, words: Words) -> bool:
        return words in self.all

    def may_begin(self, word: str) -> bool:
        """Whether a phrase begins with this word."""
        return word in self._longest

    def length_at_start(self, words: Sequence[str]) -> int:
        """How many words the longest phrase has that begins `words`; 0 when none does."""
        longest = min(self._longest.get(words[0], 0), len(words)) if words else 0
        return next((n for n in range(longest, 0, -1) if tuple(words[:n]) in self.all), 0)


@dataclass(frozen=True, slots=True)
class Lists:
    """The tables of `lists.toml`; its comments say what each is for."""

    by: Phrases
    not_writer: Phrases
    titles: Phrases
    places: Phrases
    countries: Phrases
    credit: Phrases
    nobody: frozenset[str]
    jobs: frozenset[str]
    after: frozenset[str]
    alone: Phrases
    unspaced: tuple[str, ...]
    strong_and: frozenset[str]
    weak_and: frozenset[str]
    at: frozenset[str]
    at_place: frozenset[str]
    particles: frozenset[str]
    kin: frozenset[str]
    dates: frozenset[str]
    given: frozenset[str]
    mention: frozenset[str]


@cache
def lists() -> Lists:
    """The word lists, read once."""
    tables: dict[str, dict[str, str]] = read_table("pipelines.metadata.bylines", "lists.toml")

    def phrases(table: str, *keys: str) -> Phrases:
        lines = (tables[table][key] for key in keys or tables[table])
        return Phrases(chain.from_iterable(line.split(",") for line in lines))

    def words(table: str, *keys: str) -> frozenset[str]:
        lines = (tables[table][key] for key in keys or tables[table])
        return frozenset(chain.from_iterable(map(folded, lines)))

    return Lists(
        by=phrases("by"),
        not_writer=phrases("not_writer"),
        titles=phrases("titles"),
        places=phrases("places"),
        countries=phrases("places", "countries"),
        credit=phrases("credit"),
        nobody=words("nobody"),
        jobs=words("nobody", "jobs"),
        after=words("after"),
        alone=phrases("alone"),
        unspaced=tuple(tables["unspaced"]["any"].split()),
        strong_and=words("and", "strong"),
        weak_and=words("and", "weak"),
        at=words("at", "sure"),
        at_place=words("at", "place"),
        particles=words("particles"),
        kin=words("kin"),
        dates=words("dates"),
        given=words("given"),
        mention=words("mention"),
    )


@dataclass(frozen=True, slots=True)
class Agencies:
    """Codes by folded name: those that stand for the agency anywhere, and those that need their place."""

    sure: dict[Words, str]
    marked: dict[Words, str]

    def code(self, words: Words) -> str | None:
        """The agency that these words name where an agency is expected: a byline, brackets."""
        if not 0 < len(words) <= _MOST_AGENCY_WORDS:
            return None
        if len(words) > 1 and words[-1].isascii() and all(len(word) == 1 for word in words):
            words = ("".join(words),)  # "A.F.P."
        return self.sure.get(words) or self.marked.get(words)

    def is_marked(self, words: Words) -> bool:
        """Whether these words are an agency only where one is expected."""
        return words not in self.sure and words in self.marked


@cache
def agencies() -> Agencies:
    """The agencies of `agencies.toml`, read once; of two with one name the first counts."""
    sure: dict[Words, str] = {}
    marked: dict[Words, str] = {}
    for entry in read_table("pipelines.metadata.bylines", "agencies.toml")["agency"]:
        for name in entry["names"]:
            sure.setdefault(folded(name), entry["code"])
        for name in entry.get("marked", ()):
            marked.setdefault(folded(name), entry["code"])
    return Agencies(sure, marked)
