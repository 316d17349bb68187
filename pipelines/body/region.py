"""Where on the page the body stands: the element that most of the chosen text is gathered below."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from lxml.html import HtmlElement

from pipelines.body.blocks import HEADINGS, INLINE, Block
from pipelines.policy import Policy

# Parts of a text, not places of a page: a list item's home is what the list stands in.
_TEXT_PARTS = INLINE | frozenset(
    [
        "p",
        *HEADINGS,
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "pre",
        "table",
        "tbody",
        "thead",
        "tr",
        "td",
        "th",
        "figure",
    ]
)
# Each level up is worth a little less, so that the lowest element that gathers the text wins.
_DECAY = (1.0, 0.9, 0.8)


def home(block: Block) -> HtmlElement:
    """The nearest element around the block that is a place and not a part of a text."""
    element = block.element
    while element.tag in _TEXT_PARTS and element.getparent() is not None:
        # A layout table holds text and no paragraph: its cell is the place.
        if element.tag in ("td", "th") and element is block.element:
            break
        element = element.getparent()
    return element


def find_container(blocks: Sequence[Block]) -> HtmlElement | None:
    """The element that gathers most letters of `blocks`; None when there are none."""
    scores: dict[HtmlElement, float] = {}
    for block in blocks:
        element: HtmlElement | None = home(block)
        for weight in _DECAY:
            if element is None:
                break
            scores[element] = scores.get(element, 0.0) + weight * len(block.letters)
            element = element.getparent()
    return max(scores, key=scores.__getitem__) if scores else None


def gathering(blocks: Sequence[Block], policy: Policy) -> HtmlElement | None:
    """The container of `blocks`, widened until it holds most of their letters: bodies have sections."""
    container = find_container(blocks)
    total = sum(len(block.letters) for block in blocks)
    while container is not None and container.tag != "body":
        held = sum(len(block.letters) for block in blocks if is_inside(block, container))
        if held >= policy.min_container_share * total:
            break
        container = container.getparent()
    return container


def ancestors(element: HtmlElement) -> Iterator[HtmlElement]:
    """The element itself and all around it."""
    node: HtmlElement | None = element
    while node is not None:
        yield node
        node = node.getparent()


def is_inside(block: Block, container: HtmlElement) -> bool:
    """Whether the block stands anywhere below `container`."""
    return any(node is container for node in ancestors(block.element))


def is_beside(block: Block, places: Collection[HtmlElement]) -> bool:
    """Whether the block is text of one of `places`, or in a box of its own right there."""
    place = home(block)
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
