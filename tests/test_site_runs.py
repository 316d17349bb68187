"""What a run came to on each site: counted, kept in the ledger, and the same as the rows say."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.health.alarms import Alarm, Sign
from pipelines.health.figures import LAG_EDGES, LENGTH_EDGES, SiteRun, SiteTally, added, lag_hours
from pipelines.health.waterfall import of_ends, of_runs
from pipelines.records import Article, ChangeKind, Cleaned
from pipelines.store.ends import ends_by_site
from pipelines.store.ledger import Ledger
from pipelines.store.site_runs import alarms, runs_of, save_alarms, save_site_runs, site_runs, thin_out
from tests.conftest import DemoCrawl
from tests.crawling import rows
from tests.helpers_store import NOW, article, block, rejected

COUNTS = st.integers(0, 10**6)
NAMED = st.dictionaries(st.sampled_from(["ar", "fa", "und", "no_body"]), COUNTS)
RUNS = st.builds(
    SiteRun,
    run_id=st.just("20261123T000000-abcdef"),
    site=st.sampled_from(["sahifa", "rozname"]),
    spider=st.just("news"),
    started_at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    listed=COUNTS,
    stored=COUNTS,
    rejected=NAMED,
    failed=NAMED,
    languages=NAMED,
    lengths=st.tuples(*[COUNTS] * (len(LENGTH_EDGES) + 1)),
    lags=st.tuples(*[COUNTS] * (len(LAG_EDGES) + 1)),
)


@given(RUNS)
def test_a_run_comes_back_from_json(run: SiteRun) -> None:
    assert SiteRun.from_plain(json.loads(json.dumps(run.plain()))) == run
    assert SiteRun.from_plain(run.plain() | {"of_a_later_version": 1}) == run


@given(st.lists(RUNS, max_size=4))
def test_runs_add_up(runs: list[SiteRun]) -> None:
    total = added(runs)
    assert total.stored == sum(run.stored for run in runs)
    assert total.rejected == sum((Counter(run.rejected) for run in runs), Counter())
    assert sum(total.lengths) == sum(sum(run.lengths) for run in runs)


def test_pages_are_counted_by_what_they_came_to() -> None:
    tally = SiteTally()
    first = replace(article("http://a.test/1"), char_count=64, removed_chars=40, authors=("س",), title="خبر")
    tally.take(Cleaned(first, (block(1), block(2))))
    tally.take(Cleaned(replace(first, version=2, change_kind=ChangeKind.TEXT)))
    tally.take(Cleaned(rejected("http://a.test/2")))
    assert (tally.stored, tally.changed, tally.rejected.total()) == (1, 1, 1)
    assert (tally.lengths[0], tally.lengths[1], tally.kept_chars, tally.removed_chars) == (0, 1, 64, 40)
    assert (tally.filled["authors"], tally.filled["tags"]) == (1, 0)
    assert tally.rules.total() == 2


def test_a_lag_is_counted_from_what_is_known_of_the_publication() -> None:
    def lag(**known: object) -> float | None:
        base: Article = article("http://a.test/1")
        unknown = {"published_at": None, "published_date": None}
        return lag_hours(replace(base, fetched_at=NOW, **(unknown | known)))  # type: ignore[arg-type]  # as named

    assert lag() is None
    assert lag(published_at=NOW - timedelta(hours=5)) == 5
    assert lag(published_at=NOW + timedelta(hours=2)) == -2
    assert lag(published_date=NOW.date()) == 0
    assert lag(published_date=date(NOW.year - 1, 1, 1)) > 24 * 300  # type: ignore[operator]  # it is known


def test_runs_and_alarms_are_kept(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    first = SiteRun("r1", "sahifa", "news", NOW, stored=3, rejected={"no_body": 1})
    later = replace(first, run_id="r2", started_at=NOW + timedelta(days=1))
    listed = replace(first, run_id="r3", spider="urls", site="other")
    alarm = Alarm("sahifa", "r2", later.started_at, (Sign("silent", "nothing new"),), "r2", ("a.warc.gz",))
    with closing(ledger.connection) as db:
        save_site_runs(db, [later, first, listed])
        save_site_runs(db, [first])
        assert list(site_runs(db)) == list(site_runs(db, "sahifa")) == [first, later]
        assert list(site_runs(db, since=later.started_at)) == [later]
        assert runs_of(db, "r3") == [listed]
        save_alarms(db, [alarm])
        assert alarms(db) == alarms(db, only_open=True) == [alarm]
        ended = replace(alarm, ended_at=NOW + timedelta(days=2), ending="recovered", last_run_id="r4")
        save_alarms(db, [ended])
        assert (alarms(db), alarms(db, only_open=True)) == ([ended], [])


def test_old_days_become_one_row_and_go(tmp_path: Path) -> None:
    """What a day came to stays the same, and so does what is usual."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    every = [
        SiteRun(
            f"r{hour}", "sahifa", "news", NOW - timedelta(hours=hour), stored=1, rejected={"no_body": hour}
        )
        for hour in range(0, 24 * 70, 6)
    ]
    other = replace(every[40], spider="urls", run_id="other")
    with closing(ledger.connection) as db:
        save_site_runs(db, [*every, other])
        thin_out(db, ["sahifa"], NOW)
        left = list(site_runs(db))
        days = Counter(run.started_at.date() for run in left)
        recent = (NOW - timedelta(days=3)).date()
        assert {days[day] for day in days if day < recent} == {1}
        assert all(run in left for run in every if run.started_at.date() >= recent)
        assert min(days) == (NOW - timedelta(days=60)).date()
        for day in days:
            if day > min(days):
                of_day = added(run for run in every if run.started_at.date() == day)
                assert added(run for run in left if run.started_at.date() == day) == of_day
        thin_out(db, ["sahifa"], NOW)
        assert list(site_runs(db)) == left
        assert runs_of(db, "other") == [other]


def test_days_on_which_an_alarm_began_or_ended_are_not_joined(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    every = [
        SiteRun(f"r{hour}", "sahifa", "news", NOW - timedelta(hours=hour), stored=hour)
        for hour in range(0, 24 * 20, 6)
    ]
    began, ended = NOW - timedelta(days=15), NOW - timedelta(days=10)
    with closing(ledger.connection) as db:
        save_site_runs(db, every)
        save_alarms(db, [Alarm("sahifa", "r", began, (), "r", ended_at=ended, ending="recovered")])
        thin_out(db, ["sahifa"], NOW)
        days = Counter(run.started_at.date() for run in site_runs(db))
    assert days[began.date()] == days[ended.date()] == 4
    assert days[began.date() - timedelta(days=1)] == days[ended.date() + timedelta(days=1)] == 1


@given(RUNS)
def test_the_steps_of_a_run_add_up(run: SiteRun) -> None:
    asked, answered, cleaned, published = of_runs([run])
    assert published.count == run.stored + run.changed
    assert cleaned.count - published.count == run.unchanged + run.copies
    assert answered.count - cleaned.count == sum(run.rejected.values())
    assert asked.count - answered.count == sum(run.failed.values())


def test_the_steps_of_a_ledger_end_with_its_rows(demo_crawl: DemoCrawl) -> None:
    with closing(sqlite3.connect(demo_crawl.output / ".state" / "ledger.sqlite")) as db:
        sites = ends_by_site(db)
        urls = db.execute("SELECT count(*) FROM urls").fetchone()[0]
    articles = rows(demo_crawl.output, "articles")
    total = 0
    for site, ends in sites.items():
        discovered, *between, published = of_ends(ends)
        assert published.count == len({row["url_canonical"] for row in articles if row["site"] == site})
        lost = sum(count for step in (*between, published) for _, count in step.lost)
        assert discovered.count - lost == published.count
        total += discovered.count
    assert total == urls


def test_a_crawls_figures_are_those_of_its_rows(demo_crawl: DemoCrawl) -> None:
    with closing(sqlite3.connect(demo_crawl.output / ".state" / "ledger.sqlite")) as db:
        first, second = (runs_of(db, run) for (run,) in db.execute("SELECT run_id FROM runs ORDER BY 1"))
    articles = rows(demo_crawl.output, "articles")
    assert {run.site: run.stored for run in first} == Counter(row["site"] for row in articles)
    turned_away = Counter(row["reason"] for row in rows(demo_crawl.output, "rejected"))
    assert added(first).rejected == turned_away
    assert added(first).rules == Counter(row["rule"] for row in rows(demo_crawl.output, "removed_blocks"))
    assert added(first).languages == Counter(row["language"] for row in articles)
    assert added(first).filled["authors"] == sum(bool(row["authors"]) for row in articles)
    assert added(first).kept_chars == sum(row["char_count"] for row in articles)
    assert all(run.listed >= run.stored and run.seconds > 0 for run in first)
    assert len(second) == len(first)
    assert (added(second).stored, added(second).discovered) == (0, 0)
    assert all(run.listed > 0 for run in second)
