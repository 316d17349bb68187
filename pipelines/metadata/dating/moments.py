"""What a date string says, and what is known of where it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo


@dataclass(frozen=True, slots=True)
class Moment:
    """What a date string says: the calendar day as stated, the time of day if stated, the zone if stated."""

    day: date
    clock: time | None = None
    zone: tzinfo | None = None

    def instant(self, zone: tzinfo | None = None) -> datetime | None:
        """Aware UTC instant; `zone` stands in where none is stated; None without a time of day or any zone.

        A time that the zone's clocks skip or show twice is read as before the change.
        """
        known = self.zone or zone
        if self.clock is None or known is None:
            return None
        return datetime.combine(self.day, self.clock, known).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of where a date was written.

    `fetched_at` (aware; its zone tells what day "today" is), `language` (ISO 639-1, of the page or site),
    `country` (ISO 3166 alpha-2, of the host's top level domain, og:locale or the site file).
    """

    fetched_at: datetime
    language: str | None = None
    country: str | None = None
