"""Which blocks trafilatura takes for the body: its output is aligned with the page's own blocks.

trafilatura rebuilds the text and loses characters on the way (every U+200C, for one). It is therefore a voter
here and not a source: each line of its output marks the letters of the page that it came from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy

import trafilatura
from lxml.html import HtmlElement
from trafilatura.settings import Document

from pipelines.body.blocks import Block
from pipelines.normalize import letters
from pipelines.page.outline import Outline

# Lines this long are found at one place only; shorter ones are looked for between them.
_ANCHOR_LETTERS = 30
# Letters that are looked through for all lines together: lines that stand nowhere on a page of megabytes
# would cost its square.
_MOST_SEARCHED = 1_000_000_000
# The largest real page measured has 12,812.
_MANY_ELEMENTS = 15_000


def trafilatura_lines(root: HtmlElement) -> list[str]:
    """Lines of trafilatura's body text for the tree, without comments; [] when it finds none."""
    # Its second opinions take the square of the paragraphs.
    many = sum(1 for _ in root.iter()) > _MANY_ELEMENTS
    document = trafilatura.bare_extraction(
        root, fast=many, include_comments=False, include_tables=True, with_metadata=False
    )
    if not isinstance(document, Document) or not document.text:
        return []
    return [line for line in document.text.split("\n") if line.strip()]


def pruned_copy(outline: Outline, furniture: Collection[int]) -> HtmlElement:
    """A copy of the tree without its furniture (by number): what the extractor is asked about."""
    twin = deepcopy(outline.elements[0])
    elements = list(twin.iter())
    end = 0
    for number in sorted(furniture):
        if number >= end:  # else it went with what it stands in
            elements[number].drop_tree()
            end = outline.ends[number]
    return twin


def votes(blocks: Sequence[Block], lines: Sequence[str]) -> list[float]:
    """Share of each block's letters that some line of the extractor's output came from, 0..1.

    Furniture was not shown to the extractor, so it gets no vote: a hidden copy of the article is none.

    Long lines are placed first; a short line only counts between the places of its neighbours, so that
    a word of the menu is not taken for the same word of the body.
    """
    page = Letters("".join(block.letters for block in blocks if not block.furniture))
    covered = bytearray(len(page.text))
    folded = [letters(line) for line in lines]
    places: list[int | None] = [None] * len(folded)
    cursor = 0
    for index, line in enumerate(folded):
        if len(line) < _ANCHOR_LETTERS:
            continue
        if (at := page.find_ahead(line, cursor)) >= 0:
            _cover(covered, at, len(line))
            places[index], cursor = at, at + len(line)
        else:
            cursor = _cover_pieces(page, covered, line, cursor)
            places[index] = cursor
    _place_short_lines(page, covered, folded, places)
    shares: list[float] = []
    start = 0
    for block in blocks:
        if block.furniture:
            shares.append(0.0)
            continue
        end = start + len(block.letters)
        shares.append(sum(covered[start:end]) / len(block.letters))
        start = end
    return shares


class Letters:
    """The letters of a page, which are looked through so often and no more."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._left = _MOST_SEARCHED

    def find(self, part: str, start: int = 0, end: int | None = None) -> int:
        """As `str.find`; -1 when enough was searched."""
        if self._left < 0:
            return -1
        at = self.text.find(part, start, end)
        stop = len(self.text) if end is None else end
        self._left -= max(0, (stop if at < 0 else at) - start)
        return at

    def find_ahead(self, part: str, cursor: int) -> int:
        """Where `part` stands, from the cursor on if it does; -1 when nowhere."""
        at = self.find(part, cursor)
        return at if at >= 0 else self.find(part)


def _cover(covered: bytearray, at: int, length: int) -> None:
    covered[at : at + length] = b"\x01" * length


def _cover_pieces(page: Letters, covered: bytearray, line: str, cursor: int) -> int:
    """Cover a line that does not stand in the page in one piece, since something was cut from it."""
    for start in range(0, len(line) - _ANCHOR_LETTERS + 1, _ANCHOR_LETTERS):
        piece = line[start : start + _ANCHOR_LETTERS]
        at = page.find(piece, cursor)
        if at >= 0:
            _cover(covered, at, len(piece))
            cursor = at + len(piece)
    return cursor


def _place_short_lines(
    page: Letters, covered: bytearray, folded: Sequence[str], places: Sequence[int | None]
) -> None:
    previous_end = 0
    following: list[int] = []
    limit = len(page.text)
    for index in range(len(folded) - 1, -1, -1):
        place = places[index]
        if place is not None and place <= limit:
            limit = place
        following.append(limit)
    following.reverse()
    for index, line in enumerate(folded):
        place = places[index]
        if place is not None:
            previous_end = (
                max(previous_end, place + len(line)) if page.text.startswith(line, place) else place
            )
        elif line:
            at = page.find(line, previous_end, max(following[index], previous_end))
            if at >= 0:
                _cover(covered, at, len(line))
                previous_end = at + len(line)
