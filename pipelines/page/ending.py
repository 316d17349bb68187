"""Whether a page came to its end: a length that the server counted too short cuts it, and nobody notices."""

from __future__ import annotations

import re

MAYBE_TRUNCATED = "maybe_truncated"
_END = re.compile(r"</html", re.IGNORECASE)


def ending_flags(text: str) -> tuple[str, ...]:
    """`maybe_truncated` for a page without `</html>`: HTML allows that, and 1 % of real pages do it.

    >>> ending_flags("<html><p>One.</html >"), ending_flags("<html><p>One. Tw")
    ((), ('maybe_truncated',))
    """
    return () if "</html" in text or _END.search(text) else (MAYBE_TRUNCATED,)
