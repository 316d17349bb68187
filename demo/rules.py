"""Strict reading of content tables: every fault is one line that names the file and the key."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from demo.model import Block, BlockKind

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PICTURE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.jpg")
_FORBIDDEN = re.compile("[\t\r\u00ad\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKS: tuple[tuple[str, BlockKind], ...] = (("## ", "heading"), ("> ", "quote"), ("- ", "item"))
_SHORTEST: dict[BlockKind, int] = {"paragraph": 60, "heading": 15, "quote": 15, "item": 15}


class ContentError(ValueError):
    """A content file breaks a rule; the message is one line for the person who wrote it."""


class Table:
    """A TOML table that is read key by key and must hold nothing else."""

    def __init__(self, file: str, key: str, data: object) -> None:
        self.file = file
        self.key = key
        if not isinstance(data, dict):
            raise ContentError(f"{file}: {key}: must be a table")
        self._data: dict[str, object] = dict(data)

    def fault(self, key: str, problem: str) -> ContentError:
        """An error to raise, in the one form all of them have."""
        return ContentError(f"{self.file}: {self.key}.{key}: {problem}")

    def take(self, key: str) -> object:
        """A value that must be there; taken out, so that leftovers show in close()."""
        if key not in self._data:
            raise self.fault(key, "is missing")
        return self._data.pop(key)

    def has(self, key: str) -> bool:
        """Whether an optional key is given."""
        return key in self._data

    def close(self) -> None:
        """Refuse keys nobody asked for: they are misspelt ones."""
        for key in self._data:
            raise self.fault(key, "is not a known key")

    def _clean(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self.fault(key, "must be a string")
        if value != value.strip() or not value:
            raise self.fault(key, "is empty or has white space at an end")
        if "\n" in value or "  " in value or _FORBIDDEN.search(value):
            raise self.fault(key, "has a line break, a double space or a control character")
        if unicodedata.normalize("NFC", value) != value:
            raise self.fault(key, "is not in Unicode NFC")
        return value

    def text(self, key: str) -> str:
        """A line of clean text."""
        return self._clean(key, self.take(key))

    def optional(self, key: str) -> str | None:
        """A line of clean text, or None where the key is left out."""
        return self.text(key) if self.has(key) else None

    def texts(self, key: str, least: int, most: int) -> tuple[str, ...]:
        """A list of different lines, of a length within bounds."""
        values = self.take(key)
        if not isinstance(values, list) or not least <= len(values) <= most:
            raise self.fault(key, f"must be a list of {least} to {most} strings")
        lines = tuple(self._clean(key, value) for value in values)
        if len(set(lines)) != len(lines):
            raise self.fault(key, "holds the same entry twice")
        return lines

    def slug(self, key: str) -> str:
        """Lower-case ASCII words joined by hyphens, fit for an address."""
        value = self.text(key)
        if not _SLUG.fullmatch(value):
            raise self.fault(key, f"{value!r} is not lower-case ASCII words joined by hyphens")
        return value

    def picture(self, key: str) -> str:
        """The file name of a JPEG picture."""
        value = self.text(key)
        if not _PICTURE.fullmatch(value):
            raise self.fault(key, f"{value!r} is not an ASCII file name ending in .jpg")
        return value

    def moment(self, key: str, offset: timedelta) -> datetime:
        """An ISO date and time in the outlet's own offset."""
        value = self.text(key)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.fault(key, f"{value!r} is not an ISO date and time") from None
        if moment.utcoffset() != offset:
            raise self.fault(key, f"{value!r} is not in the outlet's UTC offset")
        return moment

    def offset(self, key: str) -> tuple[str, timedelta]:
        """An UTC offset, as written and as a duration."""
        value = self.text(key)
        try:
            moment = datetime.fromisoformat(f"2026-11-01T00:00:00{value}")
        except ValueError:
            raise self.fault(key, f"{value!r} is not an offset such as +03:00") from None
        duration = moment.utcoffset()
        if duration is None:
            raise self.fault(key, f"{value!r} is not an offset such as +03:00")
        return value, duration

    def blocks(self, key: str) -> tuple[Block, ...]:
        """A body: blocks parted by a blank line, list items on consecutive lines."""
        value = self.take(key)
        if not isinstance(value, str):
            raise self.fault(key, "must be a string")
        blocks: list[Block] = []
        for chunk in value.strip("\n").split("\n\n"):
            blocks.extend(self._chunk(key, chunk))
        if not any(block.kind == "paragraph" for block in blocks):
            raise self.fault(key, "holds no paragraph")
        if len({block.text for block in blocks}) != len(blocks):
            raise self.fault(key, "holds the same block twice")
        return tuple(blocks)

    def _chunk(self, key: str, chunk: str) -> list[Block]:
        lines = chunk.split("\n")
        blocks = [self._block(key, line) for line in lines]
        if len(blocks) > 1 and any(block.kind != "item" for block in blocks):
            raise self.fault(key, f"a block has more than one line: {lines[0][:40]!r}")
        return blocks

    def _block(self, key: str, line: str) -> Block:
        kind: BlockKind = "paragraph"
        text = line
        for mark, marked in _MARKS:
            if line.startswith(mark):
                kind, text = marked, line[len(mark) :]
        text = self._clean(key, text)
        if len(text) < _SHORTEST[kind]:
            raise self.fault(key, f"a {kind} is shorter than {_SHORTEST[kind]}: {text!r}")
        return Block(kind, text)
