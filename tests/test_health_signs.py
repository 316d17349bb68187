"""What of a run is out of the ordinary: decays are seen, and healthy days, odd ones too, are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.politeness.refusals import Why
from pipelines.health.alarms import SignKind
from pipelines.health.baseline import Past, articles, batches, whole
from pipelines.health.chance import count_at_most, share_at_most, share_spread
from pipelines.health.figures import FIELDS, LAG_EDGES, LENGTH_EDGES, SiteRun
from pipelines.health.judge import judge, signs
from pipelines.health.rhythm import BUDGET, stretches

START = datetime(2026, 10, 5, 6, tzinfo=UTC)
DAY = timedelta(days=1)
NONE: dict[str, int] = {}


def histogram(edges: tuple[int, ...], place: int, count: int) -> tuple[int, ...]:
    return tuple(count if n == place else 0 for n in range(len(edges) + 1))


def spread_out(count: int, middle: int) -> tuple[int, ...]:
    """Lengths around the bin `middle`: no two bins hold most of them."""
    found = [0] * (len(LENGTH_EDGES) + 1)
    for n in range(count):
        found[middle + (n % 5) - 2] += 1
    return tuple(found)


def run(number: float, stored: int = 12, **known: object) -> SiteRun:
    """A healthy run on day `number`, apart from what is `known`."""
    usual: dict[str, object] = {
        "listed": 40,
        "fetched": stored,
        "stored": stored,
        "languages": {"ar": stored},
        "filled": {name: stored for name in FIELDS if name not in ("section", "tags")},
        "lengths": spread_out(stored, 9),
        "lags": histogram(LAG_EDGES, 4, stored),
        "kept_chars": 1_500 * stored,
        "removed_chars": 400 * stored,
    }
    at = START + number * DAY
    return SiteRun(f"{at:%Y%m%dT%H%M%S}-abcdef", "sahifa", "news", at, **(usual | known))  # type: ignore[arg-type]  # as named


# Articles of a fortnight: no two weeks are the same, and Fridays are quiet.
COUNTS = (12, 11, 14, 12, 7, 10, 13, 13, 10, 12, 14, 6, 11, 12)
HISTORY = tuple(run(day, count) for day, count in enumerate(COUNTS))
TODAY = float(len(COUNTS))
EMPTY = {"lengths": histogram(LENGTH_EDGES, 0, 0), "lags": histogram(LAG_EDGES, 0, 0), "languages": NONE}

DECAYED = {
    "nothing": (SignKind.SILENT, run(TODAY, 0)),
    "no title": (
        SignKind.LAYOUT,
        run(TODAY, filled={"description": 12, "published_date": 12, "authors": 12}),
    ),
    "no body": (SignKind.LAYOUT, run(TODAY, 0, fetched=12, rejected={"no_body": 12})),
    "a wall": (SignKind.BLOCKED, run(TODAY, 0, fetched=12, rejected={"blocked": 9, "login_wall": 3})),
    "403": (SignKind.FAILING, run(TODAY, 0, fetched=0, failed={"http_403": 12})),
    "English": (SignKind.LANGUAGE, run(TODAY, languages={"en": 11, "ar": 1})),
    "furniture": (SignKind.BOILERPLATE, run(TODAY, removed_chars=30, lengths=spread_out(12, 12))),
    "all cut": (SignKind.BOILERPLATE, run(TODAY, lengths=spread_out(12, 3))),
    "longer": (SignKind.BOILERPLATE, run(TODAY, lengths=spread_out(12, 15))),
    "one length": (SignKind.BOILERPLATE, run(TODAY, 40, lengths=histogram(LENGTH_EDGES, 9, 40))),
    "copies": (SignKind.BOILERPLATE, run(TODAY, 0, fetched=12, copies=12)),
    "reprints": (SignKind.STALE, run(TODAY, lags=histogram(LAG_EDGES, len(LAG_EDGES), 12))),
    "ahead": (SignKind.STALE, run(TODAY, lags=histogram(LAG_EDGES, 0, 12))),
}


@pytest.mark.parametrize("decay", DECAYED)
def test_a_decay_is_seen_in_the_same_run_and_as_what_it_is(decay: str) -> None:
    kind, decayed = DECAYED[decay]
    found = signs(decayed, HISTORY)
    assert {sign.kind for sign in found} == {kind}
    assert all(sign.said for sign in found)


def test_a_healthy_run_shows_no_sign_and_was_judged_by_everything() -> None:
    found = judge(run(TODAY), Past(HISTORY))
    assert found.signs == ()
    assert found.judged == set(SignKind)


@pytest.mark.parametrize(
    "odd",
    [
        run(TODAY, 10, filled=dict.fromkeys(FIELDS, 6)),  # a day of videos: half of it lacks everything
        run(TODAY, 9, fetched=12, rejected={"no_body": 3}),
        run(TODAY, 10, fetched=10, failed={"http_500": 2}),
        run(TODAY, 12, languages={"ar": 9, "en": 3}),
        run(TODAY, 5),
        run(TODAY, 40),
        run(TODAY, 12, removed_chars=30),  # read at known places
        run(TODAY, 12, removed_chars=40_000),  # and no more
        run(TODAY, 12, lengths=tuple(a + b for a, b in zip(spread_out(6, 9), spread_out(6, 3), strict=True))),
        run(TODAY, 12, lengths=spread_out(12, 8)),
        run(TODAY, 2, waiting=0, lags=histogram(LAG_EDGES, 9, 2)),
    ],
)
def test_an_odd_day_is_no_decay(odd: SiteRun) -> None:
    assert signs(odd, HISTORY) == ()


@pytest.mark.parametrize("decay", DECAYED)
def test_nothing_is_judged_by_too_little(decay: str) -> None:
    _, decayed = DECAYED[decay]
    assert signs(decayed, HISTORY[-4:]) == ()
    assert signs(decayed, [replace(run(day, 2), lengths=spread_out(2, 9)) for day in range(10)]) == ()


def test_what_a_budget_left_behind_is_no_silence() -> None:
    assert signs(run(TODAY, 0, waiting=20, held_back="host_budget"), HISTORY) == ()
    dead = signs(run(TODAY, 0, waiting=20, held_back="circuit_open"), HISTORY)
    assert [sign.kind for sign in dead] == [SignKind.SILENT]
    assert "circuit_open" in dead[0].said


def test_a_flood_of_old_articles_is_no_rhythm() -> None:
    flood = run(3, 400, lags=histogram(LAG_EDGES, len(LAG_EDGES), 400))
    assert signs(run(TODAY, 9), (*HISTORY[:3], flood, *HISTORY[4:])) == ()


def test_a_pause_of_the_schedule_is_no_silence() -> None:
    assert signs(run(TODAY + 6, 12), HISTORY) == ()


def test_silence_takes_as_long_as_it_takes_to_be_certain() -> None:
    """Two articles a day: not after one day without, and not after none for a fortnight."""
    history = tuple(run(day, 2) for day in range(28))
    found = []
    for silent_days in range(1, 15):
        silence = [run(28 + day, 0) for day in range(silent_days)]
        if signs(silence[-1], (*history, *silence[:-1])):
            found.append(silent_days)
    assert found[0] in range(4, 10)
    assert found == list(range(found[0], 15))


def test_runs_every_quarter_of_an_hour_are_judged_by_the_day() -> None:
    """One article an hour, and none from midnight to six, when nobody raises an alarm."""

    def quarter(number: int, stored: bool) -> SiteRun:
        return run(number / 96, int(stored), lengths=spread_out(int(stored), 9))

    history = [quarter(n, n % 4 == 0 and START.hour + n // 4 % 24 < 24) for n in range(10 * 96)]
    assert all(signs(history[n], history[:n]) == () for n in range(9 * 96, 10 * 96, 7))
    silence = [quarter(10 * 96 + n, stored=False) for n in range(96)]
    raised = [n for n in range(0, 96, 8) if signs(silence[n], [*history, *silence[:n]])]
    assert raised
    assert raised[0] > 8 * 4


@settings(max_examples=50)
@given(
    st.lists(st.integers(8, 14), min_size=8, max_size=30),
    st.integers(8, 14),
    st.sampled_from(["ar", "fa"]),
)
def test_days_that_are_like_the_others_show_no_sign(counts: list[int], today: int, language: str) -> None:
    history = [run(day, count, languages={language: count}) for day, count in enumerate(counts)]
    assert signs(run(len(counts), today, languages={language: today}), history) == ()


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.integers(1, 15))
def test_batches_hold_enough_and_no_page_twice(counts: list[int], least: int) -> None:
    runs = [run(day, count) for day, count in enumerate(counts)]
    found = batches(runs, articles, least)
    assert all(batch.stored >= least for batch in found)
    assert sum(batch.stored for batch in found) <= sum(counts)
    assert sum(counts) - sum(batch.stored for batch in found) < least


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), min_size=2, max_size=60))
def test_stretches_cover_the_time_and_what_came_in_it(steps: list[tuple[int, int]]) -> None:
    at, runs = 0.0, []
    for hours, count in steps:
        at += hours / 24
        runs.append(run(at, count))
    found = stretches(runs, lambda each: each.stored, lambda each: each.listed, timedelta(hours=22))
    assert all(each.end - each.start >= timedelta(hours=22) for each in found)
    assert all(later.start == earlier.end for later, earlier in pairwise(found))
    if found:
        assert found[0].end == runs[-1].started_at
        covered = [each for each in runs if each.started_at > found[-1].start]
        assert sum(each.usual for each in found) == sum(each.stored for each in covered)


def test_what_a_stopped_run_brought_counts_for_the_next() -> None:
    first, stopped, last = run(0), run(1, 5), run(1.2, 3)
    both = whole([first, stopped, last], {stopped.run_id})
    assert [each.run_id for each in both] == [first.run_id, last.run_id]
    assert (both[1].stored, both[1].listed, both[1].started_at) == (8, last.listed, last.started_at)
    assert whole([first, stopped], {stopped.run_id}) == [first]


def test_a_killed_run_leaves_silence_unjudged() -> None:
    killed = (START + (TODAY - 0.2) * DAY,)
    assert judge(run(TODAY, 0), Past(HISTORY)).kinds == {SignKind.SILENT}
    found = judge(run(TODAY, 0), Past(HISTORY, killed=killed))
    assert found.signs == ()
    assert SignKind.SILENT not in found.judged


@given(st.integers(0, 60), st.floats(0.1, 80), st.floats(0, 1))
def test_chances_of_counts_are_chances(count: int, mean: float, spread: float) -> None:
    chance = count_at_most(count, mean, spread)
    assert 0 <= chance <= 1
    assert chance <= count_at_most(count + 1, mean, spread) + 1e-12
    assert count_at_most(0, mean, spread) >= count_at_most(0, mean, 0) - 1e-9


@given(st.integers(1, 60), st.floats(0.01, 0.99), st.floats(1, 500))
def test_chances_of_shares_are_chances(of: int, share: float, weight: float) -> None:
    chances = [share_at_most(count, of, share, weight) for count in range(of + 1)]
    assert chances == sorted(chances)
    assert chances[-1] == pytest.approx(1)


def test_shares_that_jump_have_a_spread_and_steady_ones_what_is_assumed_of_it() -> None:
    steady, jumping = [(10, 20)] * 20, [(0, 20), (20, 20)] * 10
    assert share_spread(steady, 0.5, 0.05, 3) < 0.01
    assert share_spread(jumping, 0.5, 0.05, 3) > 0.8
    assert share_spread([], 0.5, 0.05, 3) == pytest.approx(0.05)


def test_a_budget_is_called_what_hosts_call_it() -> None:
    assert BUDGET == Why.HOST_BUDGET
