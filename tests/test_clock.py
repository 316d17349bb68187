"""A clock that was wrong for one run, or that is set while a run lasts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.middlewares.robots import _Known
from crawler.politeness.refusals import Why
from pipelines.policy import DEFAULT_POLICY
from pipelines.recheck import DEFAULT_RECHECK, Recheck
from pipelines.records import Cleaned, Reason
from pipelines.store.hosts import HostStore, RobotsFile
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.places import PlaceKind, Places
from pipelines.workers import TaskFailed, Workers
from tests import worker_tasks as tasks
from tests.helpers_store import NOW, Store, article, page

USUAL = Recheck.parse(DEFAULT_RECHECK)
LONG_AGO, FAR_OFF = datetime(1970, 1, 1, 0, 5, tzinfo=UTC), datetime(2099, 12, 31, 23, tzinfo=UTC)
DAY = timedelta(days=1)
# Where the clock stood in the run before: the jump to NOW is back, forth, or none.
WRONG = [LONG_AGO, NOW - 400 * DAY, NOW - DAY, NOW + timedelta(hours=1), NOW + DAY, FAR_OFF]
FEED = "https://sahifa.test/feed"
URL = "https://sahifa.test/news/1"
HOST = "sahifa.test"

any_clock = pytest.mark.parametrize("wrong", WRONG, ids=lambda moment: f"{moment:%Y-%m-%dT%H}")
Jump = Callable[[float], None]
instants = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", DEFAULT_POLICY, USUAL)


def a_run(ledger: Ledger, run_id: str, now: datetime, text: str = "نص الخبر") -> None:
    """One run by a clock that says `now`: a feed that never changes, and an article under its one URL."""
    ledger.start_run(run_id, "news", now)
    places = Places(ledger)
    places.answered("sahifa", PlaceKind.FEED, places.place(FEED), now, brought=0)
    ledger.discover(run_id, "sahifa", [Link(URL, URL, "feed")], now)
    for lease in ledger.lease(run_id, "sahifa", 5, now):
        found = article(text=text, fetched_at=now, run_id=run_id, published_date=None)
        ledger.fetched(lease.key, page(fetched_at=now))
        if ledger.stage(lease.key, Cleaned(found, ())) is not None:
            ledger.connection.execute("UPDATE urls SET state = 'committed'")


def due(ledger: Ledger) -> datetime | None:
    found = ledger.connection.execute("SELECT due_at FROM urls").fetchone()[0]
    return datetime.fromisoformat(found) if found else None


@any_clock
def test_an_article_is_looked_at_again_within_the_longest_age(ledger: Ledger, wrong: datetime) -> None:
    a_run(ledger, "run-1", wrong)
    ledger.start_run("run-2", "news", NOW)
    planned = due(ledger)
    assert planned is not None
    assert planned <= NOW + USUAL.ages[-1]


@any_clock
def test_an_article_s_looks_come_to_an_end(ledger: Ledger, wrong: datetime) -> None:
    """However its first fetch was dated, it is looked at a few times and not every hour for ever."""
    a_run(ledger, "run-1", wrong)
    looks = 0
    for hour in range(24 * 30):
        now = NOW + timedelta(hours=hour)
        ledger.start_run(f"run-{hour + 2}", "news", now)
        if leases := ledger.lease(f"run-{hour + 2}", "sahifa", 5, now):
            looks += 1
            ledger.unchanged(leases[0].key, article(fetched_at=now, published_date=None))
    assert 1 <= looks <= len(USUAL.ages) + 1
    assert due(ledger) is None


@any_clock
def test_a_place_rests_a_day_at_the_most(ledger: Ledger, wrong: datetime) -> None:
    for number in range(15):  # the longest rest
        a_run(ledger, f"run-{number}", wrong)
    ledger.start_run("run-now", "news", NOW)
    place = Places(ledger).place(FEED)
    assert place.unchanged > 8
    assert not place.rests(NOW + DAY)


@given(wrong=instants, right=instants)
def test_nothing_is_planned_further_off_than_its_rule_says(
    tmp_path_factory: pytest.TempPathFactory, wrong: datetime, right: datetime
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("clock") / "ledger.sqlite", DEFAULT_POLICY, USUAL)
    a_run(ledger, "run-1", wrong)
    ledger.start_run("run-2", "news", right)
    planned, rest = due(ledger), Places(ledger).place(FEED).rest_until
    ledger.close()
    assert planned is None or planned <= right + USUAL.ages[-1]
    assert rest is None or rest <= right + DAY


@any_clock
def test_a_host_is_left_alone_a_day_at_the_most(ledger: Ledger, wrong: datetime) -> None:
    HostStore(ledger.connection, wrong).block(HOST, wrong + DAY, Why.RETRY_AFTER)
    blocked = HostStore(ledger.connection, NOW).blocked()
    assert all(until <= NOW + DAY for until, _ in blocked.values())
    assert HostStore(ledger.connection, NOW + DAY).blocked() == {}


@any_clock
def test_a_robots_file_is_believed_a_day_at_the_most(ledger: Ledger, wrong: datetime) -> None:
    file = RobotsFile(200, b"User-agent: *\nDisallow: /\n", wrong + DAY)
    HostStore(ledger.connection, wrong).keep_robots(f"https://{HOST}", file)
    store = HostStore(ledger.connection, NOW)
    assert store.robots(f"https://{HOST}", NOW + DAY) is None


def test_a_pause_that_can_be_right_is_kept(ledger: Ledger) -> None:
    HostStore(ledger.connection, NOW).block(HOST, NOW + DAY, Why.RETRY_AFTER)
    assert HostStore(ledger.connection, NOW).blocked() == {HOST: (NOW + DAY, Why.RETRY_AFTER)}


@any_clock
def test_what_an_earlier_run_stored_is_known_whatever_its_clock_said(ledger: Ledger, wrong: datetime) -> None:
    """Else a site that still lists its articles falls short of what is expected of it."""
    a_run(ledger, "run-1", wrong)
    assert ledger.known_articles("run-1", wrong + timedelta(minutes=1)) == {}
    ledger.start_run("run-2", "news", NOW)
    ledger.discover("run-2", "sahifa", [Link(URL, URL, "feed")], NOW)
    assert ledger.known_articles("run-2", NOW + timedelta(minutes=1)) == {"sahifa": 1}


@any_clock
def test_versions_follow_each_other_and_stand_where_their_fetch_was(tmp_path: Path, wrong: datetime) -> None:
    store = Store(tmp_path / "output")
    for number, now in enumerate((wrong, NOW)):
        ledger = Ledger(store.ledger_path, DEFAULT_POLICY, Recheck(always=True))
        a_run(ledger, f"run-{number}", now, f"نص {number}")
        ledger.close()
        store.restart(f"run-{number}-end")
    rows = sorted(store.rows("articles"), key=lambda row: row["version"])
    assert [(row["version"], row["fetched_at"]) for row in rows] == [(1, wrong), (2, NOW)]
    assert rows[1]["previous_id"] == rows[0]["id"]
    days = {name.split("/")[1] for name in store.visible()}
    assert days == {f"fetch_date={moment.date()}" for moment in (wrong, NOW)}
    store.assert_manifest_equals_folder()


def test_two_runs_at_the_same_moment_have_names_of_their_own(ledger: Ledger) -> None:
    """The clock went back by an hour, and a run starts in a second that was already."""
    from crawler.config import RunConfig
    from crawler.run import Run

    folder = ledger.path.parent / "output"
    config = RunConfig(str(folder), folder / ".state", folder / "ledger.sqlite", 1, 1.0, 512 << 20)
    names = set()
    for _ in range(3):
        run = Run(config, "news")
        names.add(run.run_id)
        run.close()
    assert len(names) == 3


# -- while a run lasts


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Sets the clock on the wall, once, by so many seconds."""
    real = time.time

    def set_by(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return set_by


def run_through_a_jump(jump: Jump, seconds: float, page_seconds: float, *task: object) -> object:
    """The task in a worker, the clock set while it works."""
    pool = Workers(1, page_seconds, 512 << 20)

    async def work() -> object:
        await pool.run(tasks.add, 1, 1)  # the worker is there
        under_way = asyncio.ensure_future(pool.run(*task))  # type: ignore[arg-type]  # a task and its arguments
        await asyncio.sleep(0.3)
        jump(seconds)
        return await under_way

    try:
        return asyncio.run(work())
    finally:
        pool.stop()


def test_a_clock_set_forward_ends_no_page_s_work(jump: Jump) -> None:
    assert run_through_a_jump(jump, 86_400, 120.0, time.sleep, 1.5) is None


def test_a_clock_set_back_saves_no_page_that_hangs(jump: Jump) -> None:
    with pytest.raises(TaskFailed) as failed:
        run_through_a_jump(jump, -86_400, 1.5, time.sleep, 120)
    assert failed.value.reason is Reason.EXTRACT_TIMEOUT


def test_the_age_of_robots_rules_is_measured_by_a_clock_that_nobody_sets(jump: Jump) -> None:
    known = _Known(None, until=time.monotonic() + 60)
    jump(86_400)
    assert not known.is_over
    assert _Known(None, until=time.monotonic()).is_over
    assert not _Known(None).is_over
