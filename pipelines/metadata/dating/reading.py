"""The reading of a line that must be a date altogether."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from pipelines.metadata.dating.calendars import EARLIEST_YEAR, hijri_is_certain
from pipelines.metadata.dating.clocks import Clock, clock_at
from pipelines.metadata.dating.days import Stated, day_at
from pipelines.metadata.dating.line import Line
from pipelines.metadata.dating.moments import Moment, Place
from pipelines.metadata.dating.zones import Zone, zone_at, zone_of

# Signs that may stand around the parts of a date; a line with another one says something else.
SIGNS = frozenset(".,-/|:;()[]'\"·•–—*؛›»«<>@~_։።፣。")
_FAR_ENOUGH = 2
_MOST_DAYS_BACK = 366


def decided(stated: Stated, weekday: int | None) -> date | None:
    """The one day that is meant: the weekday decides when it is known, else the order of the place."""
    if weekday is not None:
        agreeing = [day for day in stated.days if day.weekday() == weekday]
        return agreeing[0] if agreeing and (stated.settled or len(agreeing) == 1) else None
    return stated.days[0] if stated.days and (stated.settled or len(stated.days) == 1) else None


def moment_of(day: date, clock: time | None, zone: Zone | None, country: str | None) -> Moment:
    """The moment of a day with its time and zone, as far as they are stated."""
    if clock is None or zone is None:
        return Moment(day, clock)
    return Moment(day, clock, zone_of(zone, datetime.combine(day, clock), country))


def certain(stated: list[Stated], line: Line) -> bool:
    """Whether the days are known: a Hijri date alone is, where the calendar is reckoned."""
    hijri = any(some.calendar == "hijri" for some in stated)
    return not hijri or hijri_is_certain(line.language, line.country)


def past_signs(line: Line, at: int, most: int) -> int:
    """The token after at most so many signs."""
    for _ in range(most):
        if at < line.size and line.numbers[at] < 0 and line.tokens[at] in SIGNS:
            at += 1
    return at


class Reading:
    """One walk over a line that must be a date altogether."""

    def __init__(self, line: Line, place: Place) -> None:
        self.line = line
        self.place = place
        self.dates: list[Stated] = []
        self.clock: Clock | None = None
        self.zone: Zone | None = None
        self.weekday: int | None = None
        self.back: int | None = None
        self.ago: tuple[int, int] | None = None

    def read(self) -> bool:
        """Whether every token is part of a date."""
        at = 0
        while at < self.line.size:
            end = self._step(at)
            if not end:
                return False
            at = end
        return True

    def _step(self, at: int) -> int:
        """Where the part ends that begins at a token; 0 when it is none."""
        line = self.line
        if line.numbers[at] < 0 and line.tokens[at] in SIGNS and not self._is_zone(at):
            return at + 1
        for part in (self._ago, self._day, self._time, self._zone, self._weekday, self._back):
            if end := part(at):
                return end
        if line.tokens[at] == "t" and self.dates and line.numbers[at + 1] >= 0:
            return at + 1
        return self._filler(at)

    def _filler(self, at: int) -> int:
        line = self.line
        # "Št" and "St" are two weekdays in Slovak, and one without its accent.
        either = line.word(at)
        if either and len(either[0].values.get("weekday", ())) > 1:
            return either[1]
        return line.marked(at, "inside") or line.marked(at, "around") or line.marked(at, "clock")

    def _is_zone(self, at: int) -> bool:
        after = self.clock is not None and self.clock.end == at
        return after and self.line.tokens[at] in {"(", "-"} and bool(self._zone_at(at))

    def _ago(self, at: int) -> int:
        said = self.line.says(at, "ago")
        if said is None or self.ago or not isinstance(said[0], tuple):
            return 0
        seconds, count = int(said[0][0]), said[0][1]
        numbers = [number for number in self.line.numbers[at : said[1]] if number >= 0]
        self.ago = seconds, count or numbers[0]
        return said[1]

    def _day(self, at: int) -> int:
        line = self.line
        stated = day_at(line, at)
        if stated is None:
            return self._late_year(at)
        if not stated.full and (weekday := line.says(at, "weekday")):
            # "mar 3 mar 2026": Tuesday, 3 March.
            following = day_at(line, past_signs(line, weekday[1], 2))
            if following and following.full:
                return 0
        self.dates.append(stated)
        if stated.clock:
            if self.clock:
                return 0
            self.clock = Clock(stated.end, stated.clock, seconds=True)
        return stated.end

    def _late_year(self, at: int) -> int:
        """The year after the time: Tue Aug 25 00:23:33 +0000 2020."""
        last = self.dates[-1] if self.dates else None
        if not (last and last.month_day and self.clock and len(self.line.tokens[at]) == 4):
            return 0
        try:
            day = date(self.line.numbers[at], *last.month_day)
        except ValueError:
            return 0
        if not EARLIEST_YEAR <= day.year <= self.line.last_year:
            return 0
        self.dates[-1] = Stated(at + 1, (day,))
        return at + 1

    def _time(self, at: int) -> int:
        clock = clock_at(self.line, at, dotted=True)
        if clock is None or self.clock:
            return 0
        self.clock = clock
        return clock.end

    def _zone_at(self, at: int) -> Zone | None:
        clock = self.clock
        after = clock is not None and clock.end == at
        iso = any(stated.iso for stated in self.dates)
        return zone_at(self.line, at, after_clock=after, minus=iso or (clock is not None and clock.seconds))

    def _zone(self, at: int) -> int:
        zone = self._zone_at(at) if self.zone is None else None
        if zone is None:
            return 0
        self.zone = zone
        return zone.end

    def _weekday(self, at: int) -> int:
        said = self.line.says(at, "weekday")
        if said is None or self.weekday not in (None, said[0]):
            return 0
        self.weekday = int(str(said[0]))
        return said[1]

    def _back(self, at: int) -> int:
        said = self.line.says(at, "back")
        if said is None or self.back is not None:
            return 0
        self.back = int(str(said[0]))
        return said[1]

    def moment(self) -> Moment | None:
        """What the parts say together."""
        clock = self.clock.at if self.clock else None
        if self.ago:
            alone = not self.dates and clock is None and self.back is None and self.zone is None
            return self._passed(*self.ago) if alone else None
        if self.back is not None:
            day = None if self.dates else self.place.fetched_at.date() - timedelta(days=self.back)
            day = day if day and self.weekday in (None, day.weekday()) else None
        else:
            day = self._one_day()
        return moment_of(day, clock, self.zone, self.line.country) if day else None

    def _passed(self, seconds: int, count: int) -> Moment | None:
        passed = timedelta(seconds=seconds) * min(count, 10**6)
        if passed > timedelta(days=_MOST_DAYS_BACK):
            return None
        if seconds >= 86400:
            day = (self.place.fetched_at - passed).date()
            return Moment(day) if self.weekday in (None, day.weekday()) else None
        then = self.place.fetched_at.astimezone(UTC) - passed
        then = then.replace(second=0, microsecond=0, minute=0 if seconds >= 3600 else then.minute)
        return Moment(then.date(), then.time(), UTC) if self.weekday is None else None

    def _one_day(self) -> date | None:
        """The day all stated dates agree on."""
        if len(self.dates) == 1 and self.dates[0].month_day:
            return self._latest(*self.dates[0].month_day)
        ours = [stated for stated in self.dates if stated.calendar == "gregorian"]
        others = [stated for stated in self.dates if stated.calendar != "gregorian"]
        days = {decided(stated, self.weekday) for stated in ours or others}
        day = days.pop() if len(days) == 1 else None
        if day is None:
            return None
        if ours:
            return day if all(abs(other.days[0] - day).days <= _FAR_ENOUGH for other in others) else None
        return day if certain(others, self.line) else None

    def _latest(self, month: int, day: int) -> date | None:
        """The latest such day, where a weekday agrees or a time stands beside it."""
        last = (self.place.fetched_at + timedelta(days=1)).date()
        for year in (last.year, last.year - 1):
            try:
                found = date(year, month, day)
            except ValueError:
                continue
            if found <= last:
                agrees = self.weekday == found.weekday() or (self.weekday is None and self.clock is not None)
                return found if agrees else None
        return None
