"""A short line as tokens, with the words of dates among them."""

from __future__ import annotations

import re
from datetime import time

from pipelines.metadata.dating.words import TOKENS, Value, Word, load_lexicon

_PERSIAN_DIGIT = re.compile("[\u06f0-\u06f9]")
_THAI = re.compile("[\u0e01-\u0e4e]")
_WITHIN_PHRASES = frozenset(".'’-`")
# A longer run of digits is no part of a date.
_MOST_DIGITS = 14


def time_of(hour: int, minute: int, second: int = 0, micro: int = 0) -> time | None:
    """The time of day, if there is one."""
    try:
        return time(hour, minute, second, micro)
    except ValueError:
        return None


class Line:
    """A short line as tokens (runs of digits, words, single signs), read in one language and country.

    `folded` is the text as `words.fold` has it.
    """

    def __init__(
        self, text: str, folded: str, language: str | None, country: str | None, last_year: int
    ) -> None:
        self.raw = text
        self.language = language or ("th" if _THAI.search(text) else None)
        self.country = country
        self.last_year = last_year
        self.persian = bool(_PERSIAN_DIGIT.search(text))
        self.lexicon = load_lexicon()
        self.tokens: list[str] = []
        self.numbers: list[int] = []  # -1 for what is no number
        self.glued: list[bool] = []  # no space before
        self._words: dict[int, tuple[Word, int] | None] = {}
        self._cut(folded)
        self.size = len(self.tokens)
        # What looks a few tokens ahead finds an end, not the list's.
        self.tokens += [""] * 8
        self.numbers += [-1] * 8
        self.glued += [False] * 8

    def _cut(self, folded: str) -> None:
        end = 0
        for match in TOKENS.finditer(folded):
            digits, word = match.groups()
            parts = self.lexicon.parts(word) if word and not word.isascii() else [match.group()]
            for number, part in enumerate(parts):
                self.tokens.append(part)
                self.numbers.append(int(digits) if digits and len(digits) <= _MOST_DIGITS else -1)
                self.glued.append(number > 0 or match.start() == end)
            end = match.end()
        if self.glued:
            self.glued[0] = False

    def word(self, at: int) -> tuple[Word, int] | None:
        """The longest known phrase that begins at a token, and where it ends."""
        if at not in self._words:
            self._words[at] = self._phrase(at)
        return self._words[at]

    def _phrase(self, at: int) -> tuple[Word, int] | None:
        phrase, end = self._as_key(at), at + 1
        most = self.lexicon.longest.get(phrase, 0)
        found: tuple[Word, int] | None = None
        for count in range(1, most + 1):
            if count > 1:
                if self.tokens[end] in _WITHIN_PHRASES:
                    end += 1
                if end >= self.size:
                    break
                phrase += " " + self._as_key(end)
                end += 1
            if known := self.lexicon.phrases.get(phrase):
                found = known, end
        return found

    def _as_key(self, at: int) -> str:
        return "#" if self.numbers[at] >= 0 else self.tokens[at].replace("#", "")

    def says(self, at: int, kind: str) -> tuple[Value, int] | None:
        """What the phrase at a token says of a kind ("month", "weekday", ...), and where it ends."""
        found = self.word(at)
        value = found[0].says(kind, self.language) if found else None
        return (value, found[1]) if found and value is not None else None

    def marked(self, at: int, mark: str) -> int:
        """Where the phrase at a token ends if it has this mark, else 0."""
        found = self.word(at)
        return found[1] if found and mark in found[0].marks else 0

    def number(self, at: int, most_digits: int = 2) -> int:
        """The number at a token if it has no more digits, else -1."""
        return self.numbers[at] if len(self.tokens[at]) <= most_digits else -1

    def goes_on(self, at: int) -> bool:
        """Whether a number goes on at a token: ".5", "-7"."""
        joined = self.glued[at] and self.tokens[at] in {"-", "/", "."} and self.glued[at + 1]
        return joined and self.numbers[at + 1] >= 0
