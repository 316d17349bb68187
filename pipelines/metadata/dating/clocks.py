"""The time of day that begins at a token of a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from pipelines.metadata.dating.days import day_at
from pipelines.metadata.dating.line import Line, time_of
from pipelines.metadata.dating.words import Value

# Half days that are written before the time; in Arabic a "م" there may as well end the year.
_HALF_DAY_AFTER = frozenset({"ar", "en"})
# Minute, second, microsecond and where they end.
Written = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day that ends before the token `end`; with `seconds` written or not."""

    end: int
    at: time
    seconds: bool = False


def clock_at(line: Line, at: int, *, dotted: bool) -> Clock | None:
    """The time of day that begins at a token; 14.30 counts where `dotted` or when a word says what it is."""
    before = _half_day_before(line, at)
    here = before[1] if before else at
    if line.number(here) < 0:
        return _clock_run(line, at)
    written = _colons(line, here) or _after_hour(line, here)
    if written is None and _is_dotted(line, here + 1):
        end = here + 3
        written = (line.numbers[here + 2], 0, 0, end)
        if not (dotted or _announced(line, at) or line.marked(end, "hour") or line.says(end, "meridiem")):
            return None
    if written is None:
        if not before and not line.says(here + 1, "meridiem"):
            return None
        written = (0, 0, 0, here + 1)
    return _with_half_day(line, line.numbers[here], written, before)


def _half_day_before(line: Line, at: int) -> tuple[Value, int] | None:
    said, found = line.says(at, "meridiem"), line.word(at)
    if said is None or found is None or found[0].values["meridiem"][said[0]] <= _HALF_DAY_AFTER:
        return None
    return said


def _colons(line: Line, at: int) -> Written | None:
    """14:30, 14:30:05, 14:30:05.123."""
    end = at + 1
    if line.tokens[end] != ":" or len(line.tokens[end + 1]) != 2 or line.numbers[end + 1] < 0:
        return None
    minute, second, micro, end = line.numbers[end + 1], 0, 0, end + 2
    if line.tokens[end] == ":" and line.number(end + 1) >= 0:
        second, end = line.number(end + 1), end + 2
        fraction = line.glued[end] and line.glued[end + 1] and line.tokens[end + 1].isdigit()
        if line.tokens[end] in {".", ","} and fraction:
            micro, end = int(line.tokens[end + 1][:6].ljust(6, "0")), end + 2
    return minute, second, micro, end


def _with_half_day(line: Line, hour: int, written: Written, before: tuple[Value, int] | None) -> Clock | None:
    end = line.marked(written[3], "hour") or written[3]
    after = line.says(end, "meridiem")
    if after and before:
        return None
    half = before or after
    if half:
        end = after[1] + (line.tokens[after[1]] == ".") if after else end
        # 14:30 PM is sloppy and clear; 0:30 PM is half past noon only where the half day stands first.
        if (hour > 12 and half[0] == 0) or (hour == 0 and half[0] == 12 and not before):
            return None
        hour = hour % 12 + int(str(half[0])) if hour <= 12 else hour
    clock = time_of(hour, *written[:3])
    return (
        Clock(end, clock, seconds=line.tokens[written[3] - 2] == ":" == line.tokens[written[3] - 4])
        if clock
        else None
    )


def _is_dotted(line: Line, at: int) -> bool:
    return (
        line.tokens[at] == "."
        and line.glued[at]
        and line.glued[at + 1]
        and len(line.tokens[at + 1]) == 2
        and line.numbers[at + 1] >= 0
        and not line.goes_on(at + 2)
    )


def _announced(line: Line, at: int) -> bool:
    back = at - 1 - (line.tokens[at - 1] in {".", ":"} and at > 1)
    return back >= 0 and line.marked(back, "clock") > 0


def _after_hour(line: Line, at: int) -> Written | None:
    """What follows an hour with its mark: 14h30, 14 Uhr, 14時30分."""
    end = line.marked(at + 1, "hour")
    if not end:
        return None
    end += line.tokens[end] == "." and line.numbers[end + 1] < 0
    minute, minute_end = line.number(end), line.marked(end + 1, "minute")
    # "14 h 30", but "14 h, 30 mai".
    alone = len(line.tokens[end]) == 2 and (line.glued[end] or day_at(line, end) is None)
    if minute < 0 or not (minute_end or alone):
        return 0, 0, 0, end
    end = minute_end or end + 1
    second, second_end = line.number(end), line.marked(end + 1, "second")
    return (minute, second, 0, second_end) if second >= 0 and second_end else (minute, 0, 0, end)


def _clock_run(line: Line, at: int) -> Clock | None:
    """T003807."""
    digits = line.tokens[at]
    if len(digits) not in (4, 6) or line.numbers[at] < 0 or at == 0 or line.tokens[at - 1] != "t":
        return None
    clock = time_of(int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0))
    return Clock(at + 1, clock, len(digits) == 6) if clock else None
