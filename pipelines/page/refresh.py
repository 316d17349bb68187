"""The address a page sends browsers to at once (`<meta http-equiv="refresh">`).

A linear look at the first bytes, for the process that fetches: it never decodes or parses a page.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import urljoin

_HEAD_BYTES = 4_096
# What a browser that runs scripts does not read as mark-up. Each match reaches to its end or the page's.
_SKIPPED = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style|noscript|title|textarea|template)\b.*?(?:</\1|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_META = re.compile(rb"<meta\b([^>]*+)", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rb"""(?<![a-z-])([a-z-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.IGNORECASE
)
_CONTENT = re.compile(
    rb"""\s*+(\d{1,6}+)(?:\.\d*+)?\s*+[;,]?\s*+(?:url\s*+=)?\s*+["']?\s*+([^"'\s]++)""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Refresh:
    """Where the page sends its reader, and after how many seconds."""

    seconds: int
    url: str


def refresh_of(body: bytes, base: str) -> Refresh | None:
    """The first refresh with an address among the page's first 4 KiB; `base` is the page's own address."""
    head = _SKIPPED.sub(b" ", body[:_HEAD_BYTES].replace(b"\x00", b""))
    for tag in _META.finditer(head):
        said = {name.lower(): b"".join(values) for name, *values in _ATTRIBUTE.findall(tag[1])}
        if said.get(b"http-equiv", b"").strip().lower() != b"refresh":
            continue
        if found := _CONTENT.match(said.get(b"content", b"")):
            return _refresh(int(found[1]), found[2].decode("utf-8", errors="replace"), base)
    return None


def _refresh(seconds: int, target: str, base: str) -> Refresh | None:
    try:
        return Refresh(seconds, urljoin(base, html.unescape(target)))
    except ValueError:
        return None
