"""What a page calls its parts, as words of a linear model: class names, declared types, its address, labels.

Shops, forums and manuals are told by the words they share ("cart", "reply", "edit this page"), which the
structure alone does not show. Most pages with gold are English, so are most labels that count; the names in
mark-up are the same in every language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from pipelines.metadata.structured import Statements

# Blocks shorter than this many characters are labels: of buttons, fields, columns, links.
_LABEL_CHARS = 60
_ATTRIBUTES = "itemprop itemtype rel role type property name aria-label placeholder data-testid".split()
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LATIN = re.compile(r"[a-z]{2,}")
_WORD = re.compile(r"[^\W\d_]{2,}")


def page_words(root: HtmlElement, texts: Sequence[str], statements: Statements, url: str) -> frozenset[str]:
    """Every word the page uses, once, with where it stands: `class:cart`, `type:Product`, `label:reply`.

    `texts` are the texts of the page's blocks.
    """
    return frozenset(_words(root, texts, statements, url))


def _words(root: HtmlElement, texts: Sequence[str], statements: Statements, url: str) -> Iterator[str]:
    names: set[str] = set()
    marks: set[tuple[str, str]] = set()
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        for key, value in element.items():
            if key in ("class", "id"):
                names.add(value)
            elif key in _ATTRIBUTES and element.tag != "script":
                marks.add((key, value))
    yield from (f"class:{word}" for word in _LATIN.findall(_CAMEL.sub("-", " ".join(names)).lower()))
    yield from (f"{key}:{word}" for key, value in marks for word in _LATIN.findall(value.lower()))
    yield from (f"type:{kind.value}" for kind in statements.all("type"))
    labels = " ".join(text for text in texts if len(text) < _LABEL_CHARS)
    yield from (f"label:{word}" for word in _WORD.findall(labels.lower()))
    parts = urlsplit(url)
    yield from (f"path:{word}" for word in _LATIN.findall(parts.path.lower()))
    # "shop", "forum", "docs" stand before the registered name.
    yield from (f"host:{word}" for word in (parts.hostname or "").split(".")[:-2])


@dataclass(frozen=True, slots=True)
class WordWeights:
    """A logistic regression over words that a page has or has not."""

    bias: float
    weights: dict[str, float]

    def margin(self, words: Collection[str]) -> float:
        """Log-odds that the page is an article; words it never met say nothing."""
        return self.bias + sum(self.weights[word] for word in sorted(words & self.weights.keys()))


@cache
def load_words(name: str) -> WordWeights:
    """The weights of `weights/<name>.json`."""
    text = files("pipelines.learned").joinpath("weights", f"{name}.json").read_text(encoding="utf-8")
    source = json.loads(text)
    return WordWeights(source["bias"], source["weights"])
