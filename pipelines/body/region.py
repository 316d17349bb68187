"""Where on the page the body stands: the element that most of the chosen text is gathered below."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate

from lxml.html import HtmlElement

from pipelines.body.blocks import Block
from pipelines.policy import Policy

# Each level up is worth a little less, so that the lowest element that gathers the text wins.
_DECAY = (1.0, 0.9, 0.8)
# A caption stands this near to its picture.
_CAPTION_LEVELS = 3
_PICTURES = frozenset({"img", "amp-img", "picture"})


def find_container(blocks: Sequence[Block]) -> HtmlElement | None:
    """The element that gathers most letters of `blocks`; None when there are none."""
    if not blocks:
        return None
    outline = blocks[0].places.outline
    numbers, parents = outline.numbers, outline.parents
    scores: dict[int, float] = {}
    for block in blocks:
        at = numbers[block.home]
        length = len(block.letters)
        for weight in _DECAY:
            if at < 0:
                break
            scores[at] = scores.get(at, 0.0) + weight * length
            at = parents[at]
    return outline.elements[max(scores, key=scores.__getitem__)]


def gathering(blocks: Sequence[Block], policy: Policy) -> HtmlElement | None:
    """The container of `blocks`, widened until it holds most of their letters: bodies have sections."""
    lowest = find_container(blocks)
    if lowest is None:
        return None
    outline = blocks[0].places.outline
    around = []
    at = outline.numbers[lowest]
    while at >= 0:
        if outline.tags[at] != "html":
            around.append(at)
        at = outline.parents[at]
    # Each box stands in the next: a block's is the innermost that begins before it and ends behind it.
    starts = around[::-1]
    ends = [outline.ends[at] for at in around]
    added = [0] * len(around)
    for block in blocks:
        number = block.number
        begun = len(starts) - bisect_right(starts, number)
        added[max(begun, bisect_right(ends, number))] += len(block.letters)
    enough = policy.min_container_share * sum(added)
    held = accumulate(added)
    box = next((box for box, letters in zip(around, held, strict=True) if letters >= enough), around[-1])
    return outline.elements[box]


def ancestors(element: HtmlElement) -> Iterator[HtmlElement]:
    """The element itself and all around it."""
    yield element
    yield from element.iterancestors()


def are_inside(blocks: Sequence[Block], container: HtmlElement) -> list[bool]:
    """Whether each block stands anywhere below `container`: no climb for each, a page may be deep."""
    if not blocks:
        return []
    outline = blocks[0].places.outline
    first = outline.numbers[container]
    end = outline.ends[first]
    return [first <= block.number < end for block in blocks]


def is_inside(block: Block, container: HtmlElement) -> bool:
    """`are_inside` of one block."""
    return any(node is container for node in (block.element, *block.element.iterancestors(container.tag)))


def is_beside(block: Block, places: Collection[HtmlElement]) -> bool:
    """Whether the block is text of one of `places`, or in a box of its own right there."""
    place = block.home
    return place in places or place.getparent() in places


def captions(blocks: Sequence[Block], container: HtmlElement) -> set[int]:
    """Indices of blocks that are the only text of a box around a picture, the body itself excepted."""
    if not blocks:
        return set()
    outline = blocks[0].places.outline
    parents, tags, ends = outline.parents, outline.tags, outline.ends
    top = outline.numbers[container]
    pictures = outline.all(*_PICTURES)
    if not pictures:
        return set()
    alone: dict[int, int] = {}  # of boxes, the only such block in each, -1 of several
    for at, block in enumerate(blocks):
        node = block.number
        if block.kind != "paragraph" or tags[node] == "p":
            continue  # a box may hold a picture and the standfirst, an item its icon
        for _ in range(_CAPTION_LEVELS):
            if node in (-1, top) or tags[node] == "body":
                break
            alone[node] = -1 if node in alone else at
            node = parents[node]
    texts = {
        node: 0
        for node, found in alone.items()
        if found >= 0 and bisect_left(pictures, node) < bisect_left(pictures, ends[node])
    }
    _count_texts(blocks, texts)
    return {alone[node] for node, count in texts.items() if count == 1}


def _count_texts(blocks: Sequence[Block], texts: dict[int, int]) -> None:
    """Add to each box in `texts` the number of blocks that stand so near below it."""
    for block in blocks if texts else ():
        node, parents = block.number, block.places.outline.parents
        for _ in range(_CAPTION_LEVELS):
            if node in texts:
                texts[node] += 1
            elif node < 0:
                break
            node = parents[node]
