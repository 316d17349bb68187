"""Markdown made of what strangers wrote: it stays text, on its line and in its cell."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterator, Sequence
from string import punctuation

_MOST = 80
# Joiners are letters' shapes in Persian and Indian scripts; all other format characters could turn a line.
_JOINERS = "\u200c\u200d"
# What HTML or a table's row would read, whatever stands before it.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "\\": "&#92;"}


def escaped(text: str, most: int = _MOST) -> str:
    r"""`text` as Markdown that shows it, in one line and cut to `most` characters.

    >>> escaped("a|b *c* <script>")
    'a&#124;b \\*c\\* &lt;script&gt;'
    """
    line = " ".join(text.split())
    plain = "".join(char for char in line if char in _JOINERS or unicodedata.category(char)[0] != "C")
    cut = plain if len(plain) <= most else f"{plain[: most - 1]}…"
    return "".join(_ENTITIES.get(char) or (f"\\{char}" if char in punctuation else char) for char in cut)


def isolated(text: str) -> str:
    """The same, whose direction does not reach beyond it.

    >>> isolated("خبر")
    '<bdi>خبر</bdi>'
    """
    return f"<bdi>{shown}</bdi>" if (shown := escaped(text)) else ""


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, words: Container[int] = (0,)
) -> Iterator[str]:
    """Lines of a table; all columns but those of `words` are figures, to the right.

    >>> list(table(["site", "rows"], [["a", "1"]]))
    ['| site | rows |', '|---|--:|', '| a | 1 |', '']
    """
    yield f"| {' | '.join(header)} |"
    yield "".join("|---" if at in words else "|--:" for at in range(len(header))) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
