"""The tree as lists in document order: what is asked of every element is asked of libxml2 once.

An element's proxy in Python is made anew whenever nobody holds it; here all are held as long as the page is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter, methodcaller

from lxml.html import HtmlElement

_TAG, _TEXT, _TAIL = attrgetter("tag"), attrgetter("text"), attrgetter("tail")
_PARENT = methodcaller("getparent")
_PURPOSES = frozenset(
    "itemprop itemtype rel role type property name aria-label placeholder data-testid".split()
)
# The longest of a real page has 7,481. They are looked at for each block below an element: none of megabytes.
_MAX_NAME_CHARS = 10_000


@dataclass(frozen=True, eq=False)
class Outline:
    """Parallel lists, an entry an element, in document order; the tree must not change any more.

    `parents` are numbers of elements (-1 above the root), `ends` the number behind the last element below,
    `depths` levels (1 is the root's); `numbers` finds an element's own, `tagged` those of a tag.
    """

    elements: list[HtmlElement]
    tags: list[str]
    parents: list[int]
    ends: list[int]
    depths: list[int]
    texts: list[str | None]
    tails: list[str | None]
    classes: list[str | None]
    ids: list[str | None]
    numbers: dict[HtmlElement, int]
    tagged: dict[str, list[int]]

    @classmethod
    def of(cls, root: HtmlElement) -> Outline:
        """Of the tree below `root`; what is no element (an entity) has the tag "".

        Class and id are cut to 10,000 characters, in the tree, too.
        """
        elements = list(root.iter())
        numbers = {element: at for at, element in enumerate(elements)}
        tags = [tag if isinstance(tag, str) else "" for tag in map(_TAG, elements)]
        tagged: dict[str, list[int]] = {}
        for at, tag in enumerate(tags):
            if tag in tagged:
                tagged[tag].append(at)
            else:
                tagged[tag] = [at]
        parents = [-1, *map(numbers.__getitem__, map(_PARENT, elements[1:]))]
        depths = [1]
        for parent in parents[1:]:
            depths.append(depths[parent] + 1)
        ends = list(range(1, len(elements) + 1))
        for at in range(len(elements) - 1, 0, -1):
            parent = parents[at]
            ends[parent] = max(ends[parent], ends[at])
        return cls(
            elements=elements,
            tags=tags,
            parents=parents,
            ends=ends,
            depths=depths,
            texts=list(map(_TEXT, elements)),
            tails=list(map(_TAIL, elements)),
            classes=_names(elements, "class"),
            ids=_names(elements, "id"),
            numbers=numbers,
            tagged=tagged,
        )

    @cached_property
    def attributes(self) -> list[list[str]]:
        """Names of each element's attributes: to read them costs half of reading their values, too."""
        return self._attributes(range(len(self.elements)))

    def attributes_in(self, within: range) -> list[list[str]]:
        """`attributes` of some of the elements; of few, those of all others are not read."""
        if 2 * len(within) < len(self.elements):
            return self._attributes(within)
        return self.attributes[within.start : within.stop]

    def _attributes(self, within: range) -> list[list[str]]:
        return [element.keys() for element in self.elements[within.start : within.stop]]

    @cached_property
    def purposes(self) -> dict[int, dict[str, str]]:
        """What elements say they are for: by number, the attributes of `_PURPOSES` of those that have any."""
        found: dict[int, dict[str, str]] = {}
        for at, names in enumerate(self.attributes):  # one in seven has any of these
            if not _PURPOSES.isdisjoint(names):
                found[at] = {name: self.elements[at].get(name, "") for name in _PURPOSES.intersection(names)}
        return found

    def all(self, *tags: str) -> list[int]:
        """Numbers of the elements of these tags, in document order."""
        found = [self.tagged[tag] for tag in tags if tag in self.tagged]
        return found[0] if len(found) == 1 else sorted(chain.from_iterable(found))


def _names(elements: list[HtmlElement], key: str) -> list[str | None]:
    names: list[str | None] = [element.get(key) for element in elements]
    if max(map(len, filter(None, names)), default=0) > _MAX_NAME_CHARS:
        for at, name in enumerate(names):
            if name and len(name) > _MAX_NAME_CHARS:
                names[at] = name[:_MAX_NAME_CHARS]
                elements[at].set(key, name[:_MAX_NAME_CHARS])
    return names


def unscripted_chars(outline: Outline) -> int:
    """Characters of the longest text browsers show only where they run no scripts."""
    most = end = 0
    for at in outline.all("noscript"):
        if at >= end:  # none within another: each text is read once
            end = outline.ends[at]
            most = max(most, len(outline.elements[at].text_content()))
    return most
