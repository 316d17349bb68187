"""The headline: what the page's own witnesses agree on, without the site's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.metadata.structured import Statements
from pipelines.normalize import letters

_SEPARATOR = re.compile(r"\s+[|–—•·»«›‹:*~-]+\s+|\s*[|»]\s*")
# A heading of fewer letters is a section's name more often than a headline.
_MIN_LETTERS = 8


def headline(statements: Statements, host: str) -> str | None:
    """The article's headline, or None when nothing on the page looks like one."""
    names = {letters(c.value) for c in statements.all("publisher")} | {letters(host), _brand(host)}
    stated = [c.value for c in statements.all("title")]
    page_title = statements.first("page_title")
    headings = [
        c.value
        for c in statements.all("h1")
        if len(letters(c.value)) >= _MIN_LETTERS and letters(c.value) not in names
    ]
    witnesses = [letters(value) for value in [*stated, page_title] if value]
    agreed = [h for h in headings if any(letters(h) in witness for witness in witnesses)]
    if agreed:
        return without_site_name(max(agreed, key=len), names)
    for value in [*stated, page_title]:
        if value and letters(value) not in names:
            return without_site_name(value, names)
    return headings[0] if headings else None


def without_site_name(title: str, names: set[str]) -> str:
    """`title` without the parts before or after a separator that are one of `names` (folded).

    >>> without_site_name("Rain in May - The Ledger", {"theledger"})
    'Rain in May'
    """
    parts = [part for part in _SEPARATOR.split(title) if part]
    if len(parts) < 2:
        return title
    kept = _trim(parts, names)
    if len(kept) == len(parts) or not kept:
        return title
    start = title.find(kept[0])
    end = title.rfind(kept[-1]) + len(kept[-1])
    return title[start:end]


def _trim(parts: Sequence[str], names: set[str]) -> list[str]:
    kept = list(parts)
    while kept and letters(kept[-1]) in names:
        kept.pop()
    while kept and letters(kept[0]) in names:
        kept.pop(0)
    return kept


def _brand(host: str) -> str:
    """The part of a host name that a site calls itself by: "www.ledger.co.uk" gives "ledger"."""
    labels = [label for label in host.split(".") if label not in ("www", "m", "amp", "news")]
    return letters(max(labels[:-1] or labels or [""], key=len))
