"""Publication and modification dates: aware instants where the page says so, a calendar day else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from htmldate import find_date
from lxml.html import HtmlElement

from pipelines.metadata.structured import Candidate, Statements
from pipelines.records import Witness

_EARLIEST = date(1990, 1, 1)
_ISO_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?!\d)")
_LOOSE_ZONE = re.compile(r"(?<=\d)\s*(?:UTC|GMT)?\s*([+-]\d{2}):?(\d{2})$")
_LOOSE_UTC = re.compile(r"(?<=\d)\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
# Python reads any character as the "T", so it would take "2026-11-03-10-00" for a time with a zone.
_NO_TIME = re.compile(r"\d{4}-\d\d-\d\d[^\sTt]")
_FRACTION = re.compile(r"(\.\d{6})\d+")


@dataclass(frozen=True, slots=True)
class Dated:
    """A date with its witness. `instant` is None when no time of day with a zone is stated."""

    day: date
    instant: datetime | None
    source: str
    raw: str


def parse_date(raw: str) -> tuple[date, datetime | None] | None:
    """Calendar day as stated and aware UTC instant (None without time or zone), or None.

    >>> parse_date("2026-11-03T01:15:00+03:00")
    (datetime.date(2026, 11, 3), datetime.datetime(2026, 11, 2, 22, 15, tzinfo=datetime.timezone.utc))
    >>> parse_date("2026-11-03 01:15")
    (datetime.date(2026, 11, 3), None)
    """
    text = raw.strip()
    stated = stated_moment(text)
    try:
        if stated is not None:
            return stated.date(), stated.astimezone(UTC) if stated.tzinfo else None
        if match := _ISO_DAY.match(text):
            return date(*map(int, match.group(1, 3, 4))), None
    except (ValueError, OverflowError):
        return None
    return None


def stated_moment(raw: str) -> datetime | None:
    """ISO 8601 or RFC 2822 date and time as written, in its own zone or naive."""
    text = _FRACTION.sub(r"\1", raw.strip())
    return _iso(text) or _rfc(text)


def _iso(text: str) -> datetime | None:
    if _NO_TIME.match(text):
        return None
    for attempt in (text, _LOOSE_ZONE.sub(r"\1:\2", text), _LOOSE_UTC.sub("+00:00", text)):
        try:
            return datetime.fromisoformat(attempt)
        except ValueError:
            continue
    return None


def _rfc(text: str) -> datetime | None:
    try:
        stated = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    # "-0000" says: UTC, by a clock of unknown zone (RFC 5322, 3.3); Python leaves it naive.
    return stated.replace(tzinfo=UTC) if text.endswith("-0000") else stated


def _acceptable(day: date, fetched_at: datetime) -> bool:
    return _EARLIEST <= day <= (fetched_at + timedelta(days=1)).date()


def published(
    statements: Statements, witness: Witness | None, root: HtmlElement, fetched_at: datetime
) -> Dated | None:
    """First acceptable publication date: what is stated, the feed's, a lone <time>, htmldate's."""
    stated = statements.all("published")
    times = statements.all("time")
    feed = [Candidate("published", witness.published, "feed")] if witness and witness.published else []
    decided = _first(stated + feed + times[:1], fetched_at)
    if decided:
        return decided
    found = _searched(root, fetched_at, guess=True)
    if found and found.endswith("-01-01"):
        # What htmldate makes of a year alone: wrong on all 11 pages where a stricter look finds nothing.
        found = _searched(root, fetched_at, guess=False)
    return _first([Candidate("published", found, "htmldate")], fetched_at) if found else None


def _searched(root: HtmlElement, fetched_at: datetime, *, guess: bool) -> str | None:
    last = (fetched_at + timedelta(days=1)).date()
    found: str | None = find_date(
        root,
        original_date=True,
        extensive_search=guess,
        min_date=_EARLIEST.isoformat(),
        max_date=last.isoformat(),
    )
    return found


def modified(statements: Statements, after: Dated | None, fetched_at: datetime) -> datetime | None:
    """The stated instant of the last change; None unless it is later than the publication."""
    decided = _first(statements.all("modified"), fetched_at)
    if decided is None or decided.instant is None:
        return None
    if after and (decided.instant <= after.instant if after.instant else decided.day < after.day):
        return None
    return decided.instant


def _first(candidates: list[Candidate], fetched_at: datetime) -> Dated | None:
    best: Dated | None = None
    for candidate in candidates:
        parsed = parse_date(candidate.value)
        if parsed is None or not _acceptable(parsed[0], fetched_at):
            continue
        dated = Dated(parsed[0], parsed[1], candidate.source, candidate.value)
        if dated.instant is not None and (best is None or best.day == dated.day):
            return dated
        best = best or dated  # a day now, unless a later witness gives the same day's instant
    return best
