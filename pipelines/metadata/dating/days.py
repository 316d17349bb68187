"""The day that begins at a token of a line: what is written, in the order and the calendar of the place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from pipelines.metadata.dating.calendars import (
    EARLIEST_YEAR,
    calendar_of_year,
    day_stands_first_always,
    gregorian_day,
    month_stands_first,
    short_year,
)
from pipelines.metadata.dating.line import Line, time_of
from pipelines.metadata.dating.words import UNSPACED

_JOINTS = frozenset("-/.")
_BETWEEN = frozenset(".,-/'’")
Triple = tuple[int, int, int]  # year, month, day as written
_ERAS = {"roc": 1911, "reiwa": 2018, "heisei": 1988}


@dataclass(frozen=True, slots=True)
class Stated:
    """A day that ends before the token `end`.

    `days`: the Gregorian dates it may be, the likelier first; `settled` when the first one is meant unless
    the weekday says otherwise. Without a year `days` is empty and `month_day` is set. `full`: day, month and
    year are written apart; `clock` only of digits in one run.
    """

    end: int
    days: tuple[date, ...] = ()
    settled: bool = True
    calendar: str = "gregorian"
    month_day: tuple[int, int] | None = None
    iso: bool = False
    full: bool = True
    clock: time | None = None


def day_at(line: Line, at: int) -> Stated | None:
    """The day that begins at a token."""
    if line.numbers[at] >= 0:
        return _numeric(line, at) or _with_marks(line, at) or _day_first(line, at) or _year_first(line, at)
    if not line.word(at):
        return None
    return _month_first(line, at) or _with_marks(line, at)


def _made(line: Line, end: int, calendar: str, written: Triple) -> Stated | None:
    made = _dates(line, calendar, written)
    return Stated(end, made, calendar=calendar) if made else None


def _dates(line: Line, calendar: str, written: Triple) -> tuple[date, ...]:
    made = gregorian_day(calendar, *written)
    return (made,) if made and EARLIEST_YEAR <= made.year <= line.last_year else ()


def _numeric(line: Line, at: int) -> Stated | None:
    """2026-12-03, 3.12.2026, 12/3/2026; 03.12.26 with dots alone; 20261203."""
    joint = line.tokens[at + 1]
    if joint not in _JOINTS or line.tokens[at + 3] != joint:
        return _compact(line, at)
    lengths = [len(line.tokens[at + step]) for step in (0, 2, 4)]
    first, second, third = (line.numbers[at + step] for step in (0, 2, 4))
    if min(first, second, third) < 0 or not _stands_alone(line, at, at + 5, joint):
        return None
    if lengths[0] == 4 and max(lengths[1:]) <= 2:
        return _numbered(line, at + 5, (first, second, third), iso=joint == "-")
    if max(lengths[:2]) > 2 or (lengths[2] != 4 and not _short_dotted(line, joint, lengths)):
        return None
    year = third if lengths[2] == 4 else short_year(third, line.last_year)
    end = _after_year(line, at + 5)
    month_first = _month_is_first(line)
    if joint == "." and month_first:
        month_first = None  # dots are European, also in America
    orders = [(second, first), (first, second)] if not month_first else [(first, second), (second, first)]
    made = [_numbered(line, end[0], (year, month, day), era=end[1]) for month, day in orders]
    days = tuple(dict.fromkeys(some.days[0] for some in made if some))
    kept = next((some for some in made if some), None)
    if kept is None:
        return None
    return Stated(end[0], days, settled=month_first is not None, calendar=kept.calendar)


def _stands_alone(line: Line, at: int, end: int, joint: str) -> bool:
    """No part of a longer number: 1.2.2026.5, 03/12/2026/7; spaces only as people write them."""
    follows = line.glued[end] and line.tokens[end] in "-/.+:_"
    if follows and line.glued[end + 1] and line.tokens[end + 1].isalnum():
        return False  # a version, an address, the name of a file
    before = line.tokens[at - 1]
    if line.glued[at] and (before in "-/.+_#$€£" or (before == ":" and line.numbers[at - 2] >= 0)):
        return False
    if line.glued[at] and before.isalpha() and not UNSPACED.match(before):
        return False
    spaces = [line.glued[at + step] for step in (1, 2, 3, 4)]
    return all(spaces) or (joint == "." and spaces[0] and spaces[2]) or (joint == "/" and not any(spaces))


def _short_dotted(line: Line, joint: str, lengths: list[int]) -> bool:
    return joint == "." and lengths[2] == 2 and _month_is_first(line) is False


def _month_is_first(line: Line) -> bool | None:
    first = month_stands_first(line.language, line.country)
    if first is False and line.language != "en" and not day_stands_first_always(line.country):
        # "12/3/2026 2:30 PM" on a page in Arabic is what a program makes of American settings.
        pairs = zip(line.numbers, line.tokens[1:], strict=False)
        if "/" in line.tokens and any(number >= 0 and token in {"am", "pm"} for number, token in pairs):
            return None
    return first


def _numbered(line: Line, end: int, written: Triple, *, era: str = "", iso: bool = False) -> Stated | None:
    if not era:
        end, era = _after_year(line, end)
    if era in {"hijri", "jalali"}:
        return _made(line, end, era, written)
    calendar, year = calendar_of_year(written[0], line.language, line.country, persian=line.persian)
    if era and calendar != "gregorian":
        return None
    made = _dates(line, calendar, (year, *written[1:]))
    return Stated(end, made, calendar=calendar, iso=iso) if made else None


def _after_year(line: Line, at: int) -> tuple[int, str]:
    """Where the word after a year ends that names its calendar, and the calendar."""
    found = line.word(at)
    if found and not found[0].marks.isdisjoint({"hijri", "jalali", "gregorian"}):
        if line.tokens[at] == "م" and not line.glued[at] and line.tokens[at + 2] == ":":
            return at, ""  # the half day of the time that follows, or of the year
        calendar = next(name for name in ("jalali", "hijri", "gregorian") if name in found[0].marks)
        # A letter of its own is a word of the calendar only beside the year.
        return found[1], calendar
    return at, ""


def _compact(line: Line, at: int) -> Stated | None:
    """20261203, with 4 or 6 digits of a time behind or after a T."""
    digits = line.tokens[at]
    if len(digits) not in (8, 12, 14) or line.glued[at]:
        return None
    days = _dates(line, "gregorian", (int(digits[:4]), int(digits[4:6]), int(digits[6:8])))
    clock = time_of(int(digits[8:10]), int(digits[10:12]), int(digits[12:] or 0)) if digits[8:] else None
    if not days or (digits[8:] and clock is None):
        return None
    return Stated(at + 1, days, iso=True, full=line.tokens[at + 1] == "t", clock=clock)


def _with_marks(line: Line, at: int) -> Stated | None:
    """2026年12月3日, 民國115年12月3日, 令和8年12月3日; 12月3日."""
    year, head, here = 0, 0, at
    for name, before in _ERAS.items():
        if end := line.marked(at, f"before {name}"):
            head, here = before, end
    if (number := line.number(here, 4)) > 0 and (end := line.marked(here + 1, "year")):
        taiwan = line.country == "TW" and number in range(EARLIEST_YEAR - 1911, 200)
        year, here = number + (head or (1911 if taiwan else 0)), end
    elif head:
        return None
    month, day = line.number(here), -1
    if month > 0 and (end := line.marked(here + 1, "month")):
        day = line.number(end)
        here = line.marked(end + 1, "day") if day > 0 else 0
    if day <= 0 or not here:
        return None
    return _made(line, here, "gregorian", (year, month, day)) if year else _yearless(here, month, day)


def _yearless(end: int, month: int, day: int) -> Stated | None:
    # 2024 had a February 29; whether the year that is meant has one is seen later.
    there = gregorian_day("gregorian", 2024, month, day)
    return Stated(end, month_day=(month, day), full=False) if there else None


def _month_at(line: Line, at: int) -> tuple[str, int, int] | None:
    """Calendar, number and end of a month; twice named ("كانون الثاني/يناير") it is one."""
    if head := line.marked(at, "before month"):
        number = line.number(head)
        return ("gregorian", number, head + 1) if number in range(1, 13) else None
    said = line.says(at, "month")
    if said is None or not isinstance(said[0], tuple):
        return None
    end = said[1]
    if line.tokens[end] in {"/", "(", "-"} and (again := line.says(end + 1, "month")):
        if again[0] != said[0]:
            return None
        end = again[1] + (line.tokens[again[1]] == ")")
    calendar, number = said[0]
    return str(calendar), number, end


def _gap(line: Line, at: int, most: int = 3) -> int:
    """Where the signs and small words end that may stand between day, month and year."""
    for _ in range(most):
        if line.tokens[at] in _BETWEEN:
            at += 1
        elif end := line.marked(at, "inside"):
            at = end
        else:
            break
    return at


def _day_first(line: Line, at: int) -> Stated | None:
    """3 December 2026, 3rd of December, 2026, 3. 12月."""
    day = line.number(at)
    if not 1 <= day <= 31:
        return None
    month = _month_at(line, _gap(line, _after_ordinal(line, at + 1)))
    return _year_after(line, month, day) if month else None


def _after_ordinal(line: Line, at: int) -> int:
    here = at + (line.tokens[at] in {"-", ":"})  # 3-го, 3:e
    return line.marked(here, "ordinal") if line.glued[here] and line.marked(here, "ordinal") else at


def _year_after(line: Line, month: tuple[str, int, int], day: int) -> Stated | None:
    calendar, number, end = month
    at = _gap(line, end)
    if line.marked(at, "before buddhist"):
        at = line.marked(at, "before buddhist")
        at += line.tokens[at] == "."
    year = _year(line, at, calendar)
    if year:
        after, era = _after_year(line, at + 1)
        if era and era != calendar:
            return None
        return _made(line, after, calendar, (year, number, day))
    digits = line.number(at, 14)
    if digits >= 0 and len(line.tokens[at]) > 2:
        return None  # a number that is no year of this calendar
    return _yearless(end, number, day) if calendar == "gregorian" else None


def _year(line: Line, at: int, calendar: str) -> int:
    """The year a number stands for after a month, 0 if none."""
    year, digits = line.numbers[at], len(line.tokens[at])
    if year < 0 or (line.tokens[at + 1] == ":" and digits <= 2):
        return 0
    thai = calendar == "gregorian" and line.language == "th"
    if digits == 4:
        return year - 543 if thai and year > 2400 else year
    if digits == 2 and thai and 33 <= year <= line.last_year - 1957:
        return 1957 + year
    joined = line.tokens[at - 1] in _JOINTS and line.glued[at] and line.glued[at - 1]
    if digits == 2 and joined and calendar == "gregorian" and not line.goes_on(at + 1):
        return short_year(year, line.last_year)
    return 0


def _month_first(line: Line, at: int) -> Stated | None:
    """December 3, 2026; December 3rd."""
    month = _month_at(line, at)
    if month is None:
        return None
    here = _gap(line, month[2])
    day = line.number(here)
    if not 1 <= day <= 31 or line.tokens[here + 1] == ":":
        return None
    return _year_after(line, (month[0], month[1], _after_ordinal(line, here + 1)), day)


def _year_first(line: Line, at: int) -> Stated | None:
    """2026. december 3., 2026 m. gruodžio 3 d., 2026. gada 3. decembris."""
    if len(line.tokens[at]) != 4:
        return None
    here = _gap(line, _after_ordinal(line, at + 1))
    month = _month_at(line, here)
    if month:
        day_at = _gap(line, month[2])
        end = _after_ordinal(line, day_at + 1)
    else:
        day_at = here
        month = _month_at(line, _gap(line, day_at + 1)) if line.number(here) > 0 else None
        end = month[2] if month else 0
    day = line.number(day_at)
    if month is None or not 1 <= day <= 31 or line.tokens[day_at + 1] == ":":
        return None
    year = _year(line, at, month[0])
    return _made(line, end, month[0], (year, month[1], day))
