"""Where on the page the body stands: the element that most of the chosen text is gathered below."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, takewhile

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
    alone: dict[int, list[int]] = {}
    for at, block in enumerate(blocks):
        node = block.number
        if block.kind != "paragraph" or tags[node] == "p":
            continue  # a box may hold a picture and the standfirst, an item its icon
        for _ in range(_CAPTION_LEVELS):
            if node in (-1, top) or tags[node] == "body":
                break
            alone.setdefault(node, []).append(at)
            node = parents[node]
    texts = dict.fromkeys(alone, 0)
    for block in blocks:
        node = block.number
        for _ in range(_CAPTION_LEVELS):
            if node in texts:
                texts[node] += 1
            elif node < 0:
                break
            node = parents[node]
    return {
        found[0]
        for node, found in alone.items()
        if texts[node] == 1 and not _PICTURES.isdisjoint(tags[node : ends[node]])
    }
