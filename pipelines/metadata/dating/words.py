"""Words of dates in the languages of news (`words.toml`), looked up by folded letters.

A word may say several things ("mar" is March and Tuesday in Spanish) and different things in different
languages ("listopad" is October in Croatian, November in Polish and Czech); who asks says which kind of thing
and which language is expected, and gets nothing where that does not decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain
from typing import Any, NamedTuple

from pipelines.normalize import normal
from pipelines.tables import read_table

# Marks that are spelling in no date: accents, vowel signs, points; format characters (bidi, ZWNJ, ZWJ, BOM).
_MARKS = re.compile(
    "[\u00ad\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u061c\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]+"
)
# What parts words; a sign that is missing here makes an unknown word, and the line is not read.
_PUNCTUATION = (
    r"\s!-/:-@\[-`{-~\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u055d\u0589\u05be\u05f3\u05f4"
    r"\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\u0970\u1361-\u1368\u17d4-\u17da\u2000-\u2bff"
    r"\u3000-\u3004\u3008-\u3020\u30fb\ufffd"
)
_WORD = rf"[^\d{_PUNCTUATION}]+"
TOKENS = re.compile(rf"(\d+)|({_WORD})|\S")
_KEY = re.compile(rf"#|{_WORD}")
_WORDS = re.compile(_WORD)
# Scripts that part no words, or write particles on to them; Hangul among them ("3일오후").
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_LONGEST_UNSPACED = 24

MONTHS = {"months": "gregorian", "hijri": "hijri", "jalali": "jalali"}
_SECONDS = {"minutes_ago": 60, "hours_ago": 3600, "days_ago": 86400}
_DAYS_BACK = {"today": 0, "yesterday": 1, "day_before": 2}

Value = int | str | tuple[str, int] | tuple[int, int]


@cache
def _spellings() -> dict[int, str]:
    """Letters written in several ways, as one; digits of any script as 0-9; hyphens as one."""
    table = dict(zip(map(ord, "ıىیېےۍكکةەھہۀۃךםןףץ"), "iييييي\u0643\u0643ههههههכמנפצ", strict=True))
    table |= dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2212, 0x05BE], "-")
    table |= {0x05F3: "'", 0x05F4: '"', 0x2019: "'", 0x2236: ":", 0x0970: ".", 0x060C: ",", 0x3001: ","}
    for code in range(0x660, 0x10000):
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            table[code] = str(digit)
    return table


def fold(text: str) -> str:
    """Text for looking words up: no case, no accents, vowel signs or hamza, digits 0-9.

    >>> fold("١٥ أيّار"), fold("Aralık"), fold("۱۲ آذر")
    ('15 ايار', 'aralik', '12 اذر')
    """
    if text.isascii():
        return text.lower()
    apart = normal("NFKD", text.casefold())
    return normal("NFC", _MARKS.sub("", apart).translate(_spellings()))


def key(phrase: str) -> str:
    """Folded words of a phrase, one space between; `#` stands for a number.

    >>> key("a. m."), key("segunda-feira"), key("vor # Std.")
    ('a m', 'segunda feira', 'vor # std')
    """
    return " ".join(_KEY.findall(fold(phrase)))


@dataclass(slots=True)
class Word:
    """What a word or a phrase may say.

    `values`: kind ("month", "weekday", "meridiem", "ago", "back", "zone") -> value -> languages.
    `marks`: what it is beside a number or a date ("year", "hour", "hijri", ..., "inside", "around").
    `small`: languages in which it is just a small word or a label.
    """

    values: dict[str, dict[Value, set[str]]] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    small: set[str] = field(default_factory=set)

    def says(self, kind: str, language: str | None) -> Value | None:
        """The one value of this kind, as `language` has it where languages differ; None when in doubt."""
        values = self.values.get(kind)
        if values is None:
            return None
        own = [value for value, languages in values.items() if language in languages]
        if len(own) == 1:
            return own[0]
        if own or len(values) > 1:
            return None
        value, languages = next(iter(values.items()))
        # "am" is a small word in German and says "before noon" in English: each where it is at home.
        foreign = language in self.small or (bool(self.small) and "en" not in languages)
        return None if foreign else value


class Lexicon(NamedTuple):
    """All phrases by `key`; how many words the longest phrase has that begins with a word; all words."""

    phrases: dict[str, Word]
    longest: dict[str, int]
    vocabulary: frozenset[str]
    zones_of: dict[str, dict[str, str]]

    def parts(self, run: str) -> list[str]:
        """A run of letters of a script without spaces, parted into known words; as it is when it cannot be.

        >>> load_lexicon().parts("日上午"), load_lexicon().parts("日本")
        (['日', '上午'], ['日本'])
        """
        if run in self.vocabulary or not UNSPACED.search(run):
            return [run]
        found: list[str] = []
        at = 0
        while at < len(run):
            ends = range(min(len(run), at + _LONGEST_UNSPACED), at, -1)
            end = next((end for end in ends if run[at:end] in self.vocabulary), None)
            if end is None:
                return [run]
            found.append(run[at:end])
            at = end
        return found


def _said(entry: dict[str, Any]) -> Iterator[tuple[str, str, Value]]:
    """Each phrase of a language that says something, with its kind and value."""
    for table, calendar in MONTHS.items():
        for number, names in enumerate(entry.get(table, ()), start=1):
            yield from ((name, "month", (calendar, number)) for name in names.split("|"))
    for number, names in enumerate(entry.get("weekdays", ())):
        yield from ((name, "weekday", number) for name in names.split("|"))
    for name, hours in (("am", 0), ("pm", 12)):
        yield from ((word, "meridiem", hours) for word in entry.get(name, "").split("|"))
    for table, seconds in _SECONDS.items():
        for pattern in entry.get(table, ()):
            number, _, rest = pattern.partition(": ")
            said = (rest, int(number)) if rest else (pattern.replace("{0}", "#"), 0)
            yield said[0], "ago", (seconds, said[1])
    for name, days in _DAYS_BACK.items():
        yield from ((word, "back", days) for word in entry.get(name, "").split("|"))


def _spelled(phrase: str, language: str, kind: str) -> Iterator[str]:
    """Keys a phrase is looked up under: with ZWNJ left out or a space, in Hebrew with the prefix "in"."""
    keys = {key(phrase), key(phrase.replace("\u200c", " "))}
    if language == "he" and kind in ("month", "weekday"):
        keys |= {"ב" + some for some in keys}
    return (some for some in keys if some)


class _Builder:
    """The phrases, while they are gathered."""

    def __init__(self) -> None:
        self.phrases: dict[str, Word] = {}

    def word(self, some: str) -> Word:
        return self.phrases.setdefault(some, Word())

    def language(self, language: str, entry: dict[str, Any]) -> None:
        for phrase, kind, value in _said(entry):
            for some in _spelled(phrase, language, kind):
                self.word(some).values.setdefault(kind, {}).setdefault(value, set()).add(language)
        for mark, listed in (
            ("inside", entry.get("inside", "").split("|")),
            ("around", entry.get("around", [])),
        ):
            for some in chain.from_iterable(_spelled(phrase, language, mark) for phrase in listed):
                self.word(some).marks.add(mark)
                self.word(some).small.add(language)

    def zones(self, zones: dict[str, str], zones_of: Iterable[str]) -> None:
        named = ((name, zone) for names, zone in zones.items() for name in names.split("|"))
        for name, zone in chain(named, ((name, f"@{name}") for name in zones_of)):
            self.word(key(name)).values["zone"] = {zone: {"en"}}

    def marks(self, table: dict[str, str], prefix: str = "") -> None:
        for mark, names in table.items():
            for name in names.split("|"):
                self.word(key(name)).marks.add(prefix + mark)


@cache
def load_lexicon() -> Lexicon:
    """The words of every language: a page may be dated in another than its own."""
    data = read_table("pipelines.metadata.dating", "words.toml")
    built = _Builder()
    for language, entry in data["languages"].items():
        built.language(language, entry)
    built.zones(data["zones"], data["zones_of"])
    built.marks(data["marks"])
    built.marks(data["heads"], "before ")
    longest: dict[str, int] = {}
    for some in built.phrases:
        first, *others = some.split(" ")
        longest[first] = max(longest.get(first, 0), 1 + len(others))
    vocabulary = frozenset(part for some in built.phrases for part in some.split(" ") if part != "#")
    return Lexicon(built.phrases, longest, vocabulary, data["zones_of"])


def says_other_things(folded: str) -> bool:
    """Whether a word stands in the line that is part of no date in any language; cheap, so asked first.

    What stands in brackets may be anything: a zone can be spelled out there.
    """
    lexicon = load_lexicon()
    for match in _WORDS.finditer(folded.partition("(")[0]):
        word = match.group()
        known = word in lexicon.vocabulary or word == "t"
        if not known and (word.isascii() or len(lexicon.parts(word)) == 1):
            return True
    return False


def begins_otherwise(text: str) -> bool:
    """Whether the first word of a line that is not folded is one that no date has."""
    word = text.partition(" ")[0]
    return word.isalpha() and _is_other_word(word)


# Lines of a page begin with the same few hundred words.
@lru_cache(maxsize=4096)
def _is_other_word(word: str) -> bool:
    folded = fold(word)
    return bool(_WORDS.fullmatch(folded)) and says_other_things(folded)
