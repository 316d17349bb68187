"""Names of encodings to the codecs that browsers read them with."""

from __future__ import annotations

import re
from functools import cache

from w3lib.encoding import resolve_encoding

from pipelines.tables import read_table

REFUSED = "refused"
_NAME = re.compile(r"[\w.:-]+")
_WIDE = frozenset({"utf-16", "utf-32", "utf-32-le", "utf-32-be"})
# Hides mark-up in ASCII, so that browsers dropped it; said all the same now and then.
_UTF_7 = frozenset({"utf-7", "utf7", "unicode-1-1-utf-7", "csunicode11utf7", "x-unicode-2-0-utf-7"})


def codec_of(label: str) -> str | None:
    """Python's name of the codec, `REFUSED` for what browsers read nothing with, None for an unknown label.

    Names that are in no standard ("iso8859_6", "utf16", "utf_8") are read as Python and w3lib understand
    them, as long as it is an encoding of the web: Python's other codecs are no character sets ("hex"), raise
    ("idna") or take seconds ("punycode").
    """
    name = label.strip().lower()
    known = _codecs()
    if name in _UTF_7:
        return REFUSED
    if name in known:
        return known[name]
    resolved = resolve_encoding(name) if _NAME.fullmatch(name) else None
    return resolved if resolved in _WIDE or resolved in known.values() else None


@cache
def _codecs() -> dict[str, str]:
    """Codec of each label of the standard."""
    table = read_table(__package__, "labels.toml")
    return {label: codec for codec, labels in table.items() for label in labels.split()}
