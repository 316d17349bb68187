"""Log lines of keys and values: logfmt for people and grep, the same as fields where the log is JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

# Counts of one key that are named, the largest first; what is left is added up.
_MAX_NAMED = 12
OTHERS = "others"
_PLAIN = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")

Value = str | int | float | Mapping[str, int]


@dataclass(frozen=True, slots=True)
class KeyValues:
    """A record's message: `event` says in one word what the line is about; a value may be counts by name.

    >>> print(KeyValues("site", {"site": "sahifa", "rejected": {"no_body": 3, "soft_404": 1}, "said": "a b"}))
    site=sahifa rejected=no_body:3,soft_404:1 said="a b"
    """

    event: str
    values: Mapping[str, Value]

    def __str__(self) -> str:
        return " ".join(f"{key}={_text(value)}" for key, value in self.values.items())


def counted(found: Mapping[str, int]) -> dict[str, int]:
    """The largest counts, and the sum of all others: no line grows with what strangers answer."""
    ordered = Counter(found).most_common()
    named = dict(ordered[:_MAX_NAMED])
    if left := sum(count for _, count in ordered[_MAX_NAMED:]):
        named[OTHERS] = left
    return named


def _text(value: Value) -> str:
    if isinstance(value, Mapping):
        return _quoted(",".join(f"{name}:{count}" for name, count in value.items()))
    return f"{value:.1f}" if isinstance(value, float) else _quoted(str(value))


def _quoted(text: str) -> str:
    """As it is, or as a JSON string where a reader would not know where it ends; nothing as nothing."""
    return text if not text or _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
