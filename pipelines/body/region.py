"""Where on the page the body stands: the element that most of the chosen text is gathered below."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, takewhile

from lxml.html import HtmlElement

from pipelines.body.blocks import Block
from pipelines.policy import Policy

# Each level up is worth a little less, so that the lowest element that gathers the text wins.
_DECAY = (1.0, 0.9, 0.8)


def find_container(blocks: Sequence[Block]) -> HtmlElement | None:
    """The element that gathers most letters of `blocks`; None when there are none."""
    scores: dict[HtmlElement, float] = {}
    for block in blocks:
        element: HtmlElement | None = block.home
        for weight in _DECAY:
            if element is None:
                break
            scores[element] = scores.get(element, 0.0) + weight * len(block.letters)
            element = element.getparent()
    return max(scores, key=scores.__getitem__) if scores else None


def gathering(blocks: Sequence[Block], policy: Policy) -> HtmlElement | None:
    """The container of `blocks`, widened until it holds most of their letters: bodies have sections."""
    lowest = find_container(blocks)
    if lowest is None:
        return None
    around = [box for box in ancestors(lowest) if box.tag != "html"]
    known = {box: level for level, box in enumerate(around)}
    added = [0] * len(around)
    for block in blocks:
        added[_level(block.element, known)] += len(block.letters)
    enough = policy.min_container_share * sum(len(block.letters) for block in blocks)
    held = accumulate(added)
    return next((box for box, letters in zip(around, held, strict=True) if letters >= enough), around[-1])


def _level(element: HtmlElement, known: dict[HtmlElement, int]) -> int:
    """That of the nearest element around it that has one; remembered for all on the way there."""
    new = list(takewhile(lambda box: box not in known, ancestors(element)))
    level = known[new[-1].getparent() if new else element]
    known |= dict.fromkeys(new, level)
    return level


def ancestors(element: HtmlElement) -> Iterator[HtmlElement]:
    """The element itself and all around it."""
    yield element
    yield from element.iterancestors()


def are_inside(blocks: Sequence[Block], container: HtmlElement) -> list[bool]:
    """Whether each block stands anywhere below `container`: no climb for each, a page may be deep."""
    within = set(container.iter())
    return [block.element in within for block in blocks]


def is_inside(block: Block, container: HtmlElement) -> bool:
    """`are_inside` of one block."""
    return any(node is container for node in (block.element, *block.element.iterancestors(container.tag)))


def is_beside(block: Block, places: Collection[HtmlElement]) -> bool:
    """Whether the block is text of one of `places`, or in a box of its own right there."""
    place = block.home
    return place in places or place.getparent() in places


def captions(blocks: Sequence[Block], container: HtmlElement) -> set[int]:
    """Indices of blocks that are the only text of a box around a picture, the body itself excepted."""
    alone: dict[HtmlElement, list[int]] = {}
    for at, block in enumerate(blocks):
        if block.kind != "paragraph" or block.element.tag == "p":
            continue  # a box may hold a picture and the standfirst, an item its icon
        for steps, node in enumerate(ancestors(block.element)):
            if steps > 2 or node is container or node.tag == "body":
                break
            alone.setdefault(node, []).append(at)
    texts: dict[HtmlElement, int] = {}
    for block in blocks:
        for steps, node in enumerate(ancestors(block.element)):
            if steps > 2:
                break
            texts[node] = texts.get(node, 0) + 1
    return {
        found[0]
        for node, found in alone.items()
        if texts[node] == 1 and next(node.iter("img", "amp-img", "picture"), None) is not None
    }
