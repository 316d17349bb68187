"""How fast a host may be asked, and whether at all; what the ledger remembers of it."""

from __future__ import annotations

import math
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from crawler.politeness.answers import RobotsState
from crawler.politeness.hosts import (
    FAILURES_TO_OPEN,
    MAX_CRAWL_DELAY,
    MAX_OWN_DELAY,
    HostState,
    Refusal,
)
from crawler.politeness.politeness import Politeness
from crawler.politeness.refusals import HostUnavailable, Why
from pipelines.store.hosts import HostStore, RobotsFile
from pipelines.store.ledger import Ledger

URL = "http://a.test/x"


def fail(host: HostState, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        host.failed(now)


# -- pace


def test_quick_answers_leave_the_delay_alone() -> None:
    host = HostState(floor=0.0)
    for _ in range(100):
        host.answered(200, 0.004, None, 0.0)
    assert host.delay == 0.0


def test_a_slow_host_rests_as_long_as_it_worked_and_recovers_by_halves() -> None:
    host = HostState(floor=1.0)
    host.answered(200, 4.0, None, 0.0)
    assert host.delay == 8.0
    host.answered(200, 0.0, None, 0.0)
    assert host.delay == 4.0
    host.answered(404, 0.0, None, 0.0)
    assert host.delay == 3.5, "error pages come quickly and prove little"
    for _ in range(5):
        host.answered(200, 0.0, None, 0.0)
    assert host.delay == 1.0


def test_a_host_that_was_slow_once_and_has_nothing_but_dead_links_is_asked_at_its_pace_again() -> None:
    host = HostState(floor=1.0)
    host.answered(200, 4.0, None, 0.0)
    for _ in range(20):
        host.answered(404, 0.01, None, 0.0)
    assert host.delay == 1.0


def test_crawl_delay_is_the_least_delay_up_to_its_bound() -> None:
    host = HostState(floor=1.0)
    host.ask_slowly(10.0)
    host.ask_slowly(None)
    assert host.delay == 10.0
    host.ask_slowly(1e9)
    assert host.delay == MAX_CRAWL_DELAY


def test_429_doubles_the_delay_and_success_halves_it_slowly() -> None:
    host = HostState(floor=1.0)
    host.answered(429, 0.1, 1.0, 0.0)
    assert host.delay == 2.0
    host.answered(429, 0.1, 1.0, 10.0)
    assert host.delay == 4.0
    for _ in range(8):
        host.answered(200, 0.1, None, 20.0)
    assert host.delay == pytest.approx(2.0)
    for _ in range(9):
        host.answered(200, 0.1, None, 20.0)
    assert host.delay == 1.0


def test_failures_back_off_and_one_answer_ends_it() -> None:
    host = HostState(floor=0.0)
    delays = []
    for _ in range(4):
        host.answered(500, 0.1, None, 0.0)
        delays.append(host.delay)
    host.answered(200, 0.1, None, 0.0)
    assert delays == [1.0, 2.0, 4.0, 8.0]
    assert host.delay == 0.0


# -- pauses


def test_retry_after_holds_to_the_second() -> None:
    host = HostState()
    host.answered(429, 0.1, 120.0, 1000.0)
    assert host.admit(1119.0) == Refusal(Why.RETRY_AFTER, 1.0)
    assert host.admit(1120.0) is None


def test_without_retry_after_pauses_grow_and_an_answer_ends_that() -> None:
    host, now, pauses = HostState(), 0.0, []
    for _ in range(8):
        host.answered(503, 0.1, None, now)
        pauses.append(host.blocked_until - now)
        now = host.blocked_until
    assert pauses == [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 600.0]
    host.answered(200, 0.1, None, now)
    host.answered(503, 0.1, None, now)
    assert host.blocked_until - now == 10.0


def test_requests_under_way_together_are_one_sign() -> None:
    host = HostState()
    for _ in range(8):
        host.answered(429, 0.1, None, 5.0)
    assert host.blocked_until == 15.0
    assert host.delay == 1.0


def test_the_longer_of_two_pauses_holds() -> None:
    host = HostState()
    host.answered(429, 0.1, 600.0, 0.0)
    host.answered(429, 0.1, 5.0, 1.0)
    assert host.blocked_until == 600.0


# -- dead hosts


def test_a_dead_host_is_left_alone_and_probed_by_one_request() -> None:
    host = HostState()
    fail(host, FAILURES_TO_OPEN - 1)
    assert host.refusal(0.0) is None
    fail(host, 1)
    assert host.refusal(0.0) == Refusal(Why.CIRCUIT_OPEN, 30.0)
    assert host.admit(30.0) is None, "the probe"
    assert host.admit(30.0) is not None, "and no other"
    host.failed(31.0)
    assert host.refusal(31.0) == Refusal(Why.CIRCUIT_OPEN, 60.0)
    assert host.admit(91.0) is None
    host.answered(404, 0.1, None, 91.5)
    assert host.admit(92.0) is None
    assert host.admit(92.0) is None


def test_a_probe_that_is_lost_does_not_bar_the_host_for_ever() -> None:
    host = HostState()
    fail(host, FAILURES_TO_OPEN)
    assert host.admit(30.0) is None
    assert host.refusal(31.0) is not None
    assert host.refusal(90.0) is None
    assert host.admit(90.0) is None
    host.ended()
    assert host.admit(90.0) is None


def test_one_answer_between_failures_keeps_a_host_alive() -> None:
    host = HostState()
    for _ in range(10):
        fail(host, FAILURES_TO_OPEN - 1)
        host.answered(200, 0.1, None, 0.0)
    assert host.refusal(0.0) is None


def test_the_time_between_probes_is_bounded() -> None:
    host, now = HostState(), 0.0
    fail(host, FAILURES_TO_OPEN)
    for _ in range(20):
        now = host.blocked_until
        host.failed(now)
    assert host.blocked_until - now == 900.0


# -- budget


def test_the_budget_counts_what_is_sent_and_robots_txt_is_free() -> None:
    host = HostState(budget=2)
    assert host.admit(0.0, counted=False) is None
    assert host.admit(0.0) is None
    assert host.admit(0.0) is None
    assert host.admit(0.0) == Refusal(Why.HOST_BUDGET, None)
    assert host.admit(0.0, counted=False) is None
    assert (host.requests, host.refused) == (2, 1)
    host.turned_away()
    assert host.admit(0.0) is None


EVENTS = st.one_of(
    st.tuples(
        st.just("answered"),
        st.sampled_from([200, 301, 404, 429, 500, 503]),
        st.floats(0, 1e4),
        st.none() | st.floats(0, 86_400),
    ),
    st.tuples(st.just("failed")),
    st.tuples(st.just("admit")),
    st.tuples(st.just("wait"), st.floats(0, 1e5)),
)


@given(st.lists(EVENTS, max_size=60), st.floats(0, 5), st.floats(0, 1000))
def test_whatever_happens_the_delay_is_bounded_and_waiting_helps(
    events: list[tuple[object, ...]], floor: float, crawl_delay: float
) -> None:
    host, now = HostState(floor=floor), 0.0
    host.ask_slowly(crawl_delay)
    for name, *args in events:
        if name == "wait":
            now += args[0]  # type: ignore[operator]  # a float
        elif name == "admit":
            host.admit(now)
        else:
            getattr(host, str(name))(*args, now)
        assert max(floor, min(crawl_delay, MAX_CRAWL_DELAY)) <= host.delay
        assert host.delay <= max(floor, crawl_delay, MAX_OWN_DELAY)
        refusal = host.refusal(now)
        if refusal is not None:
            assert refusal.seconds is not None
            assert 0 < refusal.seconds <= 86_400
            assert host.refusal(now + refusal.seconds + 60.001) is None


# -- all hosts of a crawl


class Clock:
    """Time that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def crawler(ledger: Ledger | None = None, **settings: object) -> SimpleNamespace:
    values = {"DOWNLOAD_DELAY": 1, "NEWS_HOST_BUDGET": 0, "DOWNLOAD_SLOTS": {}} | settings
    downloader = SimpleNamespace(slots={}, per_slot_settings={})
    return SimpleNamespace(
        settings=Settings(values),
        spider=SimpleNamespace(run=SimpleNamespace(ledger=ledger) if ledger else None),
        engine=SimpleNamespace(downloader=downloader),
    )


def politeness(clock: Clock, of: SimpleNamespace | None = None) -> Politeness:
    return Politeness(of or crawler(), clock.monotonic, clock.now)  # type: ignore[arg-type]  # a stand-in


def test_a_frontier_can_ask_before_it_hands_out(clock: Clock) -> None:
    hosts = politeness(clock, crawler(NEWS_HOST_BUDGET=1))
    assert hosts.available_in(URL) == 0.0
    hosts.answered("a.test", 429, 0.1, 50.0)
    clock.seconds = 20.0
    assert hosts.available_in(URL) == 30.0
    clock.seconds = 50.0
    assert hosts.admit("a.test", counted=True) is None
    assert hosts.available_in(URL) == math.inf
    hosts.robots_known("http://b.test", RobotsState.UNREACHABLE)
    assert hosts.available_in("http://b.test/x") == math.inf
    assert hosts.available_in("https://b.test/x") == 0.0


def test_the_downloader_is_told_the_pace_of_slots_there_and_to_come(clock: Clock) -> None:
    stand_in = crawler(DOWNLOAD_SLOTS={"a.test": {"delay": 3, "concurrency": 2}})
    slot = stand_in.engine.downloader.slots["a.test"] = SimpleNamespace(delay=3.0)
    hosts = politeness(clock, stand_in)
    hosts.robots_known("http://a.test", RobotsState.READ, 7.0)
    assert slot.delay == 7.0
    assert stand_in.engine.downloader.per_slot_settings["a.test"] == {"delay": 7.0, "concurrency": 2}
    hosts.robots_known("http://b.test", RobotsState.READ, None)
    assert stand_in.engine.downloader.per_slot_settings["b.test"]["delay"] == 1.0


def test_the_report_has_a_line_for_every_host(clock: Clock) -> None:
    hosts = politeness(clock)
    hosts.robots_known("http://b.test", RobotsState.UNREACHABLE)
    hosts.robots_known("http://a.test", RobotsState.READ, 5.0)
    hosts.admit("a.test", counted=True)
    hosts.answered("a.test", 429, 0.2, 60.0)
    hosts.admit("a.test", counted=True)
    a, b = hosts.report()
    assert (a.host, a.requests, a.refused, a.delay, a.crawl_delay) == ("a.test", 1, 1, 10.0, 5.0)
    assert (a.robots, a.reason, a.seconds) == (RobotsState.READ, Why.RETRY_AFTER, 60.0)
    assert (b.host, b.robots, b.reason, b.seconds) == (
        "b.test",
        RobotsState.UNREACHABLE,
        Why.ROBOTS_UNREACHABLE,
        None,
    )


def test_a_pause_outlives_the_run_and_a_recovery_is_remembered_too(tmp_path: Path, clock: Clock) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    first = politeness(clock, crawler(ledger))
    first.answered("a.test", 503, 0.1, 3600.0)
    for _ in range(FAILURES_TO_OPEN):
        first.failed("dead.test")
    clock.seconds = 10.0
    second = politeness(clock, crawler(ledger))
    assert second.available_in(URL) == 3590.0
    assert second.available_in("http://dead.test/") == 20.0
    clock.seconds = 40.0
    for _ in range(FAILURES_TO_OPEN):
        second.failed("dead.test")
    second.answered("dead.test", 200, 0.1, None)
    third = politeness(clock, crawler(ledger))
    assert third.available_in("http://dead.test/") == 0.0
    assert third.available_in(URL) == 3560.0


def test_a_clock_that_was_wrong_bars_nobody_for_more_than_a_day(tmp_path: Path, clock: Clock) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    HostStore(ledger.connection, clock.now()).block(
        "a.test", clock.now() + timedelta(days=900), Why.RETRY_AFTER
    )
    assert politeness(clock, crawler(ledger)).available_in(URL) == 86_400.0


def test_a_ledger_that_cannot_be_written_does_not_stop_the_crawl(tmp_path: Path, clock: Clock) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    hosts = politeness(clock, crawler(ledger))
    assert hosts.available_in(URL) == 0.0
    ledger.close()
    hosts.answered("a.test", 429, 0.1, 60.0)
    assert hosts.available_in(URL) == 60.0


# -- the store


def test_robots_files_are_kept_until_they_expire(tmp_path: Path, clock: Clock) -> None:
    db = Ledger(tmp_path / "ledger.sqlite").connection
    store = HostStore(db, clock.now())
    file = RobotsFile(200, b"User-agent: *\n" * 100, clock.now() + timedelta(hours=1))
    store.keep_robots("http://a.test", file)
    assert store.robots("http://a.test", clock.now() + timedelta(minutes=59)) == file
    assert store.robots("http://a.test", clock.now() + timedelta(minutes=60)) is None
    assert store.robots("https://a.test", clock.now()) is None
    HostStore(db, clock.now() + timedelta(hours=2))
    assert db.execute("SELECT count(*) FROM robots").fetchone()[0] == 0


def test_a_damaged_file_is_asked_for_again(tmp_path: Path, clock: Clock) -> None:
    db: sqlite3.Connection = Ledger(tmp_path / "ledger.sqlite").connection
    store = HostStore(db, clock.now())
    store.keep_robots("http://a.test", RobotsFile(200, b"x", clock.now() + timedelta(hours=1)))
    db.execute("UPDATE robots SET body = x'00'")
    assert store.robots("http://a.test", clock.now()) is None


# -- what a refusal says


@pytest.mark.parametrize("reason", list(Why))
def test_a_refusal_names_the_host_and_when(reason: Why) -> None:
    later = HostUnavailable("a.test", reason, 90.4)
    never = HostUnavailable("a.test", reason, None, detail="answer 503")
    assert "a.test" in str(later)
    assert str(later).endswith("asked again in 90 s")
    assert str(never).endswith("a.test (answer 503)") or "(answer 503)" in str(never)
    assert (later.host, later.reason, later.seconds, later.status) == ("a.test", reason, 90.4, None)
