"""How blocks agree with what their page states about its article: headline, description, body."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from pipelines.arrays import Floats
from pipelines.body.blocks import Block
from pipelines.body.boilerplate import Known
from pipelines.learned.columns import Columns

_LONG_WORD = re.compile(r"\S{4}")
_LONG = 4


def stated_columns(blocks: Sequence[Block], known: Known, kept_letters: int) -> Columns:
    """The columns of `STATED_FEATURES`; `kept_letters` counts those of the blocks the rules keep."""
    shared, of_title = _titled([block.text for block in blocks], known.title_words)
    found: Columns = {
        "title_words": shared,
        "of_title_words": of_title,
        "in_description": 0.0,
        "in_stated_body": -1.0,
        "stated_body_ratio": -99.0,
    }
    if description := known.description:
        found["in_description"] = np.array(
            [
                it in description if len(it) <= len(description) else description in it
                for it in [block.letters for block in blocks]
            ]
        )
    if body := known.article_body:
        found["in_stated_body"] = np.array([block.letters in body for block in blocks])
        found["stated_body_ratio"] = math.log1p(len(body)) - math.log1p(kept_letters)
    return found


def _titled(texts: Sequence[str], title_words: frozenset[str]) -> tuple[Floats, Floats]:
    """Shares of each text's long words and of the headline's that are common to both; -1 of none."""
    shared = np.array(
        [
            # More letters than as many words of three have, or else searched for.
            0.0 if len(text) >= _LONG * (text.count(" ") + 1) or _LONG_WORD.search(text.casefold()) else -1.0
            for text in texts
        ]
    )
    of_title = np.full(len(texts), 0.0 if title_words else -1.0)
    for at in _holding_any(texts, title_words):
        parts = texts[at].casefold().split()
        if not title_words.isdisjoint(parts):
            words = set(parts)
            common = len(words & title_words)
            shared[at] = common / len([word for word in words if len(word) >= _LONG])
            of_title[at] = common / len(title_words)
    return shared, of_title


def _holding_any(texts: Sequence[str], words: frozenset[str]) -> set[int]:
    """Numbers of the texts that hold one of these folded words, or a word that it is part of."""
    # Few blocks share a word with the headline: all are searched at once, and only those few are split.
    raw = "\n".join(texts)
    joined = raw.casefold()
    if len(joined) != len(raw):  # a letter became two
        texts = [text.casefold() for text in texts]
    ends = list(accumulate([len(text) + 1 for text in texts]))
    found: set[int] = set()
    for word in words:
        at = joined.find(word)
        while at >= 0:
            number = bisect_right(ends, at)
            found.add(number)
            at = joined.find(word, ends[number])
    return found


STATED_FEATURES = "title_words of_title_words in_description in_stated_body stated_body_ratio".split()
