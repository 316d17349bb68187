"""What a page's mark-up is made of, read in one walk over the tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lxml.html import HtmlElement

_ATTRIBUTES = frozenset(
    "itemprop itemtype rel role type property name aria-label placeholder data-testid".split()
)


@dataclass(frozen=True, slots=True)
class Markup:
    """Elements by tag; the different values of class and id, and those that name an element first.

    `marks` are the different (attribute, value) of the attributes that tell what an element is for.
    """

    tags: Counter[str]
    names: frozenset[str]
    first_names: frozenset[str]
    marks: frozenset[tuple[str, str]]


def read_markup(root: HtmlElement) -> Markup:
    """The mark-up of all elements below `root`, scripts' own attributes apart."""
    tags: Counter[str] = Counter()
    names: set[str] = set()
    first_names: set[str] = set()
    marks: set[tuple[str, str]] = set()
    for element in root.iter():
        tag = element.tag
        if not isinstance(tag, str):
            continue
        tags[tag] += 1
        attributes = element.attrib
        if not attributes:
            continue
        name, number = attributes.get("class"), attributes.get("id")
        names.update(value for value in (name, number) if value is not None)
        if first := name or number:
            first_names.add(first)
        if tag != "script":
            marks.update(item for item in attributes.items() if item[0] in _ATTRIBUTES)
    return Markup(tags, frozenset(names), frozenset(first_names), frozenset(marks))
