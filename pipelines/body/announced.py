"""What a heading announces: the text of a small box whose heading is boilerplate."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.body.blocks import Block
from pipelines.body.region import ancestors
from pipelines.policy import Policy

# An element that is the page's own or an article's is no box in it.
_WHOLE = frozenset({"body", "main", "article"})


def find_announced(
    blocks: Sequence[Block], heads: Sequence[int], free: Sequence[bool], policy: Policy
) -> dict[int, int]:
    """Index of each announced block -> index of its heading; `free` blocks are those no rule cut.

    The heading is the first text of its box, and the box holds no more than one paragraph.
    """
    found: dict[int, int] = {}
    for head in heads:
        inside = _box(blocks, head)
        rest = [at for at in inside if free[at]]
        letters = [len(blocks[at].letters) for at in rest]
        paragraphs = sum(count >= policy.min_restored_letters for count in letters)
        if rest and paragraphs < 2 and sum(letters) <= policy.max_box_letters:
            found |= dict.fromkeys(rest, head)
    return found


def _box(blocks: Sequence[Block], head: int) -> range:
    """The blocks after the heading in the nearest element that begins with it and holds more."""
    if head + 1 == len(blocks):
        return range(0)
    before = set(ancestors(blocks[head - 1].element)) if head else set()
    after = set(ancestors(blocks[head + 1].element))
    for box in blocks[head].element.iterancestors():
        if box.tag in _WHOLE or box in before:
            break
        if box in after:
            within = set(box.iter())
            rest = range(head + 1, len(blocks))
            return range(head + 1, next((at for at in rest if blocks[at].element not in within), len(blocks)))
    return range(0)
