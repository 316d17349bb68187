"""The lists of `images.toml`, read once, and names of elements compared with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from lxml.html import HtmlElement

from pipelines.normalize import letters
from pipelines.tables import read_table

_WORDS = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MOST_WORDS = 4
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ImageData:
    """Agencies by their letters, names as words joined by hyphens; `labelled` finds "Photo: X"."""

    labelled: re.Pattern[str]
    agencies: frozenset[str]
    captions: frozenset[str]
    frames: frozenset[str]
    junk: frozenset[str]
    sizing: frozenset[str]


@cache
def data() -> ImageData:
    """The lists."""
    lists = read_table("pipelines.metadata", "images.toml")
    return ImageData(
        labelled=re.compile(
            rf"(?<!\w)(?:(?:{_any(lists['labels'])})\s*[:：|]|(?:{_any(lists['openers'])})(?=\s))"
            r"\s*(?P<credit>[^:：]{2,200})$",
            re.IGNORECASE,
        ),
        agencies=frozenset(map(letters, lists["agencies"])),
        captions=frozenset(lists["captions"].split()),
        frames=frozenset(lists["frames"].split()),
        junk=frozenset(lists["junk"].split()),
        sizing=frozenset(lists["sizing"].split()),
    )


def _any(phrases: list[str]) -> str:
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))


def name_words(element: HtmlElement) -> frozenset[str]:
    """What the lists have of the class and id names of an element: words, and up to four in a row."""
    said = f"{element.get('class') or ''} {element.get('id') or ''}"[:1_000]
    return _NONE if said == " " else _all_listed(said)


@lru_cache(maxsize=4_096)
def _all_listed(said: str) -> frozenset[str]:
    return _NONE.union(*map(_listed, said.split()))


@lru_cache(maxsize=4_096)
def _listed(name: str) -> frozenset[str]:
    """Words and runs of words of one name that are in a list: pages of a site have the same names."""
    lists = data()
    return frozenset(word_runs(name)) & (lists.captions | lists.frames | lists.junk)


def word_runs(name: str) -> set[str]:
    """Words of one name and runs of them, joined by hyphens: "wp-caption" is three.

    >>> sorted(word_runs("wpCaption_text"))
    ['caption', 'caption-text', 'text', 'wp', 'wp-caption', 'wp-caption-text']
    """
    words = _WORDS.findall(_CAMEL.sub("-", name).lower())[:20]
    return {
        "-".join(words[at : at + length])
        for length in range(1, _MOST_WORDS + 1)
        for at in range(len(words) - length + 1)
    }
