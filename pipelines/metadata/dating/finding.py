"""The dates inside a line that says other things too."""

from __future__ import annotations

from pipelines.metadata.dating.clocks import Clock, clock_at
from pipelines.metadata.dating.days import Stated, day_at
from pipelines.metadata.dating.line import Line
from pipelines.metadata.dating.moments import Moment
from pipelines.metadata.dating.reading import SIGNS, certain, decided, moment_of, past_signs
from pipelines.metadata.dating.zones import zone_at

_FAR_ENOUGH = 2
_MOST_BETWEEN = 4
# Before a number of three parts: it is no date.
_NO_DATES = frozenset(
    "v ver version versio versión versione release build tel fax phone isbn issn doi id no nr".split()
)


def moments_in(line: Line) -> list[Moment]:
    """The full dates in a line, with their times, in order."""
    found: list[tuple[Stated, Moment]] = []
    at = 0
    while at < line.size:
        stated = day_at(line, at)
        if stated and stated.full and (moment := _found(line, at, stated)):
            found.append((stated, moment[0]))
            at = moment[1]
        else:
            at = stated.end if stated and stated.full else at + 1
    return [moment for stated, moment in found if not _repeated(stated, found)]


def _found(line: Line, at: int, stated: Stated) -> tuple[Moment, int] | None:
    """The moment of a date inside a line, and where it ends with its time; None where it may be none."""
    before = at - 1
    if before >= 0:
        sign = line.tokens[before]
        spanned = sign in {"-", "–", "—", "/"} and at > 1 and line.numbers[at - 2] >= 0 and line.glued[at]
        counted = line.numbers[before] >= 0 and line.tokens[before - 1] != ":"
        if counted or spanned or sign in {"$", "€", "£", "#", "№", "+", "="}:
            return None
        digits = line.tokens[at + 1] in {"-", "/", "."} and line.numbers[at + 2] >= 0
        if digits and (sign in _NO_DATES or line.tokens[before - 1] in _NO_DATES):
            return None
    weekday, start = _weekday_before(line, at)
    if weekday is None:
        after = past_signs(line, stated.end, 2)
        said = _weekday_at(line, after)
        weekday = said[0] if said else None
        end = said[1] if said else stated.end
    else:
        end = stated.end
    day = decided(stated, weekday)
    if day is None or not certain([stated], line):
        return None
    clock = _clock_after(line, end) or _clock_before(line, start)
    if stated.clock:
        clock = Clock(stated.end, stated.clock, seconds=True)
    if clock is None:
        return Moment(day), max(end, at + 1)
    zone = zone_at(line, clock.end, after_clock=True, minus=stated.iso or clock.seconds)
    end = max(end, zone.end if zone else clock.end)
    return moment_of(day, clock.at, zone, line.country), end


def _weekday_at(line: Line, at: int) -> tuple[int, int] | None:
    """The weekday at a token and its end; a short word of another language is hardly one."""
    said, found = line.says(at, "weekday"), line.word(at)
    if said is None or found is None:
        return None
    languages = found[0].values["weekday"][said[0]]
    foreign = line.language is not None and languages.isdisjoint({line.language, "en"})
    return None if foreign and len(line.tokens[at]) <= 3 else (int(str(said[0])), said[1])


def _weekday_before(line: Line, at: int) -> tuple[int | None, int]:
    """The weekday right before a date, and where it begins."""
    for start in range(max(0, at - 6), at):
        said = _weekday_at(line, start)
        if said and said[1] <= at and past_signs(line, said[1], 2) == at:
            return said[0], start
    return None, at


def _clock_after(line: Line, at: int) -> Clock | None:
    for _ in range(_MOST_BETWEEN):
        if clock := clock_at(line, at, dotted=False):
            return clock
        is_t = line.tokens[at] == "t" and line.glued[at]
        end = at + 1 if is_t else line.marked(at, "clock")
        if not end:
            end = at + 1 if at < line.size and line.tokens[at] in SIGNS else 0
        if not end:
            return None
        at = end
    return clock_at(line, at, dotted=False)


def _clock_before(line: Line, at: int) -> Clock | None:
    for start in range(max(0, at - 9), at):
        clock = clock_at(line, start, dotted=False)
        if clock and clock.end <= at and past_signs(line, clock.end, 2) == at:
            return clock
    return None


def _repeated(stated: Stated, found: list[tuple[Stated, Moment]]) -> bool:
    """Whether a date of another calendar stands beside the same day in the Gregorian one."""
    if stated.calendar == "gregorian":
        return False
    ours = (other for other, _ in found if other.calendar == "gregorian")
    return any(abs(other.days[0] - stated.days[0]).days <= _FAR_ENOUGH for other in ours)
