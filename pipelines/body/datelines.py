"""Lines without prose, in any language: dates, clocks, counters, strips of rates, bylines, signatures.

Nothing here is a phrase. A line is told by what it is made of (numbers, words of dates, names the page itself
gives as its authors) and by where it stands: rows of a table, items of a list and chapters of a chronicle
are the article's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache

from lxml.html import HtmlElement

from pipelines.body.blocks import Block
from pipelines.body.words import folded_words, is_date_word, is_number, tells_date
from pipelines.policy import Policy

SIGNATURE_RULE = "structure.signature"
_KINDS = frozenset({"paragraph"})
_CLOCK_OR_DATE = re.compile(r"\d{1,2}[:.]\d{2}\b|\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_CURRENCIES = frozenset(
    "usd eur gbp jpy chf cny rub try aed sar egp qar kwd bhd omr jod iqd irr ils pkr inr ukr uah pln czk sek "
    "nok dkk brl mxn ars clp cop krw btc eth".split()
)
# Around a name of a byline: prefixes and links of the languages that newsrooms here are in.
_PREFIXES = frozenset(
    folded_words(
        "by von par por di da de door av af przez от автор текст του της από بقلم كتب كتبت کتب تحریر نویسنده "
        "מאת כתב כתבה written text story reporting edited posted published author autor autora auteur autore "
        "foto photo photos fotos and und et y e en i и και و ve مع with for für pour para per"
    )
)
# A price or a share is a fact.
_PRICED = re.compile(r"[$€£¥₽₺₪%٪]")
_SEPARATORS = re.compile(r"[,،;/|()\[\]–—·•\n]|\s-\s")
_BRACKETED = re.compile(r"[(\[（【]\s*([^()\[\]（）【】]+?)\s*[)\]）】]\s*[.。]?")
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔]\W*$")
_MOST_PLACE_WORDS = 3
_MOST_SIGNATURE_WORDS = 5


def is_dateline(text: str, words: Sequence[str] | None = None) -> bool:
    """Whether the text (of these `folded_words`) is nothing but dates, times, counts or rates.

    >>> is_dateline("Dienstag, 3. März 2026, 14:30 Uhr"), is_dateline("12 | 3 | 40")
    (True, True)
    >>> is_dateline("Elections of 2026"), is_dateline("USD 3.75 EUR 4.10"), is_dateline("March")
    (False, True, False)
    """
    words = folded_words(text) if words is None else words
    plain = [word for word in words if not is_number(word)]
    if len(plain) == len(words) or _PRICED.search(text):
        return False
    if not plain or all(word in _CURRENCIES for word in plain):
        return True
    if not all(is_date_word(word) for word in plain):
        return False
    return any(tells_date(word) for word in plain) or bool(_CLOCK_OR_DATE.search(text))


def is_byline(text: str, people: Collection[str], words: Sequence[str] | None = None) -> bool:
    """Whether the text is one of the page's authors (folded with `letters`) and what stands around a name.

    That is a prefix, a date, and a place or agency of up to three words set apart by a comma or slash.
    `words` are the text's `folded_words`, where they are known.
    """
    if not people:
        return False
    folded = _joined(frozenset(people))
    joined = "".join(folded_words(text) if words is None else words)
    if not [name for name in folded if name in joined] or _SENTENCE_END.search(text):
        return False
    named = False
    for part in filter(None, map(str.strip, _SEPARATORS.split(text))):
        words = folded_words(part)
        while words and words[0] in _PREFIXES:
            words = words[1:]
        found = _without_people(words, folded)
        named = named or found is not None
        rest = words if found is None else found
        plain = [word for word in rest if not (is_number(word) or is_date_word(word) or word in _PREFIXES)]
        if plain and (found is not None or len(plain) > _MOST_PLACE_WORDS):
            return False
    return named


@lru_cache(maxsize=64)
def _joined(people: frozenset[str]) -> frozenset[str]:
    """Each name's folded words as one: asked for with every line of a page."""
    return frozenset("".join(folded_words(name)) for name in people)


def _without_people(words: Sequence[str], people: Collection[str]) -> tuple[str, ...] | None:
    """The words that are left when one of the people is taken out; None when none is there."""
    for start in range(len(words)):
        for end in range(len(words), start, -1):
            if "".join(words[start:end]) in people:
                rest = (*words[:start], *words[end:])
                return _without_people(rest, people) or rest
    return None


def is_signature(text: str) -> bool:
    """Whether the text is a few words in brackets and no sentence: "(Jane Roe)", "(dpa)"."""
    match = _BRACKETED.fullmatch(text.strip())
    if match is None:
        return False
    inner = match.group(1)
    words = folded_words(inner)
    return (
        0 < len(words) <= _MOST_SIGNATURE_WORDS and not _SENTENCE_END.search(inner) and not is_dateline(inner)
    )


def lines_without_prose(blocks: Sequence[Block], free: Sequence[bool], policy: Policy) -> dict[int, str]:
    """Index -> rule (`structure.dateline`, `structure.signature`) of the blocks that say nothing.

    `free` blocks are those no rule has cut yet. Three datelines in one place are the chapters of a chronicle,
    and brackets in running text are an aside: only the last block of a place is signed.
    """
    found: dict[int, str] = {}
    dated = [
        at
        for at, block in enumerate(blocks)
        if free[at]
        and (block.kind in _KINDS or (block.kind == "heading" and not _heads_text(free, at)))
        and len(block.letters) <= policy.max_dateline_letters
        and not block.letters.isalpha()  # without a number there is no date
        and (block.bold < len(block.letters) or block.kind == "heading")
        and is_dateline(block.text, block.words)
    ]
    counts = Counter(_series(blocks[at]) for at in dated)
    found |= {
        at: "structure.dateline" for at in dated if counts[_series(blocks[at])] < policy.min_chronicle_dates
    }
    for at, block in enumerate(blocks):
        if (
            free[at]
            and block.kind in _KINDS
            and len(block.letters) <= policy.max_dateline_letters
            and is_signature(block.text)
            and _follows_prose(blocks, free, at, policy)
            and not _place_goes_on(blocks, free, at)
        ):
            found[at] = SIGNATURE_RULE
    return found


def _heads_text(free: Sequence[bool], at: int) -> bool:
    """Whether what comes next may stay: the date heads a chapter, and not the page's headline or a menu."""
    return at + 1 < len(free) and free[at + 1]


def _series(block: Block) -> HtmlElement | None:
    """What the block's like are counted in: dates in their place, bare figures on the whole page."""
    return _place(block) if any(map(is_date_word, block.words)) else None


def _place(block: Block) -> HtmlElement:
    """What the block's paragraph stands in; the element itself when its lines are only broken."""
    element = block.element
    return element.getparent() if element.tag == "p" and element.getparent() is not None else element


def _follows_prose(blocks: Sequence[Block], free: Sequence[bool], at: int, policy: Policy) -> bool:
    before = next((blocks[i] for i in range(at - 1, -1, -1) if free[i]), None)
    return (
        before is not None
        and _place(before) is _place(blocks[at])
        and len(before.letters) >= policy.min_restored_letters
    )


def _place_goes_on(blocks: Sequence[Block], free: Sequence[bool], at: int) -> bool:
    """Whether more text that may stay follows in the same place."""
    place = _place(blocks[at])
    after = (i for i in range(at + 1, len(blocks)) if free[i])
    following = next(after, None)
    return following is not None and any(node is place for node in _around(blocks[following].element))


def _around(element: HtmlElement) -> list[HtmlElement]:
    return [element, *element.iterancestors()]
