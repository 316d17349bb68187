"""Authors: people, as the page's own witnesses name them."""

from __future__ import annotations

import re

from lxml.html import HtmlElement
from trafilatura.metadata import extract_author

from pipelines.metadata.structured import Statements
from pipelines.normalize import clean_text, letters
from pipelines.policy import Policy

_PREFIX = re.compile(
    r"^(?:by|von|par|por|da|di|written by|text|author|بقلم|كتبه|كتب|כתב|מאת|نویسنده|تحریر)"
    r"(?:\s*[:：]\s*|\s+|$)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"^(?:[a-z]+:)?//|^[/@]|^www\.", re.IGNORECASE)
# "Jane Roe <jane@…>" and the "jane@… (Jane Roe)" of RSS: the name is meant.
_EMAIL = re.compile(r"(?<![^\s<>()])[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+")
_SPLIT = re.compile(r"\s*(?:;|،|,|\||/|\band\b|\bund\b|\bet\b|\s&\s)\s*", re.IGNORECASE)
_NOBODY = frozenset(
    map(
        letters,
        "admin administrator editor editorial staff newsroom webmaster root "
        "unknown anonymous null none undefined".split(),
    )
) | frozenset(map(letters, ("المحرر", "محرر", "هيئة التحرير", "فريق التحرير", "تحرير", "מערכת", "تحریریه")))


def authors(statements: Statements, root: HtmlElement, policy: Policy) -> tuple[str, ...]:
    """Names in the order given, each once; empty when nobody is named."""
    outlets = {letters(c.value) for c in statements.all("publisher")}
    by_source: dict[str, list[str]] = {}
    for candidate in statements.all("author"):
        by_source.setdefault(candidate.source, []).append(candidate.value)
    for values in by_source.values():
        if names := _people(values, outlets, policy):
            return names
    witness = extract_author(root)
    return _people(list(witness.split(";")), outlets, policy) if witness else ()


def _people(values: list[str], outlets: set[str], policy: Policy) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for value in values:
        if _ADDRESS.match(value):
            continue
        for part in _SPLIT.split(_PREFIX.sub("", clean_text(_EMAIL.sub(" ", value)))):
            name = part.strip(" .-–—()<>")[: policy.max_author_chars]
            folded = letters(name)
            if len(folded) > 1 and not folded.isdigit() and folded not in _NOBODY | outlets:
                names.setdefault(folded, name)
    return tuple(names.values())
