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
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_LOOSE_ZONE = re.compile(r"(?<=\d)\s*(?:UTC|GMT)?\s*([+-]\d{2}):?(\d{2})$")
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
    text = _FRACTION.sub(r"\1", raw.strip())
    stated = _iso(text) or _rfc(text)
    try:
        if stated is not None:
            aware = stated.astimezone(UTC) if stated.tzinfo else None
            has_time = len(text) > len("2026-11-03")
            return stated.date(), aware if has_time else None
        if match := _ISO_DAY.match(text):
            year, month, day = map(int, match.groups())
            return date(year, month, day), None
    except (ValueError, OverflowError):
        return None
    return None


def _iso(text: str) -> datetime | None:
    for attempt in (text, _LOOSE_ZONE.sub(r"\1:\2", text)):
        try:
            return datetime.fromisoformat(attempt)
        except ValueError:
            continue
    return None


def _rfc(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None


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
    found = find_date(
        root,
        original_date=True,
        min_date=_EARLIEST.isoformat(),
        max_date=(fetched_at + timedelta(days=1)).date().isoformat(),
    )
    return _first([Candidate("published", found, "htmldate")], fetched_at) if found else None


def modified(statements: Statements, after: Dated | None, fetched_at: datetime) -> datetime | None:
    """The stated instant of the last change; None unless it is later than the publication."""
    decided = _first(statements.all("modified"), fetched_at)
    if decided is None or decided.instant is None:
        return None
    if after and after.instant and decided.instant <= after.instant:
        return None
    return decided.instant


def _first(candidates: list[Candidate], fetched_at: datetime) -> Dated | None:
    best: Dated | None = None
    for candidate in candidates:
        parsed = parse_date(candidate.value)
        if parsed is None or not _acceptable(parsed[0], fetched_at):
            continue
        dated = Dated(parsed[0], parsed[1], candidate.source, candidate.value)
        if dated.instant is not None and (best is None or abs(best.day - dated.day).days <= 1):
            return dated
        best = best or dated  # a day now, unless a later witness gives the same day's instant
    return best
