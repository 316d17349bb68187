"""What a page's mark-up is made of: its tags, its names, what it says its elements are for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pipelines.learned.names import latin_words, lower_names
from pipelines.page.outline import Outline


@dataclass(frozen=True, slots=True)
class Markup:
    """Elements by tag; the words of the different values of class and id.

    `first_words` are those of the values that name an element first, counted. `marks` are the different
    (attribute, value) of the attributes that tell what an element is for, scripts' apart.
    """

    tags: Counter[str]
    words: frozenset[str]
    first_words: Counter[str]
    marks: frozenset[tuple[str, str]]


def read_markup(outline: Outline) -> Markup:
    """The mark-up of all elements of the page."""
    tags = Counter({tag: len(numbers) for tag, numbers in outline.tagged.items() if tag})
    names = {*outline.classes, *outline.ids}
    first_names = {name or number for name, number in zip(outline.classes, outline.ids, strict=True)}
    marks = {
        mark
        for at, purposes in outline.purposes.items()
        if outline.tags[at] != "script"
        for mark in purposes.items()
    }
    first_words = _words(first_names)
    words = frozenset([*first_words, *_words(names - first_names)])
    return Markup(tags, words, Counter(first_words), frozenset(marks))


def _words(names: set[str | None]) -> list[str]:
    # Most names have no capital: what splits words at those sees only the others.
    plain = [name for name in names if name and name.islower()]
    mixed = " ".join([name for name in names if name and not name.islower()])
    return latin_words(" ".join([*plain, lower_names(mixed)]))
