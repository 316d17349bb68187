"""The page as a flat list of text blocks in reading order, each knowing where it stood.

A block is the text between two block-level boundaries, taken character by character from the page:
whatever is decided later, a kept block is the page's own text. Everything after this module
decides about blocks and never edits their text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.block import Block
from pipelines.body.paths import Paths
from pipelines.body.sorts import (
    ASIDE,
    BLOCK,
    BOLD,
    BREAK,
    CELL,
    CELLS,
    HEADINGS,
    IN_LINE,
    INLINE,
    INVISIBLE,
    KINDS,
    LINES,
    SORTS,
    TEXT_PARTS,
    TRANSPARENT,
    UNSEEN,
)
from pipelines.normalize import clean_text, letters
from pipelines.page.outline import Outline

__all__ = ["HEADINGS", "INLINE", "INVISIBLE", "Block", "Walk", "body_number", "linearise"]


def body_number(outline: Outline) -> int:
    """Number of the page's <body>; the outline may be of the body alone."""
    root = outline.elements[0]
    return 0 if root.tag == "body" else outline.numbers[root.find("body")]


class Walk:
    """The page's text from <body> down, cut into blocks with any furniture; no text is folded twice."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.places = Paths(outline)
        self.body = body_number(outline)
        self.sorts = [SORTS.get(tag, BLOCK) for tag in outline.tags]
        self._lines = [at for at, tag in enumerate(outline.tags) if tag in LINES]
        self._folded: dict[str, tuple[str, str]] = {}
        self._plain: list[Block] | None = None

    def blocks(self, furniture: Mapping[int, str], start: int | None = None) -> list[Block]:
        """Blocks in document order; those below an element of `furniture` (by number) carry its rule.

        With `start` only those of that element, as if nothing stood around it. Lists may share blocks.
        """
        if start is not None:
            return _Linearizer(self, furniture).walk(start)
        if self._plain is None:
            self._plain = _Linearizer(self, {}).walk(self.body)
        return self._marked(self._plain, furniture) if furniture else list(self._plain)

    def _marked(self, plain: list[Block], furniture: Mapping[int, str]) -> list[Block]:
        """The blocks of a page without furniture as they are with it; what it parts is walked again."""
        parts = self._parts(furniture)
        starts = [start for start, _, _ in parts]
        found: list[Block] = []
        walked = -1
        for block in plain:
            part = bisect_right(starts, block.number) - 1
            if part < 0 or block.number >= parts[part][1]:
                found.append(block.copy(len(found), None) if block.order != len(found) else block)
            elif rule := parts[part][2]:
                found.append(block.copy(len(found), rule))
            elif part != walked:
                walked = part
                again = _Linearizer(self, furniture, len(found))
                again.stand_in(starts[part])
                found += again.walk(starts[part])
        return found

    def _parts(self, furniture: Mapping[int, str]) -> list[tuple[int, int, str | None]]:
        """Number, end and rule of the outermost boxes that are furniture, and those with furniture in a line.

        The latter have no rule.
        """
        parents, ends = self.outline.parents, self.outline.ends
        found: list[tuple[int, int, str | None]] = []
        end = 0
        for at, rule in sorted(furniture.items()):
            if at < end or (sort := self.sort(at)) in (UNSEEN, BREAK, CELL):
                continue
            end = ends[at]
            if sort == BLOCK:
                found.append((at, end, rule))
                continue
            box = parents[at]
            while self.sort(box) != BLOCK:
                box = parents[box]
            while found and found[-1][0] >= box:
                found.pop()
            end = ends[box]
            found.append((box, end, None))
        return found

    def sort(self, at: int) -> int:
        """What an element is to the text around it: a cell with lines of its own is a box."""
        sort = self.sorts[at]
        return BLOCK if sort == CELL and not self.is_line(at) else sort

    def folded(self, text: str) -> tuple[str, str]:
        """`clean_text` of a text and its `letters`."""
        known = self._folded.get(text)
        if known is None:
            cleaned = clean_text(text)
            known = self._folded[text] = (cleaned, letters(cleaned))
        return known

    def is_line(self, cell: int) -> bool:
        """Whether a table cell holds no lines of its own."""
        following = bisect_right(self._lines, cell)
        return following == len(self._lines) or self._lines[following] >= self.outline.ends[cell]


@dataclass(slots=True)
class _Open:
    """An element whose end was not reached, and what held outside of it."""

    end: int
    number: int
    sort: int
    link: bool
    bold: bool
    inside: tuple[int, int, str, str | None] | None = None
    runs: tuple[list[str], list[str], list[str]] | None = None


class _Linearizer:
    """One walk over the tree; the open runs of text become a block at each boundary."""

    def __init__(self, page: Walk, furniture: Mapping[int, str], first: int = 0) -> None:
        self.first = first
        self.page = page
        self.outline = page.outline
        self.furniture = furniture
        self.blocks: list[Block] = []
        self.open: list[_Open] = []
        self.link = False
        self.bold = False
        self.element = page.body
        self.place = page.body
        self.kind = "paragraph"
        self.rule: str | None = None
        self._reset()

    def _reset(self) -> None:
        self.runs: list[str] = []
        self.linked: list[str] = []
        self.bolded: list[str] = []

    def add(self, run: str | None) -> None:
        # White space begins no block.
        if run and (self.runs or not run.isspace()):
            self.runs.append(run)
            if self.link:
                self.linked.append(run)
            if self.bold:
                self.bolded.append(run)

    def close(self) -> None:
        """End the open block, if it holds a letter."""
        if not self.runs:
            return
        joined = "".join(self.runs)
        text, folded = self.page.folded(joined)
        if folded:
            elements = self.outline.elements
            # A layout table holds text and no paragraph: its cell is the place.
            is_cell = self.outline.tags[self.element] in CELLS
            self.blocks.append(
                Block(
                    order=self.first + len(self.blocks),
                    kind=self.kind,
                    element=elements[self.element],
                    home=elements[self.element if is_cell else self.place],
                    text=text,
                    letters=folded,
                    links=self._count(self.linked, joined, folded) if self.linked else 0,
                    bold=self._count(self.bolded, joined, folded) if self.bolded else 0,
                    furniture=self.rule,
                    number=self.element,
                    places=self.page.places,
                )
            )
        self._reset()

    def _count(self, runs: list[str], joined: str, folded: str) -> int:
        """Letters of some of the runs: what Unicode composes across two of them counts in each."""
        if joined.isascii():
            return len(folded) if len(runs) == len(self.runs) else len(letters("".join(runs)))
        return sum(len(letters(run)) for run in runs)

    def stand_in(self, start: int) -> None:
        """Be where a walk from <body> is when it comes to an element."""
        around = []
        at = start
        while at != self.page.body:
            at = self.outline.parents[at]
            around.append(at)
        for at in reversed(around):
            self.enter(at, self.page.sort(at))
            self._reset()
        self.open.clear()

    def walk(self, start: int) -> list[Block]:
        """The blocks of an element; no recursion, and nothing is asked of the tree."""
        outline, sorts, furniture = self.outline, self.page.sorts, self.furniture
        ends, texts, tails = outline.ends, outline.texts, outline.tails
        at = start
        self.enter(start, BLOCK)
        while True:
            at += 1
            while self.open[-1].end == at:
                if self.leave() == start:
                    return self.blocks
            sort = sorts[at]
            if sort == CELL:
                sort = self.page.sort(at)
            if sort in (UNSEEN, BREAK):
                if sort == BREAK:
                    self.close()
                self.add(tails[at])
                at = ends[at] - 1
                continue
            if sort == IN_LINE:
                if at in furniture and self.rule is None:
                    sort = ASIDE
                elif texts[at] is None and ends[at] == at + 1:  # a picture
                    self.add(tails[at])
                    continue
            self.enter(at, sort)

    def enter(self, at: int, sort: int) -> None:
        """Begin an element: a block-level one has boundaries on both sides, its own kind and rule inside."""
        tag = self.outline.tags[at]
        now = _Open(self.outline.ends[at], at, sort, self.link, self.bold)
        self.open.append(now)
        if sort == BLOCK:
            self.close()
        elif sort == CELL:
            self.add(" ")
        else:
            self.link = self.link or tag == "a"
            self.bold = self.bold or tag in BOLD
        if sort == ASIDE:
            # Furniture glued into a sentence: a block of its own, and the sentence goes on after it.
            now.runs = (self.runs, self.linked, self.bolded)
            self._reset()
        if now.runs or sort == BLOCK:
            now.inside = (self.element, self.place, self.kind, self.rule)
            self.element = at
            if tag not in TEXT_PARTS:
                self.place = at
            self.rule = self.rule or self.furniture.get(at)
            if tag not in TRANSPARENT:
                self.kind = KINDS.get(tag, "paragraph")
            elif self.kind == "heading" and tag not in INLINE:
                self.kind = "paragraph"  # a <div> in an <h4>: the heading was closed in the wrong place
        self.add(self.outline.texts[at])

    def leave(self) -> int:
        """End the innermost element; its number."""
        done = self.open.pop()
        tail = self.outline.tails[done.number]
        if done.inside:
            self.close()
            self.element, self.place, self.kind, self.rule = done.inside
        if done.runs:
            self.runs, self.linked, self.bolded = done.runs
            if tail and tail[0].isalnum():
                self.runs.append(" ")
        self.link, self.bold = done.link, done.bold
        if done.sort == CELL:
            self.add(" ")
        if self.open:
            self.add(tail)
        return done.number


def linearise(body: HtmlElement, furniture: Mapping[HtmlElement, str]) -> list[Block]:
    """Blocks of `body` in document order; those below an element of `furniture` carry its rule."""
    outline = Outline.of(body)
    return Walk(outline).blocks({outline.numbers[element]: rule for element, rule in furniture.items()})
