from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.recheck import DEFAULT_RECHECK, NEVER, Recheck

FIRST = datetime(2026, 11, 21, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
USUAL = Recheck.parse(DEFAULT_RECHECK)


def after(hours: float, schedule: Recheck = USUAL) -> float | None:
    due = schedule.next_due(FIRST, FIRST + hours * HOUR)
    return (due - FIRST) / HOUR if due else None


def test_the_usual_schedule_thins_out_and_ends() -> None:
    assert [after(hours) for hours in (0, 0.5, 1, 5, 6, 24, 167, 168, 1000)] == [
        1, 1, 6, 6, 24, 168, 168, None, None
    ]  # fmt: skip


def test_a_run_that_comes_late_looks_once() -> None:
    assert after(30) == 168


def test_what_was_old_when_it_was_found_is_not_looked_at_again() -> None:
    assert USUAL.next_due(FIRST, FIRST, FIRST - timedelta(days=8)) is None
    assert USUAL.next_due(FIRST, FIRST, FIRST - timedelta(days=6)) == FIRST + HOUR


def test_never_and_always_have_no_ages() -> None:
    assert Recheck.parse("never") == NEVER
    assert Recheck.parse(" Always ") == Recheck(always=True)
    assert after(0, NEVER) is after(0, Recheck.parse("always")) is None


@pytest.mark.parametrize(
    "text", ["", "1", "h", "1y", "-1h", "1h,,6h", "1h 6h", "sometimes", "1.5h", "9999999h"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="never"):
        Recheck.parse(text)


@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=6),
    st.integers(0, 12_000),
)
def test_the_next_look_is_ahead_and_one_of_the_ages(hours: list[int], passed: int) -> None:
    schedule = Recheck.parse(",".join(f"{number}h" for number in hours))
    due = after(passed, schedule)
    assert due == min((number for number in hours if number > passed), default=None)
