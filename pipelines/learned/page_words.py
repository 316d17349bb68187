"""What a page calls its parts, as words of a linear model: class names, declared types, its address, labels.

Shops, forums and manuals are told by the words they share ("cart", "reply", "edit this page"), which the
structure alone does not show. Most pages with gold are English, so are most labels that count; the names in
mark-up are the same in every language.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from pipelines.learned.markup import Markup
from pipelines.learned.names import latin_words
from pipelines.metadata.candidates import Statements

# Blocks shorter than this many characters are labels: of buttons, fields, columns, links.
_LABEL_CHARS = 60
_WORD = re.compile(r"[^\W\d_]{2,}")


def page_words(markup: Markup, texts: Sequence[str], statements: Statements, url: str) -> frozenset[str]:
    """Every word the page uses, once, with where it stands: `class:cart`, `type:Product`, `label:reply`.

    `texts` are the texts of the page's blocks.
    """
    found = {f"class:{word}" for word in markup.words if len(word) > 1}
    values: dict[str, list[str]] = defaultdict(list)
    for key, value in markup.marks:
        values[key].append(value)
    for key, stated in values.items():
        found.update([f"{key}:{word}" for word in _latin(" ".join(stated).lower())])
    found.update([f"type:{kind.value}" for kind in statements.all("type")])
    labels = [text for text in texts if len(text) < _LABEL_CHARS]
    plain = " ".join([text for text in labels if text.isascii()])
    other = " ".join([text for text in labels if not text.isascii()])
    words = _latin(plain.lower()).union(_WORD.findall(other.lower()))
    found.update([f"label:{word}" for word in words])
    parts = urlsplit(url)
    found.update([f"path:{word}" for word in _latin(parts.path.lower())])
    # "shop", "forum", "docs" stand before the registered name.
    found.update([f"host:{word}" for word in (parts.hostname or "").split(".")[:-2]])
    return frozenset(found)


def _latin(text: str) -> set[str]:
    return {word for word in latin_words(text) if len(word) > 1}


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
