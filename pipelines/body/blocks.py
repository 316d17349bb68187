"""The page as a flat list of text blocks in reading order, each knowing where it stood.

A block is the text between two block-level boundaries, taken character by character from the page:
whatever is decided later, a kept block is the page's own text. Everything after this module
decides about blocks and never edits their text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile

from lxml.html import HtmlElement

from pipelines.normalize import clean_text, letters

# Never text, in any reading of the page.
INVISIBLE = frozenset(
    "script style noscript template svg math head iframe object embed canvas audio video map select "
    "option datalist textarea input progress meter link meta title area track source".split()
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big button cite code data del dfn em font i img ins kbd label mark nobr q rp "
    "rt ruby s samp small span strike strong sub sup time tt u var wbr".split()
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_KINDS = {
    **dict.fromkeys(HEADINGS, "heading"),
    "li": "item",
    "dt": "item",
    "dd": "item",
    "blockquote": "quote",
    "pre": "preformatted",
    "tr": "row",
    "figcaption": "caption",
    "caption": "caption",
}
# Containers pass the kind of what they stand in: a <p> in a <blockquote> is a quotation.
_TRANSPARENT = INLINE | {"p", "div"}
_CELLS = frozenset({"td", "th"})
# Parts of a text, not places of a page: a list item's home is what the list stands in.
_TEXT_PARTS = (
    INLINE
    | _CELLS
    | {"p", *HEADINGS, "li", "ul", "ol", "dl", "dt", "dd", "blockquote", "pre", "figure"}
    | {"table", "tbody", "thead", "tr"}
)
_OUTERMOST = ("body", "html")
_LINES = ("br", "p", "div", "table")
# A name of megabytes stands in the path of every block below it.
_MAX_NAME_CHARS = 300


@dataclass(slots=True)
class Block:
    """Text between two block boundaries.

    `element` is the innermost block-level element, `home` the nearest one around it that is a place and not a
    part of a text; `letters` is the text folded for comparison; `links` and
    `bold` count its letters inside <a> and <b>/<strong>; `furniture` is the rule that marks its place.
    """

    order: int
    kind: str
    element: HtmlElement
    home: HtmlElement
    text: str
    letters: str
    links: int
    bold: int
    furniture: str | None

    @property
    def link_share(self) -> float:
        """Share of its letters that are inside links, 0..1."""
        return min(1.0, self.links / len(self.letters))


class _Linearizer:
    """One walk over the tree; the open runs of text become a block at each boundary."""

    def __init__(self, furniture: Mapping[HtmlElement, str]) -> None:
        self.furniture = furniture
        self.blocks: list[Block] = []
        self.element: HtmlElement | None = None
        self.place: HtmlElement | None = None
        self.kind = "paragraph"
        self.rule: str | None = None
        self._reset()

    def _reset(self) -> None:
        self.runs: list[str] = []
        self.links = 0
        self.bold = 0

    def add(self, run: str | None, link: bool, bold: bool) -> None:
        if run:
            self.runs.append(run)
            if link or bold:
                count = len(letters(run))
                self.links += count * link
                self.bold += count * bold

    def close(self) -> None:
        """End the open block, if it holds a letter."""
        text = clean_text("".join(self.runs)) if self.runs else ""
        if text and (folded := letters(text)):
            self.blocks.append(
                Block(
                    order=len(self.blocks),
                    kind=self.kind,
                    element=self.element,
                    home=self._home(),
                    text=text,
                    letters=folded,
                    links=self.links,
                    bold=self.bold,
                    furniture=self.rule,
                )
            )
        self._reset()

    def _home(self) -> HtmlElement | None:
        # A layout table holds text and no paragraph: its cell is the place.
        is_cell = self.element is not None and self.element.tag in _CELLS
        return self.element if is_cell else self.place

    def block(self, element: HtmlElement, link: bool, bold: bool) -> None:
        """A block-level element: boundaries on both sides, its own kind and rule inside."""
        self.close()
        self.inside(element, link, bold)

    def inside(self, element: HtmlElement, link: bool, bold: bool) -> None:
        outer = (self.element, self.place, self.kind, self.rule)
        self.element = element
        if element.tag not in _TEXT_PARTS:
            self.place = element
        self.rule = self.rule or self.furniture.get(element)
        if element.tag not in _TRANSPARENT:
            self.kind = _KINDS.get(element.tag, "paragraph")
        elif self.kind == "heading" and element.tag not in INLINE:
            self.kind = "paragraph"  # a <div> in an <h4>: the heading was closed in the wrong place
        self.walk(element, link, bold)
        self.close()
        self.element, self.place, self.kind, self.rule = outer

    def aside(self, element: HtmlElement, link: bool, bold: bool) -> None:
        """Furniture glued into a sentence: a block of its own, and the sentence goes on after it."""
        runs, links, in_bold = self.runs, self.links, self.bold
        self._reset()
        self.inside(element, link, bold)
        self.runs, self.links, self.bold = runs, links, in_bold
        if element.tail and element.tail[0].isalnum():
            self.runs.append(" ")

    def walk(self, element: HtmlElement, link: bool, bold: bool) -> None:
        self.add(element.text, link, bold)
        for child in element:
            tag = child.tag
            if not isinstance(tag, str) or tag in INVISIBLE:
                pass
            elif tag in ("br", "hr"):
                self.close()
            elif tag in INLINE:
                inner = (child, link or tag == "a", bold or tag in ("b", "strong"))
                if child in self.furniture and self.rule is None:
                    self.aside(*inner)
                else:
                    self.walk(*inner)
            elif tag in _CELLS and next(child.iter(*_LINES), None) is None:
                # A table row is one line; cells are kept apart by white space. A cell of lines is a place.
                self.add(" ", link, bold)
                self.walk(child, link, bold)
                self.add(" ", link, bold)
            else:
                self.block(child, link, bold)
            self.add(child.tail, link, bold)


def linearise(body: HtmlElement, furniture: Mapping[HtmlElement, str]) -> list[Block]:
    """Blocks of `body` in document order; those below an element of `furniture` carry its rule.

    The tree is at most `Policy.max_depth` deep (checked before), so the walk may recurse.
    """
    walker = _Linearizer(furniture)
    walker.block(body, False, False)
    return walker.blocks


def path_of(element: HtmlElement, most: int | None = None) -> str:
    """Readable place in the tree: tags from below <body>, with the first class or the id of each.

    With `most`, only so many of them, the nearest.
    """
    below = takewhile(lambda node: node.tag not in _OUTERMOST, _outwards(element))
    steps = [_step(node) for node in islice(below, most)]
    return "/".join(reversed(steps))


class Paths:
    """`path_of` of many elements of one page: what they stand in is looked at once."""

    def __init__(self) -> None:
        self._known: dict[HtmlElement, str] = {}

    def of(self, element: HtmlElement) -> str:
        """`path_of(element)`."""
        new = list(takewhile(lambda node: node not in self._known, _outwards(element)))
        for node in reversed(new):
            outer = node.getparent()
            if node.tag in _OUTERMOST or outer is None:
                self._known[node] = "" if node.tag in _OUTERMOST else _step(node)
            else:
                self._known[node] = f"{self._known[outer]}/{_step(node)}".lstrip("/")
        return self._known[element]


def _outwards(element: HtmlElement) -> Iterator[HtmlElement]:
    yield element
    yield from element.iterancestors()


def _step(element: HtmlElement) -> str:
    names = (element.get("class") or "").split() or [element.get("id") or ""]
    return f"{element.tag}.{names[0][:_MAX_NAME_CHARS]}" if names[0] else str(element.tag)
