"""What a block's own text tells without its words: size, shape, marks and links."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.arrays import Floats, Ints
from pipelines.body.blocks import Block
from pipelines.learned.columns import Columns, log1p

_ENDS = {**dict.fromkeys(".!?؟。！？۔।", 1), **dict.fromkeys(":：", 2), "…": 3}
_CLOSERS = "\"'”’»)]}›」』*"
_MARKS = {
    "sentences": ".!?؟。！？۔।",
    "commas": ",،、，؛;",
    "symbols": "|»›/@#©→>•·<",
    "quotes": '"“”«„「」',
}
_COUNTED = ("other", "digits", "upper", *_MARKS)
# No character from here on is a digit or has an upper case: ideographs and private use.
_CASELESS = 0x20000


def text_columns(blocks: Sequence[Block], sizes: Ints, link_shares: Floats) -> Columns:
    """The columns of `TEXT_FEATURES`; `sizes` counts each block's letters."""
    texts = [block.text for block in blocks]
    counts = dict(zip(_COUNTED, _counts(texts).T, strict=True))
    starts = {first: _start(first) for first in {text[0] for text in texts}}
    words, bold, end, start, colon = np.array(
        [
            [text.count(" ") + 1 for text in texts],
            [block.bold for block in blocks],
            [0 if text[-1].isalnum() else _end(text) for text in texts],
            [starts[text[0]] for text in texts],
            [":" in text[:40] for text in texts],
        ]
    )
    return {
        "log_letters": log1p(sizes),
        "words": words,
        "word_length": sizes / words,
        "link_share": link_shares,
        "bold_share": bold / sizes,
        "digit_share": counts["digits"] / sizes,
        "upper_share": counts["upper"] / sizes,
        "sentences": counts["sentences"],
        "commas": counts["commas"],
        "punctuation": (counts["sentences"] + counts["commas"]) / sizes,
        "symbols": counts["symbols"],
        "quotes": counts["quotes"],
        "end": end,
        "start": start,
        "colon": colon,
    }


def _counts(texts: Sequence[str]) -> Ints:
    """(texts x `_COUNTED`): characters of each sort, but for others, which are not counted."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    sorts = _sorts().take(codes, mode="clip")
    found = np.flatnonzero(sorts)
    ends = np.cumsum([len(text) for text in texts])
    cells = np.searchsorted(ends, found, side="right") * len(_COUNTED) + sorts[found]
    counts = np.bincount(cells, minlength=len(texts) * len(_COUNTED))
    return counts.reshape(len(texts), len(_COUNTED))


@cache
def _sorts() -> NDArray[np.uint8]:
    """By code point, the place in `_COUNTED`."""
    sorts = np.zeros(_CASELESS + 1, dtype=np.uint8)
    for code in range(_CASELESS):
        char = chr(code)
        if char.isdigit():
            sorts[code] = 1
        elif char.isupper() and char.isalpha():
            sorts[code] = 2
    for at, chars in enumerate(_MARKS.values()):
        sorts[[ord(char) for char in chars]] = at + 3
    return sorts


def _end(text: str) -> int:
    tail = text.rstrip(_CLOSERS).rstrip()
    return 3 if tail.endswith("...") else _ENDS.get(tail[-1:], 0)


def _start(first: str) -> int:
    return 1 if first.islower() else 2 if first.isdigit() else 0 if first.isalpha() else 3


TEXT_FEATURES = (
    "log_letters words word_length link_share bold_share digit_share upper_share sentences commas "
    "punctuation symbols quotes end start colon"
).split()
