"""Phrase rules: data in `phrases/<language>.toml`, compiled once on first use.

Each file has tables named after a kind of boilerplate; each table may have `line` (the whole block is this
phrase), `start` (the block begins with it), `end` and `contains`.

Phrases are compared as folded words (`pipelines.body.words`): white space and punctuation between words do
not count, nor do case and accents; Chinese, Japanese and Thai are compared by the character.

- A `start` phrase written with a colon at its end must stand alone, with a number or before a colon or bar,
  since news may begin with its words, too.
- `line` and `start` may have slots: `{number}`, `{date}` (words and numbers of a date or a time), `{name}`
  (up to eight words that may be a name; the block ends no sentence). `{number?}` may be missing.
- A `start` phrase inside a quotation is speech, unless it is all that is quoted.
- A block of nothing but `share` lines, two or more, is a share bar.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from pipelines.body.words import cased_words, folded_words, is_date_word, is_number
from pipelines.policy import is_off

_COLON = re.compile(r"[:\uff1a|»›]")
_SLOTS = {"number": "{number}", "date": "{date}", "name": "{name}"}
_SLOT = re.compile(r"\{(\w+)(\??)\}")
_QUOTATION = re.compile(r'\s*["“”„«»‚‘「『]([^"“”«»’」』]+)["“”«»’」』]?')
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔:]\W*$")
# Small words inside names, and between two of them.
_LINKS = frozenset(
    folded_words(
        "and und et y e i en ve и і και de da do dos das del della di du la le las los van von der den ter "
        "ten zu zum bin ibn ben al el af av os mit with dpa afp epd apa dapd pap mit red"
    )
)
_MOST_NAME_WORDS = 8
_MOST_DATE_WORDS = 14
_LONGEST = {"{number}": 4, "{date}": _MOST_DATE_WORDS, "{name}": _MOST_NAME_WORDS}


@dataclass(frozen=True)
class Rule:
    """One phrase: `kind` of boilerplate, `place` (line, start, end, contains), its words folded.

    A `label` is all that stands before the first colon of its block, numbers apart. Slots stand among the
    words as `{number}`, `{date}` and `{name}`.
    """

    name: str
    kind: str
    place: str
    words: tuple[str, ...]
    label: bool

    @cached_property
    def fixed(self) -> frozenset[str]:
        """Its words without the slots."""
        return frozenset(self.words).difference(_LONGEST)

    @cached_property
    def has_slot(self) -> bool:
        """Whether some of its words are slots."""
        return not _LONGEST.keys().isdisjoint(self.words)


class _Block:
    """A block's text as the rules see it; what few rules ask for is made when asked."""

    def __init__(self, text: str, words: tuple[str, ...]) -> None:
        self.text = text
        self.words = words
        self._runs: dict[tuple[str, int], int] = {}

    @cached_property
    def has(self) -> frozenset[str]:
        """Its different words."""
        return frozenset(self.words)

    @cached_property
    def label(self) -> tuple[str, ...]:
        """Folded words before the first colon; numbers are what labels count: "Comments (3)"."""
        before = folded_words(_COLON.split(self.text, maxsplit=1)[0])
        return tuple(word for word in before if not word.isdigit())

    @cached_property
    def quoted(self) -> tuple[str, ...]:
        """Folded words of the quotation that the block begins with: somebody speaks."""
        spoken = _QUOTATION.match(self.text)
        return folded_words(spoken.group(1)) if spoken else ()

    @cached_property
    def _may_name(self) -> tuple[bool, ...]:
        """Whether each word may stand in a name: no number, and with a capital where the script has them."""
        cased = cased_words(self.text)
        if len(cased) != len(self.words) or _SENTENCE_END.search(self.text):
            return (False,) * len(self.words)
        return tuple(
            not is_number(word) and (word in _LINKS or not written[0].islower())
            for word, written in zip(self.words, cased, strict=True)
        )

    def run(self, slot: str, at: int) -> int:
        """How many words from `at` on the slot can take at most."""
        known = self._runs.get((slot, at))
        if known is None:
            most = min(len(self.words), at + _LONGEST[slot])
            end = at
            while end < most and self._fills(slot, end):
                end += 1
            known = self._runs[slot, at] = end - at
        return known

    def _fills(self, slot: str, at: int) -> bool:
        word = self.words[at]
        if slot == "{name}":
            return self._may_name[at]
        return is_number(word) or (slot == "{date}" and is_date_word(word))

    def fits(self, rule: Rule) -> bool:
        """Whether the rule, whose fixed words the block has, is all of it."""
        return any(end == len(self.words) for end in self.after(rule.words))

    def begins(self, rule: Rule) -> bool:
        """Whether the block begins with the rule."""
        if rule.has_slot:
            return rule.fixed <= self.has and any(self.after(rule.words))
        return self.words[: len(rule.words)] == rule.words

    def after(self, pattern: tuple[str, ...], at: int = 0) -> Iterator[int]:
        """Ends of the pattern when it begins at the word `at`, the longest first."""
        if not pattern:
            yield at
        elif pattern[0] in _LONGEST:
            for length in range(self.run(pattern[0], at), 0, -1):
                yield from self.after(pattern[1:], at + length)
        elif at < len(self.words) and self.words[at] == pattern[0]:
            yield from self.after(pattern[1:], at + 1)


def _variants(phrase: str) -> Iterator[tuple[str, ...]]:
    """Words of a phrase, once for each choice of its optional slots."""
    slot = _SLOT.search(phrase)
    if slot is None:
        yield folded_words(phrase)
        return
    before = folded_words(phrase[: slot.start()])
    for rest in _variants(phrase[slot.end() :]):
        yield (*before, _SLOTS[slot.group(1)], *rest)
        if slot.group(2):
            yield before + rest


def _rules(language: str, tables: dict[str, dict[str, list[str]]]) -> Iterator[Rule]:
    for kind, places in tables.items():
        for place, phrases in places.items():
            for number, phrase in enumerate(phrases, start=1):
                name = f"{language}.{kind}.{place}.{number}"
                label = place == "start" and phrase.endswith(":")
                yield from (Rule(name, kind, place, words, label) for words in _variants(phrase) if words)


@dataclass(frozen=True)
class Phrases:
    """All rules: whole lines by their words, the others by the first word (of `end`, by the last).

    `names` are `<language>.<kind>.<place>.<number>`, also of phrases that stand in several languages.
    """

    names: frozenset[str]
    line: dict[tuple[str, ...], Rule]
    pattern: dict[str, tuple[Rule, ...]]
    start: dict[str, tuple[Rule, ...]]
    end: dict[str, tuple[Rule, ...]]
    contains: dict[str, tuple[Rule, ...]]

    @cached_property
    def _after_slots(self) -> dict[str, frozenset[str]]:
        """For each slot the words of the rules that begin with it: few blocks hold one."""
        return {
            slot: frozenset[str]().union(
                *(rule.fixed for rule in (*self.pattern.get(slot, ()), *self.start.get(slot, ())))
            )
            for slot in _LONGEST
        }

    @cached_property
    def _after_any_slot(self) -> frozenset[str]:
        return frozenset[str]().union(*self._after_slots.values())

    @cached_property
    def _within_words(self) -> frozenset[str]:
        """The longest word of each `contains` rule: rarer in texts than the first, which may be "in"."""
        return frozenset(max(rule.words, key=len) for rules in self.contains.values() for rule in rules)

    @cached_property
    def _bars(self) -> frozenset[str]:
        """The first words of `share` lines."""
        return frozenset(words[0] for words, rule in self.line.items() if rule.kind == "share")

    def match(self, text: str, words: tuple[str, ...] | None = None) -> Rule | None:
        """The rule a block with this text (and these `folded_words`) falls under, or None."""
        block = _Block(text, folded_words(text) if words is None else words)
        if not block.words:
            return None
        if rule := self.line.get(block.words):
            return rule
        return self._begun(block) or self._ended(block) or self._bar(block.words) or self._within(block.words)

    def _begun(self, block: _Block) -> Rule | None:
        """The rule of a line with slots, or of its beginning."""
        heads = [block.words[0]]
        among = not self._after_any_slot.isdisjoint(block.words)
        for slot, words in self._after_slots.items() if among else ():
            # What may be a name is long to tell, and few blocks have all words of a rule with one.
            if not words.isdisjoint(block.words) and (slot == "{name}" or block.run(slot, 0)):
                heads.append(slot)
        for head in heads:
            for rule in self.pattern.get(head, ()):
                if rule.fixed <= block.has and block.fits(rule):
                    return rule
        for head in heads:
            for rule in self.start.get(head, ()):
                if (
                    block.begins(rule)
                    and (not rule.label or block.label == rule.words)
                    and block.quoted in ((), rule.words)
                ):
                    return rule
        return None

    def _ended(self, block: _Block) -> Rule | None:
        for rule in self.end.get(block.words[-1], ()):
            if block.words[-len(rule.words) :] == rule.words:
                return rule
        return None

    def _within(self, words: tuple[str, ...]) -> Rule | None:
        if self._within_words.isdisjoint(words):
            return None
        for at, word in enumerate(words):
            if word in self.contains:
                for rule in self.contains[word]:
                    if words[at : at + len(rule.words)] == rule.words:
                        return rule
        return None

    def _bar(self, words: tuple[str, ...]) -> Rule | None:
        """The first rule of a share bar: `share` lines one after the other, with or without counts."""
        at, found, labels = 0, None, 0
        while at < len(words):
            if found and is_number(words[at]):
                at += 1
                continue
            if words[at] not in self._bars:
                return None
            ends = range(min(len(words), at + _MOST_NAME_WORDS), at, -1)
            rules = (self.line.get(words[at:end]) for end in ends)
            rule = next((rule for rule in rules if rule and rule.kind == "share"), None)
            if rule is None:
                return None
            found, at, labels = found or rule, at + len(rule.words), labels + 1
        return found if labels > 1 else None


def _index(rules: Iterable[Rule], at: int = 0) -> dict[str, tuple[Rule, ...]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.words[at], []).append(rule)
    return {word: tuple(sorted(some, key=lambda r: -len(r.words))) for word, some in found.items()}


def load_phrases(rules_off: frozenset[str] = frozenset()) -> Phrases:
    """Rules of every language: a page may quote furniture of another (an English share bar in Arabic).

    Those that `rules_off` names are left out, so that another may fall on the same block.
    """
    return _load_phrases(rules_off)


# Behind a function without a default: with it and without it the same tables would be kept twice.
@cache
def _load_phrases(rules_off: frozenset[str]) -> Phrases:
    rules: list[Rule] = []
    for entry in sorted(files("pipelines.body").joinpath("phrases").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            tables = tomllib.loads(entry.read_text(encoding="utf-8"))
            rules.extend(_rules(entry.name.removesuffix(".toml"), tables))
    rules = [rule for rule in rules if not is_off(f"phrase.{rule.name}", rules_off)]
    lines = [rule for rule in rules if rule.place == "line"]
    return Phrases(
        names=frozenset(rule.name for rule in rules),
        line={rule.words: rule for rule in reversed(lines) if not rule.has_slot},
        pattern=_index(rule for rule in lines if rule.has_slot),
        start=_index(rule for rule in rules if rule.place == "start"),
        end=_index((rule for rule in rules if rule.place == "end"), at=-1),
        contains=_index(rule for rule in rules if rule.place == "contains"),
    )
