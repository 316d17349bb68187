"""The short lines of a page, first of all those near its headline: they say who wrote it and when."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.blocks import Block, linearise
from pipelines.normalize import clean_text, letters

# Lines looked at before and after the headline, and paragraphs of a story after which no byline comes.
_BEFORE, _AFTER, _PROSE = 8, 25, 3
_PROSE_LETTERS = 120
_MAX_LINE_CHARS = 300
# Without a headline to go by, so many first lines.
_FIRST = 40
_BESIDE = frozenset({"nav", "aside", "footer", "figcaption"})
_NAME_WORDS = re.compile(r"[a-z]+|[^\W\d_a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NAMING = ("class", "id", "itemprop", "rel", "data-testid", "data-component", "property")
_LEVELS = 3
_MAX_BLOCKS = 3_000
_MANY = 100
_MAX_NAME_CHARS = 500
_WIDE = frozenset({"body", "main", "article"})


@dataclass(frozen=True, slots=True)
class Line:
    """One short line of the page.

    `words` are those of the names mark-up gives its element and the boxes around it; `distance` is how many
    lines it stands below the headline (negative: above); `near`: between menu and story, where bylines are;
    `in_menu`: a menu or side box says the same; `repeated`: another line does.
    """

    text: str
    element: HtmlElement
    words: frozenset[str]
    distance: int
    near: bool
    in_menu: bool
    repeated: bool


def page_lines(root: HtmlElement, title: str | None) -> list[Line]:
    """Short lines of the page in reading order, without those of menus, side boxes and captions."""
    body = root.find("body")
    if body is None:
        return []
    blocks = linearise(body, {})
    at = _headline(blocks, letters(title or ""))
    first, last = (0, _FIRST) if at is None else (at - _BEFORE, _story(blocks, at))
    beside = [_is_beside(block.element) for block in blocks]
    menus = {block.letters for block, aside in zip(blocks, beside, strict=True) if aside}
    counts = Counter(block.letters for block in blocks)
    return [
        Line(
            text=_parted(block),
            element=block.element,
            words=names_of(block.element),
            distance=here - (at or 0),
            near=first <= here < last,
            in_menu=block.letters in menus,
            repeated=counts[block.letters] > 1,
        )
        for here, block in enumerate(blocks[:_MAX_BLOCKS])
        if here != at and len(block.text) <= _MAX_LINE_CHARS and not beside[here]
    ]


def _headline(blocks: Sequence[Block], title: str) -> int | None:
    """Index of the headline: a heading of the first rank that says it, else another block that does."""
    same = [at for at, block in enumerate(blocks) if title and block.letters == title]
    tops = [at for at in same if _is_top(blocks[at])]
    within = [at for at, b in enumerate(blocks) if b.kind == "heading" and title and title in b.letters]
    return next(iter(tops or same or within), None) or next(
        (at for at, block in enumerate(blocks) if _is_top(block)), None
    )


def _is_top(block: Block) -> bool:
    return block.element.tag == "h1" or next(block.element.iterancestors("h1"), None) is not None


def _story(blocks: Sequence[Block], headline: int) -> int:
    """Index of the block from which on the story is under way."""
    prose = 0
    for at in range(headline + 1, min(len(blocks), headline + _AFTER)):
        if blocks[at].kind == "paragraph" and len(blocks[at].letters) >= _PROSE_LETTERS:
            prose += 1
            if prose == _PROSE:
                return at
    return headline + _AFTER


def _parted(block: Block) -> str:
    """The block's text with a bar where style alone parts two elements ("Jane Roe" and "3 May")."""
    pieces: list[str] = []
    # An element of many lines is not read to its end for each: what is longer is not the block's text.
    room = 4 * len(block.text) + _MAX_LINE_CHARS
    for piece in block.element.itertext():
        room -= 1 + len(piece.strip())
        if room < 0:
            return block.text
        glued = pieces and pieces[-1][-1:].isalnum() and piece[:1].isalnum()
        pieces += [" | ", piece] if glued else [piece] if piece else []
    text = clean_text("".join(pieces))
    return text if letters(text) == block.letters else block.text


def names_of(element: HtmlElement) -> frozenset[str]:
    """Words of the names that mark-up gives the element and the boxes it stands in."""
    found = own_names(element)
    for level, ancestor in enumerate(element.iterancestors()):
        if level == _LEVELS or ancestor.tag in _WIDE:
            break
        found |= own_names(ancestor)
    return found


def own_names(element: HtmlElement) -> frozenset[str]:
    """Words of the names that mark-up gives the element itself."""
    said = " ".join(_CAMEL.sub("-", (element.get(key) or "")[:_MAX_NAME_CHARS]) for key in _NAMING)
    return frozenset(_NAME_WORDS.findall(said.lower()))


def _is_beside(element: HtmlElement) -> bool:
    return element.tag in _BESIDE or next(element.iterancestors(*_BESIDE), None) is not None
