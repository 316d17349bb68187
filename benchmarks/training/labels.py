"""Which blocks of a page its gold asks for: the gold body aligned with the page's own blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.body.extract import Letters
from pipelines.normalize import letters

# Blocks this long are found at one place of a text; shorter ones only count between their neighbours.
ANCHOR_LETTERS = 25
_PIECE = 20
_SLACK = 3
_MARKERS = re.compile(r"^(?:[-*•–]|\d+[.)])\s+")


def body_shares(blocks: Sequence[str], body: str) -> list[float]:
    """Share of each block's letters that the gold body holds, 0..1; `blocks` are folded with `letters`."""
    gold = letters(body)
    whole = Letters(gold)
    shares = [0.0] * len(blocks)
    places: list[int | None] = [None] * len(blocks)
    cursor = 0
    for at, block in enumerate(blocks):
        if len(block) < ANCHOR_LETTERS:
            continue
        if (found := whole.find_ahead(block, cursor)) >= 0:
            shares[at], places[at], cursor = 1.0, found, found + len(block)
        else:
            shares[at], places[at] = _in_pieces(block, gold)
    paragraphs = {letters(_MARKERS.sub("", line.strip())) for line in body.split("\n")}
    for at, block in enumerate(blocks):
        if len(block) < ANCHOR_LETTERS and _between(at, blocks, places, gold, paragraphs):
            shares[at] = 1.0
    return shares


def _in_pieces(block: str, gold: str) -> tuple[float, int | None]:
    found = [gold.find(block[k : k + _PIECE]) for k in range(0, len(block) - _PIECE + 1, _PIECE)]
    hits = [place for place in found if place >= 0]
    share = len(hits) / len(found)
    return share, hits[0] if share >= 0.5 else None


def _between(
    at: int,
    blocks: Sequence[str],
    places: Sequence[int | None],
    gold: str,
    paragraphs: set[str],
) -> bool:
    """Whether a short block stands in the gold where its neighbours on the page stand."""
    block = blocks[at]
    before = next(((k, p) for k in range(at - 1, -1, -1) if (p := places[k]) is not None), None)
    after = next((p for k in range(at + 1, len(blocks)) if (p := places[k]) is not None), None)
    low = before[1] + len(blocks[before[0]]) if before else 0
    high = len(gold) if after is None else after
    if block in paragraphs:
        return low < high and block in gold[max(0, low - _SLACK) : high + _SLACK]
    tight = before is not None and after is not None and low <= high
    return tight and len(block) >= 4 and block in gold[max(0, low - _SLACK) : high + _SLACK]
