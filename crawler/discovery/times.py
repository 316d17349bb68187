"""When something was published or changed, as strings that sort: what orders links, and no more."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

from pipelines.metadata.dating.text import Place, read_moment

# A day without a clock is sorted as its noon: at most half a day wrong.
_NOON = time(12)
# No date is longer; the cache would keep thousands of them.
_MAX_CHARS = 100
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.,+\-Z ]*")
_YEAR_OR_MONTH = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2]))?")
# 2026/11/03, 2026-11, 20261103, and what only the name of a list may be believed for: 202611, 2026.
_NAMED = re.compile(
    r"(?<!\d)((?:19|20)\d\d)"
    r"(?:([-_/.])(0[1-9]|1[0-2])(?:\2(0[1-9]|[12]\d|3[01]))?|(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?)?(?!\d)",
    re.ASCII,
)


def sortable(stated: str | None) -> str | None:
    """ISO time in UTC, to the second, of a date as a feed or sitemap states it; None when it is none.

    A clock without a zone is read as UTC, a day as its noon, a month or year as its beginning: what is newest
    can be told from them, when exactly something happened cannot.

    >>> sortable("Tue, 03 Nov 2026 10:00:00 +0300"), sortable("2026-11-03")
    ('2026-11-03T07:00:00+00:00', '2026-11-03T12:00:00+00:00')
    """
    text = (stated or "").strip()
    return _sortable(text) if 0 < len(text) <= _MAX_CHARS else None


@lru_cache(maxsize=4_096)
def _sortable(text: str) -> str | None:
    try:
        moment = _iso(text) or _worded(text)
        return moment.astimezone(UTC).replace(microsecond=0).isoformat() if moment else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _iso(text: str) -> datetime | None:
    """What nearly every sitemap writes, read at a fiftieth of the price; aware."""
    if _YEAR_OR_MONTH.fullmatch(text):
        return datetime.fromisoformat(f"{text}-01-01"[:10]).replace(tzinfo=UTC)
    if _DAY.fullmatch(text):
        return datetime.combine(datetime.fromisoformat(text), _NOON, UTC)
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _worded(text: str) -> datetime | None:
    moment = read_moment(text, Place(datetime.now(UTC)))
    if moment is None:
        # Reads a date whose weekday is wrong, which orders well enough; it raises where there is none.
        mailed = parsedate_to_datetime(text)
        return mailed if mailed.tzinfo else mailed.replace(tzinfo=UTC)
    return datetime.combine(moment.day, moment.clock or _NOON, moment.zone or UTC)


def _exists(day: str) -> bool:
    """Whether the calendar has it: 31 days fit into the pattern of every month."""
    try:
        return bool(datetime.fromisoformat(day))
    except ValueError:
        return False


def named_period(url: str, *, of_list: bool = False) -> str | None:
    """The last month or day that the path of an address names, as a time; for ordering only.

    A bare year or 202611 counts `of_list`s only: articles have such numbers.

    >>> named_period("https://example.org/2026/11/03/rain"), named_period("https://example.org/map-2026-11.xml")
    ('2026-11-03T12:00:00+00:00', '2026-11-28T12:00:00+00:00')
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    periods = [found for found in _NAMED.finditer(path[-500:]) if of_list or found[3] or found[6]]
    if not periods:
        return None
    year, _, month, day, joined_month, joined_day = periods[-1].groups()
    # A month is put at its end, so that the running one stands before a day of it.
    named = f"{year}-{month or joined_month or '12'}-"
    day = day or joined_day or "28"
    return f"{named}{day if _exists(named + day) else '28'}T12:00:00+00:00"
