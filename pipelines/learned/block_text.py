"""What a block's own text tells without its words: size, shape, marks and links."""

from __future__ import annotations

import math

from pipelines.body.blocks import Block

Vector = list[float]

_ENDS = {**dict.fromkeys(".!?؟。！？۔।", 1), **dict.fromkeys(":：", 2), "…": 3}
_CLOSERS = "\"'”’»)]}›」』*"
_SENTENCE = frozenset(".!?؟。！？۔।")
_COMMAS = frozenset(",،、，؛;")
_SYMBOLS = frozenset("|»›/@#©→>•·<")


def text_features(block: Block) -> Vector:
    """In the order of `TEXT_FEATURES`."""
    text, size = block.text, len(block.letters)
    words = text.count(" ") + 1
    sentence = commas = symbols = digits = upper = quotes = 0
    for char in text:
        if char.isalpha():
            upper += char.isupper()
        elif char.isdigit():
            digits += 1
        elif char in _SENTENCE:
            sentence += 1
        elif char in _COMMAS:
            commas += 1
        elif char in _SYMBOLS:
            symbols += 1
        elif char in '"“”«»„「」':
            quotes += 1
    tail = text.rstrip(_CLOSERS).rstrip()
    end = 3 if tail.endswith("...") else _ENDS.get(tail[-1:], 0)
    first = text[0]
    start = 1 if first.islower() else 2 if first.isdigit() else 0 if first.isalpha() else 3
    return [
        math.log1p(size),
        float(words),
        size / words,
        block.link_share,
        block.bold / size,
        digits / size,
        upper / size,
        float(sentence),
        float(commas),
        (sentence + commas) / size,
        float(symbols),
        float(quotes),
        float(end),
        float(start),
        float(":" in text[:40]),
    ]


TEXT_FEATURES = (
    "log_letters words word_length link_share bold_share digit_share upper_share sentences commas "
    "punctuation symbols quotes end start colon"
).split()
