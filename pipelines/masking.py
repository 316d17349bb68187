"""Passwords that stand in addresses, in any text that is shown or logged."""

from __future__ import annotations

import re

# What stands between "//" and "@" and holds no end of a host.
_CREDENTIALS = re.compile(r"(?<=//)[^/?# ]*@")


def hidden(text: str) -> str:
    """`text` with user and password of every URL in it masked.

    >>> hidden("no answer from <GET http://reader:secret@example.org/>")
    'no answer from <GET http://***@example.org/>'
    """
    return _CREDENTIALS.sub("***@", text) if "@" in text else text
