"""A block of a page's text and where it stood."""

from __future__ import annotations

from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.paths import Paths
from pipelines.body.words import folded_words_of_clean


@dataclass(slots=True)
class Block:
    """Text between two block boundaries.

    `element` is the innermost block-level element, `home` the nearest one around it that is a place and not a
    part of a text; `letters` is the text folded for comparison; `links` and `bold` count its letters inside
    <a> and <b>/<strong>; `furniture` is the rule that marks its place; `number` is the element's in the
    outline of `places`.
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
    number: int
    places: Paths
    _words: tuple[str, ...] | None = None

    def copy(self, order: int, furniture: str | None) -> Block:
        """The same block at another number, in furniture or not."""
        return Block(
            order,
            self.kind,
            self.element,
            self.home,
            self.text,
            self.letters,
            self.links,
            self.bold,
            furniture,
            self.number,
            self.places,
            self._words,
        )

    @property
    def words(self) -> tuple[str, ...]:
        """Its `folded_words`, found when first asked for."""
        if self._words is None:
            self._words = folded_words_of_clean(self.text)
        return self._words

    @property
    def path(self) -> str:
        """Readable place of its element."""
        return self.places.of(self.number)

    @property
    def link_share(self) -> float:
        """Share of its letters that are inside links, 0..1."""
        return min(1.0, self.links / len(self.letters))
