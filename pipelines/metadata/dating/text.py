"""Strict reading of date strings found on pages, in any language of news: nothing rather than a guess."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from pipelines.metadata.dating.calendars import EARLIEST_YEAR
from pipelines.metadata.dating.finding import moments_in
from pipelines.metadata.dating.line import Line
from pipelines.metadata.dating.moments import Moment, Place
from pipelines.metadata.dating.reading import Reading
from pipelines.metadata.dating.words import begins_otherwise, fold, says_other_things

__all__ = ["Moment", "Place", "find_moments", "read_moment"]

_LONGEST = 300
_YEAR_AND_MORE = re.compile(r"\d{3}")
# In a year of the calendar that all share (one of another is no such year), with an offset that a place has.
_ISO_INSTANT = re.compile(
    r"(19\d\d|20\d\d)-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?"
    r"(?:Z|\+(?:0\d|1[0-4]):?(?:00|15|30|45)|-(?:0\d|1[0-2]):?(?:00|15|30|45))?",
    re.ASCII,
)
_DAY_AND_YEAR = re.compile(r"\d\D+\d|\d{8}")


def read_moment(text: str, place: Place) -> Moment | None:
    """The moment a string that is a date and nothing else says; None when in doubt.

    Weekday, time, zone, labels ("Published:", "نشر في") and the day in another calendar may stand around.

    >>> from datetime import UTC, datetime
    >>> place = Place(datetime(2026, 12, 4, tzinfo=UTC), "ar")
    >>> read_moment("نشر في: الخميس ٣ ديسمبر ٢٠٢٦ - ٢:٣٠ م", place)
    Moment(day=datetime.date(2026, 12, 3), clock=datetime.time(14, 30), zone=None)
    >>> read_moment("الجمعة ٣ ديسمبر ٢٠٢٦", place) is None
    True
    """
    if len(text) > _LONGEST or begins_otherwise(text):
        return None
    return _read_moment(text, place)


# Statements repeat each other, and lines are looked at for more than one reason.
@lru_cache(maxsize=128)
def _read_moment(text: str, place: Place) -> Moment | None:
    if stated := _iso_instant(text, place):
        return stated
    folded = fold(text)
    if says_other_things(folded):
        return None
    line = _line(text, folded, place)
    reading = Reading(line, place)
    return reading.moment() if line.size and reading.read() else None


def _iso_instant(text: str, place: Place) -> Moment | None:
    """The moment of the form that machines write; None where only the whole reading can tell."""
    match = _ISO_INSTANT.fullmatch(text)
    if match is None or not EARLIEST_YEAR <= int(match[1]) <= place.fetched_at.year + 1:
        return None
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Moment(stated.date(), stated.time(), stated.tzinfo)


def find_moments(text: str, place: Place) -> list[Moment]:
    """The full dates in a short line (at most 300 characters) that says other things too, in order.

    Each has day, month and year. A time beside a date is its time of day. Never a bare number, a phone
    number, a price, a version or an id.

    >>> from datetime import UTC, datetime
    >>> place = Place(datetime(2026, 12, 4, tzinfo=UTC), "en")
    >>> find_moments("By Jane Roe | Politics | 3 May 2026, 14:30", place)
    [Moment(day=datetime.date(2026, 5, 3), clock=datetime.time(14, 30), zone=None)]
    """
    if len(text) > _LONGEST or not _YEAR_AND_MORE.search(text):
        return []
    folded = fold(text)
    return moments_in(_line(text, folded, place)) if _DAY_AND_YEAR.search(folded) else []


def _line(text: str, folded: str, place: Place) -> Line:
    language = place.language.lower().partition("-")[0] if place.language else None
    country = place.country.upper() if place.country else None
    return Line(text, folded, language, country, place.fetched_at.year + 1)
