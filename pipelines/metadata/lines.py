"""The short lines of a page, first of all those near its headline: they say who wrote it and when."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

from pipelines.body.blocks import INLINE, Block
from pipelines.normalize import clean_text, letters
from pipelines.page.outline import Outline

# Lines looked at before and after the headline, and paragraphs of a story after which no byline comes.
_BEFORE, _AFTER, _PROSE = 8, 25, 3
_PROSE_LETTERS = 120
_MAX_LINE_CHARS = 300
# Without a headline to go by, so many first lines.
_FIRST = 40
_BESIDE = frozenset({"nav", "aside", "footer", "figcaption"})
_NAME_WORDS = re.compile(r"[a-z]+|[^\W\d_a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# What names an element beside its class and id.
_RARE = ("itemprop", "rel", "data-testid", "data-component", "property")
_NOTHING: frozenset[str] = frozenset()
_LEVELS = 3
_PARTED = 2
_MAX_BLOCKS = 3_000
_MAX_NAME_CHARS = 500
_WIDE = frozenset({"body", "main", "article"})


@dataclass(slots=True)
class Line:
    """One short line of the page.

    `at` is the number of its element in the outline of `names`; `distance` is how many lines it stands below
    the headline (negative: above); `near`: between menu and story, where bylines are; `in_menu`: a menu or
    side box says the same; `repeated`: another line does.
    """

    text: str
    at: int
    names: Names
    distance: int
    near: bool
    in_menu: bool
    repeated: bool

    @property
    def words(self) -> frozenset[str]:
        """Words of the names of the element and the boxes around it."""
        return self.names.around(self.at)

    @property
    def element(self) -> HtmlElement:
        """The innermost block-level element around it."""
        return self.names.outline.elements[self.at]


def page_lines(outline: Outline, blocks: Sequence[Block], title: str | None) -> list[Line]:
    """Short lines of the page in reading order, without those of menus, side boxes and captions.

    `blocks` are those of the whole body, in the order of the page.
    """
    numbers = [outline.numbers[block.element] for block in blocks]
    at = _headline(blocks, _below(outline, ("h1",)), numbers, letters(title or ""))
    first, last = (0, _FIRST) if at is None else (at - _BEFORE, _story(blocks, at))
    within = _below(outline, _BESIDE)
    beside = [within[number] for number in numbers]
    shared = _shared(outline, numbers)
    menus = {block.letters for block, aside in zip(blocks, beside, strict=True) if aside}
    counts = Counter([block.letters for block in blocks])
    names = Names(outline)
    return [
        Line(
            text=block.text if shared[here] else _parted(block, outline, numbers[here]),
            at=numbers[here],
            names=names,
            distance=here - (at or 0),
            near=first <= here < last,
            in_menu=block.letters in menus,
            repeated=counts[block.letters] > 1,
        )
        for here, block in enumerate(blocks[:_MAX_BLOCKS])
        if here != at and len(block.text) <= _MAX_LINE_CHARS and not beside[here]
    ]


def _below(outline: Outline, tags: Collection[str]) -> bytearray:
    """1 for each element that has one of the tags or stands below one that has."""
    marked = bytes(map(tags.__contains__, outline.tags))
    found = bytearray(len(marked))
    at = marked.find(1)
    while at >= 0:
        end = outline.ends[at]
        found[at:end] = b"\1" * (end - at)
        at = marked.find(1, end)
    return found


def _headline(blocks: Sequence[Block], top: bytearray, numbers: Sequence[int], title: str) -> int | None:
    """Index of the headline: a heading of the first rank that says it, else another block that does."""
    tops = [at for at, number in enumerate(numbers) if top[number]]
    same = [at for at, block in enumerate(blocks) if block.letters == title] if title else []
    within = (
        [at for at, b in enumerate(blocks) if b.kind == "heading" and title in b.letters] if title else []
    )
    said = [at for at in same if top[numbers[at]]] or same or within
    return next(iter(said), None) or next(iter(tops), None)


def _story(blocks: Sequence[Block], headline: int) -> int:
    """Index of the block from which on the story is under way."""
    prose = 0
    for at in range(headline + 1, min(len(blocks), headline + _AFTER)):
        if blocks[at].kind == "paragraph" and len(blocks[at].letters) >= _PROSE_LETTERS:
            prose += 1
            if prose == _PROSE:
                return at
    return headline + _AFTER


def _shared(outline: Outline, numbers: Sequence[int]) -> list[bool]:
    """Whether the element of a block holds another block, too: in document order, one beside it."""
    ends = [outline.ends[number] for number in numbers]
    beside = zip(numbers, ends, (-1, *numbers), (*numbers[1:], -1), strict=False)
    return [at <= before < end or at <= after < end for at, end, before, after in beside]


def _parted(block: Block, outline: Outline, at: int) -> str:
    """The block's text with a bar where style alone parts two elements ("Jane Roe" and "3 May")."""
    if outline.ends[at] == at + 1:
        return block.text
    pieces: list[str] = []
    said = 0
    # Scripts and drawings are no text: what is longer than the block's is not read to its end.
    room = 4 * len(block.text) + _MAX_LINE_CHARS
    for piece in _texts(outline, at):
        length = len(piece.strip())
        room -= 1 + length
        if room < 0:
            return block.text
        said += length > 0
        pieces.append(piece)
    if said < _PARTED:
        return block.text
    parted = list(_with_bars(pieces))
    if len(parted) == len(pieces) and INLINE.issuperset(outline.tags[at + 1 : outline.ends[at]]):
        return block.text  # the very pieces that the block was made of
    text = clean_text("".join(parted))
    return text if text == block.text or letters(text) == block.letters else block.text


def _texts(outline: Outline, at: int) -> Iterator[str]:
    """What `itertext` gives of an element, but for what is empty; many times faster."""
    texts, tails, ends = outline.texts, outline.tails, outline.ends
    end = ends[at]
    opened: list[int] = []
    for number in range(at, end):
        while opened and ends[opened[-1]] <= number:
            if tail := tails[opened.pop()]:
                yield tail
        if text := texts[number]:
            yield text
        if number > at:
            opened.append(number)
    for number in reversed(opened):
        if tail := tails[number]:
            yield tail


def _with_bars(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces with a bar between two that meet in the middle of a word."""
    last = ""
    for piece in pieces:
        if last.isalnum() and piece[0].isalnum():
            yield " | "
        yield piece
        last = piece[-1]


class Names:
    """Words of the names that mark-up gives the elements of a page; elements by their number in `outline`."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._own: dict[int, frozenset[str]] = {}
        self._around: dict[int, frozenset[str]] = {}

    def own(self, at: int) -> frozenset[str]:
        """Those of the element itself."""
        known = self._own.get(at)
        if known is None:
            known = self._own[at] = self._own_of(at)
        return known

    def _own_of(self, at: int) -> frozenset[str]:
        name, called = self.outline.classes[at], self.outline.ids[at]
        found = _words_in(name[:_MAX_NAME_CHARS]) if name else _NOTHING
        if called:
            found |= _words_in(called[:_MAX_NAME_CHARS])
        get = self.outline.elements[at].get
        for key in _RARE:
            if name := get(key):
                found |= _words_in(name[:_MAX_NAME_CHARS])
        return found

    def around(self, at: int) -> frozenset[str]:
        """Those of the element and of the boxes it stands in."""
        known = self._around.get(at)
        if known is None:
            known = self._around[at] = self._around_of(at)
        return known

    def _around_of(self, at: int) -> frozenset[str]:
        parents, tags = self.outline.parents, self.outline.tags
        found = self.own(at)
        for _ in range(_LEVELS):
            at = parents[at]
            if at < 0 or tags[at] in _WIDE:
                break
            found |= self.own(at)
        return found


# A site gives the same few hundred names on all its pages.
@lru_cache(maxsize=512)
def _words_in(name: str) -> frozenset[str]:
    return frozenset(_NAME_WORDS.findall(_CAMEL.sub("-", name).lower()))
