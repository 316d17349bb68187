"""The last look at a record before it is kept: nothing in it that Arrow, JSON or a reader would choke on.

Cleaning bounds what it reads where it reads it; what comes past it (headers, addresses, what feeds say) is
cleaned and cut here. Records that are fit come back as they are.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, TypeVar

from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.records import Article, Cleaned, Image, Rejected, RemovedBlock

Record = TypeVar("Record", Article, Rejected, RemovedBlock, Image)

# Controls other than tab and line feed, the two non-characters XML forbids, and halves of pairs.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_HALVES = re.compile("[\ud800-\udfff]")
# Characters of a column that has no limit of its own, and of those that have.
_MAX_CHARS = 20_000
_LIMITS = {
    **dict.fromkeys(("url", "url_requested", "url_canonical", "image_url"), 8_192),
    **dict.fromkeys(
        ("publisher", "section", "etag", "last_modified", "content_type", "published_raw"), 1_000
    ),
    **dict.fromkeys(("detail", "rule", "reason"), 1_000),
    "path": 2_000,
    "tags": 300,
}
_MAX_ITEMS = 100
_NAMES = {
    kind: tuple(field.name for field in dataclasses.fields(kind))
    for kind in (Article, Rejected, RemovedBlock, Image)
}
_MAX_BLOCK_CHARS = 100_000
_MAX_STATUS = 999
# Years that every reader's clock has; pandas ends in 2262.
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_STATED_DAYS = frozenset({"published_at", "modified_at", "published_date"})


def bounded(cleaned: Cleaned, policy: Policy = DEFAULT_POLICY) -> Cleaned:
    """`cleaned` with every text storable and of a bearable size."""
    removed = cleaned.removed
    if not _are_fit(removed):
        removed = tuple(storable(block, {"text": _MAX_BLOCK_CHARS}) for block in removed)
    result = cleaned.result
    if isinstance(result, Rejected):
        return dataclasses.replace(cleaned, result=bounded_rejection(result, policy), removed=removed)
    result = storable(result, _limits(policy) | {"text": policy.max_text_chars})
    if removed != cleaned.removed:
        result = dataclasses.replace(result, removed_chars=sum(len(block.text) for block in removed))
    return dataclasses.replace(cleaned, result=result, removed=removed)


def _are_fit(blocks: Sequence[RemovedBlock]) -> bool:
    """Whether none of them needs a closer look: there are many, and what they say is read at once."""
    said = [(block.text, f"{block.path}{block.rule}{block.reason}") for block in blocks]
    # The least of the limits of these columns; texts may be longer.
    short = all(len(text) <= _MAX_BLOCK_CHARS and len(others) <= 1_000 for text, others in said)
    return short and _is_printable("".join(chain.from_iterable(said)))


def bounded_rejection(rejected: Rejected, policy: Policy = DEFAULT_POLICY) -> Rejected:
    """A refusal with every text storable and of a bearable size."""
    return storable(rejected, _limits(policy))


def _limits(policy: Policy) -> dict[str, int]:
    return {"title": policy.max_title_chars, "authors": policy.max_author_chars}


def storable(record: Record, limits: Mapping[str, int]) -> Record:
    """The record with the values that may not be stored as they are mended; `limits` are in characters."""
    changed: dict[str, Any] = {}
    for name in _NAMES[type(record)]:
        value = getattr(record, name)
        if value is None:
            continue
        limit = limits[name] if name in limits else _LIMITS.get(name, _MAX_CHARS)
        mended = _mended(name, value, limit)
        if mended is not value:
            changed[name] = mended
    return dataclasses.replace(record, **changed) if changed else record


def _mended(name: str, value: Any, limit: int) -> Any:
    """The value, the same object where nothing is wrong with it."""
    if isinstance(value, str):
        return value if name == "reason" and type(value) is not str else storable_text(value, limit)
    if isinstance(value, tuple):
        items = tuple(_mended(name, item, limit) for item in value[:_MAX_ITEMS])
        same = len(items) == len(value) and all(a is b for a, b in zip(items, value, strict=True))
        return value if same else tuple(item for item in items if item != "")
    if isinstance(value, Image):
        return storable(value, {})
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if name == "http_status":
        return value if value is None or 0 <= value <= _MAX_STATUS else None
    if name in _STATED_DAYS and isinstance(value, date | datetime):
        return value if _FIRST_YEAR <= value.year <= _LAST_YEAR else None
    return value


def storable_text(text: str, limit: int) -> str:
    """`text` that UTF-8, Arrow and readers take, cut to `limit` characters."""
    text = text[:limit]
    if _is_printable(text):
        return text
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", _CONTROLS.sub("", text))


def _is_printable(text: str) -> bool:
    # Spaces that are not plain are unprintable to Python, and most texts have two: line feeds.
    return text.replace("\n", " ").isprintable()
