"""What an answer says about the host: whether it has a robots.txt, and how long it wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

DAY_SECONDS = 86_400.0
# 4xx that speak of the moment and not of the file; like a timeout and 5xx they keep us out.
_NOT_NOW = frozenset({408, 425, 429})


class RobotsState(StrEnum):
    """What is known of an origin's robots.txt."""

    READ = "read"
    ABSENT = "absent"
    UNREACHABLE = "unreachable"


def robots_state(status: int) -> RobotsState:
    """What the last answer for robots.txt means (RFC 9309, 2.3.1).

    >>> [robots_state(status).value for status in (200, 304, 403, 404, 429, 503)]
    ['read', 'absent', 'absent', 'absent', 'unreachable', 'unreachable']
    """
    if 200 <= status < 300:
        return RobotsState.READ
    if 300 <= status < 500 and status not in _NOT_NOW:
        return RobotsState.ABSENT
    return RobotsState.UNREACHABLE


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds a Retry-After header asks for, 0 to a day; None when it says nothing (RFC 9110, 10.2.3).

    >>> now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    >>> [retry_after(value, now) for value in ("120", "Sat, 21 Nov 2026 12:01:00 GMT", "1000000000", "soon")]
    [120.0, 60.0, 86400.0, None]
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), DAY_SECONDS)
    moment = _http_date(text)
    return None if moment is None else min(max((moment - now).total_seconds(), 0.0), DAY_SECONDS)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
