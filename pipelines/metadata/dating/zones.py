"""The zone that begins at a token of a line, and what it is on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from pipelines.metadata.dating.line import Line
from pipelines.metadata.dating.words import load_lexicon

_QUARTERS = frozenset({0, 15, 30, 45})


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone that ends before the token `end`: an offset, or a name as `words.toml` spells its value."""

    end: int
    offset: timezone | None = None
    name: str = ""


def zone_at(line: Line, at: int, *, after_clock: bool, minus: bool = True) -> Zone | None:
    """The zone that begins at a token: a name, GMT+3, or +03:00 right after a time.

    `minus` False: "10:00-11:00" is no time west of Greenwich but a span.
    """
    here = at + (line.tokens[at] == "(")
    said = line.says(here, "zone")
    if said and not (line.tokens[here].isascii() and not _capital(line, here, said[1])):
        name, end = str(said[0]), said[1]
        shift = _offset(line, end, spaced=False) if name == "UTC" else None
        end, offset = shift or (end, None)
        return Zone(_closed(line, end, here > at), offset, "" if offset else name)
    if after_clock and (shift := _offset(line, here, spaced=True)):
        if line.tokens[here] == "-" and not minus:
            return None
        return Zone(_closed(line, shift[0], here > at), shift[1])
    return None


def _capital(line: Line, at: int, end: int) -> bool:
    """Names of Latin letters: in capitals ("ET", not the French "et"), or longer than an abbreviation."""
    name = line.tokens[at]
    if end - at > 1 or len(name) > 5 or (name == "z" and line.glued[at]):
        return True
    return name.upper() in line.raw


def _closed(line: Line, end: int, opened: bool) -> int:
    """After the bracket that closes, or after words in brackets: "GMT+0300 (Arabian Standard Time)"."""
    if opened:
        return end + (line.tokens[end] == ")")
    if line.tokens[end] == "(" and ")" in line.tokens[end : end + 8]:
        close = line.tokens.index(")", end)
        if all(token.isalpha() or token in {".", "'"} for token in line.tokens[end + 1 : close]):
            return close + 1
    return end


def _offset(line: Line, at: int, *, spaced: bool) -> tuple[int, timezone] | None:
    """`+03:00`, `+0300`, `+3` and their end; None for what is the offset of no place."""
    sign, digits = line.tokens[at], line.tokens[at + 1]
    if sign not in {"+", "-"} or line.numbers[at + 1] < 0 or not line.glued[at + 1]:
        return None
    minutes, end = 0, at + 2
    if line.tokens[end] == ":" and len(line.tokens[end + 1]) == 2 and line.numbers[end + 1] >= 0:
        minutes, end = line.numbers[end + 1], end + 2
    elif len(digits) == 4:
        digits, minutes = digits[:2], int(digits[2:])
    elif spaced and len(digits) != 2:
        return None
    if len(digits) > 2 or minutes not in _QUARTERS or int(digits) > (14 if sign == "+" else 12):
        return None
    shift = timedelta(hours=int(digits), minutes=minutes)
    return end, timezone(shift if sign == "+" else -shift)


def zone_of(zone: Zone, at: datetime, country: str | None) -> tzinfo | None:
    """The zone at a naive time of day; None when the name is of several places, or not kept on that day.

    "EST" in July is a slip for what New York keeps then, or Jamaica's: which one, nobody can tell.
    """
    if zone.offset is not None:
        return zone.offset
    name = zone.name
    if name.startswith("@"):
        places = load_lexicon().zones_of[name[1:]]
        name = places.get(country or "*", places.get("*", ""))
    if not name or name == "UTC":
        return UTC if name else None
    place, _, offset = name.partition(" ")
    here = _place(place)
    shift = at.replace(tzinfo=here).utcoffset()
    if offset and shift != datetime.strptime(offset, "%z").utcoffset():
        return None
    return timezone(shift) if offset and shift is not None else here


@cache
def _place(name: str) -> ZoneInfo:
    return ZoneInfo(name)
