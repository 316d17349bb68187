"""What people wrote into the card themselves, which outlives it."""

from __future__ import annotations

from pipelines.card.data import MARK

BEGIN = "<!-- notes: what stands between these two lines is yours, and stays -->"
END = "<!-- end of notes -->"


def kept_notes(text: str) -> str | None:
    """What stands between the two lines of a card; None where `text` is no card of ours, or lost the lines.

    >>> kept_notes("# My own data") is None
    True
    """
    if MARK not in text:
        return None
    _, begun, rest = text.partition(BEGIN)
    notes, ended, _ = rest.partition(END)
    return notes if begun and ended else None


def with_notes(notes: str | None) -> str:
    """The two lines with the notes between them."""
    return f"{BEGIN}{notes or chr(10)}{END}"
