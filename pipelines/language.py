"""Language and script of a text: the script as a first cut, then langdetect, seeded, on a sample.

langdetect names one of those it has a profile of, whatever it reads. So more witnesses are asked: letters
that only some languages have (Sorani, Kazakh), the commonest words (Zulu, Yiddish), and what page and site
state: a prior that the text overrules, believed of a language without profile unless the text plainly speaks
another. Data: `languages.toml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import takewhile

from pipelines.language_profiles import load_profiles
from pipelines.policy import Policy
from pipelines.tables import read_table

UNDETERMINED = "und"
_MIN_LETTERS = 20
_EAST_ASIAN = frozenset({"Hani", "Jpan", "Kore"})
# Letters that a character is when it is spelled out: a Chinese text about "WebAssembly" is Chinese, with or
# without Pinyin under each line.
_WEIGHT = {"Hani": 4, "Jpan": 2, "Kore": 3}
_OWN_SHARE = 0.1  # of kana, of Hangul: Chinese has a kana in a brand now and then
# How much likelier than others the stated languages are, in the order of trust: a few n-grams' worth.
_PRIORS = (10_000.0, 1_000.0, 100.0)
# How much likelier a language is by the share of its commonest words among all.
_WORD_PRIOR = 100.0
# Share of the text that a letter more in an alphabet costs it, and that a statement is worth.
_LETTER_COST, _STATED_LETTERS = 0.001, 0.01
# Words tell a language without a profile when they are so many, so many different ones, this share of all,
# and so many times those of the language that the detector names.
_MIN_WORDS, _MIN_DIFFERENT, _MIN_SHARE, _LEAD = 4, 3, 0.04, 2.0
_SPOKEN_SHARE = 0.06  # of its commonest words, in a text that speaks a language
_ENOUGH_WORDS = 40
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_WORD = re.compile(r"[^\W\d_]+")
_TAG = re.compile(r"\s*([A-Za-z]{2,3})(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Language:
    """ISO code (`und` when unknown), ISO 15924 script, probability 0..1.

    The code is ISO 639-1 where there is one, else 639-3. Norwegian is `no` in both its forms, Chinese `zh` in
    both its scripts. The probability is None where the text cannot tell and the page's word was taken.
    """

    code: str
    script: str | None
    score: float | None


@dataclass(frozen=True, slots=True)
class _Script:
    """What one script writes; `candidates` are those that its letters or langdetect choose from."""

    candidates: tuple[str, ...]
    writes: frozenset[str]
    alphabets: Mapping[str, frozenset[str]]
    words: Mapping[str, frozenset[str]]  # the languages that have it among their commonest
    speakers: frozenset[str]  # the languages that have words here


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of a sample, and how many (how many different ones) are among the commonest of a language."""

    total: int
    found: Counter[str]
    different: Counter[str]


@cache
def _data() -> tuple[dict[str, str], dict[str, str], dict[str, _Script]]:
    """Codes by what statements call them, scripts by the first word of Unicode names, tables of scripts."""
    data = read_table("pipelines", "languages.toml")
    codes = {code: code for listed in ("iso639_1", "iso639_3") for code in data["codes"][listed].split()}
    for code, names in data["codes"]["same"].items():
        codes |= dict.fromkeys(names.split(), code)
    names, scripts = {}, {}
    for script, table in data["script"].items():
        names |= dict.fromkeys(table["name"].split(), script)
        candidates = tuple((table.get("profiles") or table["only"]).split())
        words, alphabets = table.get("words", {}), table.get("alphabets", {})
        common = alphabets.pop("common", "")
        scripts[script] = _Script(
            candidates=candidates,
            writes=frozenset((*candidates, *table.get("others", "").split(), *words)),
            alphabets={code: frozenset(common + own) for code, own in alphabets.items()},
            words=_by_word(words),
            speakers=frozenset(words),
        )
    # In Latin letters any language writes that has none of its own.
    elsewhere = frozenset().union(*((*known.candidates, *known.alphabets) for known in scripts.values()))
    latin = scripts["Latn"]
    scripts["Latn"] = replace(latin, writes=latin.writes | (frozenset(codes.values()) - elsewhere))
    return codes, names, scripts


def _by_word(lists: dict[str, str]) -> dict[str, frozenset[str]]:
    """The languages that have a word among their commonest, by the word."""
    speakers: dict[str, set[str]] = {}
    for code, words in lists.items():
        for word in words.split():
            speakers.setdefault(word, set()).add(code)
    return {word: frozenset(codes) for word, codes in speakers.items()}


@lru_cache(maxsize=8192)
def _script_of(char: str) -> str | None:
    if not char.isalpha():
        return None
    return _data()[1].get(unicodedata.name(char, "").split(" ", 1)[0].split("-", 1)[0])


def main_script(text: str) -> str | None:
    """ISO 15924 code of the script most of `text` is in, or None when it has no letters that we know."""
    return _main_script(_scripts_of(Counter(text)))


def _scripts_of(chars: Counter[str]) -> Counter[str | None]:
    """How often each script is written, in the order of the characters."""
    counts = Counter[str | None]()
    for char, count in chars.items():
        counts[_script_of(char)] += count
    return counts


def _main_script(counts: Counter[str | None]) -> str | None:
    weights = {script: count * _WEIGHT.get(script, 1) for script, count in counts.items() if script}
    east = sum(weights.pop(script, 0) for script in _EAST_ASIAN)
    other = max(weights, key=weights.__getitem__, default=None)
    if not east or (other and weights[other] > east):
        return other
    total = sum(counts[script] for script in _EAST_ASIAN)
    own = "Jpan" if counts["Jpan"] >= counts["Kore"] else "Kore"
    return own if counts[own] >= _OWN_SHARE * total else "Hani"


def detect_language(text: str, policy: Policy, stated: Sequence[str] = ()) -> Language:
    """Language of `text`; never raises.

    `stated` are the language tags of page and site, the most trusted first: "ar-YE", "en_US", "fa".
    """
    sample = _ADDRESS.sub(" ", text[: policy.language_sample_chars])
    chars = Counter(sample)
    script = _main_script(_scripts_of(chars))
    if script is None:
        return Language(UNDETERMINED, None, None)
    table = _data()[2][script]
    claims = [code for code in _claims(stated) if code in table.writes]
    if sum(count for char, count in chars.items() if char.isalpha()) < _MIN_LETTERS:
        return Language(claims[0] if claims else UNDETERMINED, script, None)
    if script not in _EAST_ASIAN:
        # Names and quotations in other letters say nothing about the language around them.
        for other in [char for char in chars if char.isalpha() and _script_of(char) != script]:
            sample = sample.replace(other, " ")  # of a few letters many times faster than one translation
    lettered = _by_letters(sample, table, claims)
    if lettered and lettered not in table.candidates:
        return Language(lettered, script, 1.0)
    words = _spoken(sample, table)
    code, score = _by_profile(sample, table, words, claims)
    code, score = _without_profile(table, words, code, claims) or (code, score)
    return Language(code, script, score)


def _claims(stated: Sequence[str]) -> Iterator[str]:
    """Codes of the languages that are stated, each once; junk states nothing."""
    codes = _data()[0]
    named = (codes.get(tag.group(1).lower()) for value in stated if (tag := _TAG.match(value)))
    yield from dict.fromkeys(code for code in named if code)


def _by_letters(sample: str, table: _Script, claims: Sequence[str]) -> str | None:
    """The language whose alphabet fits the letters best: has them, and has few that are missing."""
    if not table.alphabets:
        return None
    letters = {char: count for char, count in Counter(sample.lower()).items() if char.isalpha()}
    total = sum(letters.values())

    def fit(code: str) -> float:
        alphabet = table.alphabets[code]
        had = sum(count for char, count in letters.items() if char in alphabet)
        return had / total - _LETTER_COST * len(alphabet) + _STATED_LETTERS * (code in claims)

    return max(table.alphabets, key=fit)


def _spoken(sample: str, table: _Script) -> _Words:
    """How often the commonest words of each language occur in the sample."""
    words = Counter(_WORD.findall(sample.casefold()))
    found, different = Counter[str](), Counter[str]()
    for word, count in words.items():
        for code in table.words.get(word, ()):
            found[code] += count
            different[code] += 1
    return _Words(max(1, words.total()), found, different)


def _by_profile(
    sample: str, table: _Script, words: _Words, claims: Sequence[str]
) -> tuple[str, float | None]:
    """Language and probability by langdetect's profiles among the candidates of the script."""
    if len(table.candidates) == 1:
        return table.candidates[0], 1.0
    prior = {code: 1 + _WORD_PRIOR * words.found[code] / words.total for code in table.candidates}
    for code, weight in zip((c for c in claims if c in prior), _PRIORS, strict=False):
        prior[code] *= weight
    # Its n-grams end with the word: some words from all over the sample tell what all of them tell.
    spread = sample.split()
    text = " ".join(spread[:: max(1, len(spread) // _ENOUGH_WORDS)])
    best = load_profiles(table.candidates).likeliest(text, list(prior.values()))
    return (best[0], round(best[1], 4)) if best else (UNDETERMINED, None)


def _without_profile(
    table: _Script, words: _Words, guess: str, claims: Sequence[str]
) -> tuple[str, float | None] | None:
    """A language that the detector cannot know, when the page states it or the words tell it."""
    against = words.found[guess]
    for code in takewhile(lambda code: code != guess, claims):
        if code in table.candidates or code in table.alphabets:
            continue
        has_words = code in table.speakers
        if against <= words.found[code] if has_words else against < _SPOKEN_SHARE * words.total:
            return code, None
    unknown = table.speakers.difference(table.candidates)
    best = max(sorted(unknown), key=words.found.__getitem__, default=guess)
    found = words.found[best]
    if words.different[best] < _MIN_DIFFERENT:
        return None
    if found < max(_MIN_WORDS, _MIN_SHARE * words.total, _LEAD * against):
        return None
    return best, round(found / (found + against), 4)
