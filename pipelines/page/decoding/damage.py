"""How much of a text could not be read."""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Mark-up and what is no text; each alternative goes on to the end of the page where nothing closes it.
_HIDDEN = re.compile(
    r"<(?:!--.*?(?:-->|\Z)|(script|style|template)(?=[\s/>]).*?(?:</\1(?=[\s/>])[^>]*>?|\Z)|[a-z/!?][^<>]*>?)",
    re.IGNORECASE | re.DOTALL,
)
_SPACE = re.compile(r"\s+")


def replacement_share(text: str) -> float:
    """Share of U+FFFD in the text between the tags, 0..1: a long script must not hide that it is unreadable.

    Of a page without any text, the share in all of it.
    """
    if REPLACEMENT not in text:
        return 0.0
    shown = _SPACE.sub("", _HIDDEN.sub("", text)) or text
    return shown.count(REPLACEMENT) / len(shown)


def unreadable(text: str) -> float:
    """Share of U+FFFD among the characters that are not ASCII: what speaks against an encoding."""
    foreign = len(text) - len(text.encode("ascii", errors="ignore"))
    return text.count(REPLACEMENT) / foreign if foreign else 0.0
