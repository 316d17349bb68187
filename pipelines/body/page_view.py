"""What a page shows site memory: its template, and every block in and around its body.

Seen as if nothing were known of the site: what memory cuts goes on being counted, or it would be forgotten.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipelines.body.blocks import Block
from pipelines.body.boilerplate import Cut
from pipelines.body.region import are_inside, gathering
from pipelines.body.site_memory import MEMORY_RULE, block_key, folded, near_place, place_path, short_hash
from pipelines.policy import Policy
from pipelines.records import PageView

# The page's own words wherever they stand, and none of them a paragraph between two edges of the body.
_PAGES_OWN = frozenset({"headline", "byline", "caption"})
_PACKED = struct.Struct(">QIHB")
_MOST_LETTERS = 0xFFFF
_LINKED, _INSIDE = 1, 2


class Mark(NamedTuple):
    """A block as site memory counts it; `place` stands for what it is a text of, `inside` for the body."""

    key: int
    place: int
    letters: int
    linked: bool
    inside: bool


def pack(marks: Iterable[Mark]) -> bytes:
    """The marks in 15 bytes each."""
    return b"".join(
        _PACKED.pack(
            mark.key,
            mark.place,
            min(mark.letters, _MOST_LETTERS),
            mark.linked * _LINKED | mark.inside * _INSIDE,
        )
        for mark in marks
    )


def unpack(packed: bytes) -> list[Mark]:
    """What was packed."""
    return [
        Mark(key, place, letters, bool(flags & _LINKED), bool(flags & _INSIDE))
        for key, place, letters, flags in _PACKED.iter_unpack(packed)
    ]


def view_of(
    blocks: Sequence[Block], voted: Sequence[bool], cuts: Sequence[Cut | None], policy: Policy
) -> PageView | None:
    """What the page shows; None when no place of it holds a body."""
    unknown = [None if cut and cut.rule == MEMORY_RULE else cut for cut in cuts]
    chosen = [block for block, vote, cut in zip(blocks, voted, unknown, strict=True) if vote and not cut]
    container = gathering(chosen, policy)
    if container is None:
        return None
    around = container if container.tag == "body" else container.getparent()
    near = are_inside(blocks, around)
    seen = [
        block
        for block, cut, is_near in zip(blocks, unknown, near, strict=True)
        if block.furniture or not (cut and cut.reason in _PAGES_OWN)
        # Menus are links. Prose counts wherever it stands: it may be taken for the body of a short article.
        if block.link_share <= policy.max_link_share or is_near
    ]
    inside = are_inside(seen, container)
    start = max(0, inside.index(True) - policy.memory_max_page_blocks // 4)
    stretch = slice(start, start + policy.memory_max_page_blocks)
    marks = [_mark(block, here, policy) for block, here in zip(seen[stretch], inside[stretch], strict=True)]
    headline = next(
        (block for block, cut in zip(blocks, cuts, strict=True) if cut and cut.reason == "headline"), None
    )
    return PageView(
        body=place_path(container),
        headline=place_path(headline.element) if headline else None,
        marks=pack(marks),
    )


def _mark(block: Block, inside: bool, policy: Policy) -> Mark:
    return Mark(
        key=block_key(block, policy),
        place=short_hash(near_place(block.home), 4),
        letters=len(folded(block, policy)),
        linked=bool(block.furniture) or block.link_share > policy.max_link_share,
        inside=inside,
    )
