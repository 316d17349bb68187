"""An alarm is raised once, stays open while its signs last, and ends; what the watch makes of a ledger."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from crawler.sites import Expect, Site
from crawler.summary import _alarms
from crawler.watch import Watched, explain_command, watch
from pipelines.health.alarms import Alarm, Ending, Sign, SignKind
from pipelines.health.alerts import alerts
from pipelines.health.baseline import past
from pipelines.health.figures import SiteRun
from pipelines.health.judge import Judgement
from pipelines.health.lifecycle import Step, accepted, after
from pipelines.health.policy import DEFAULT_HEALTH_POLICY
from pipelines.store.ledger import Ledger
from pipelines.store.site_runs import alarms, save_alarms, save_site_runs
from tests.test_health_signs import COUNTS, DAY, HISTORY, START, TODAY, run, spread_out

SILENT = Sign(SignKind.SILENT, "nothing new")
LAYOUT = Sign(SignKind.LAYOUT, "title on 0 of 12 new articles")
EVERYTHING = frozenset(SignKind)
ALARM = Alarm("sahifa", "r1", START, (SILENT,), "r1")


def judged(*signs: Sign, kinds: frozenset[str] = EVERYTHING) -> Judgement:
    return Judgement(signs, kinds)


def test_an_alarm_is_raised_once() -> None:
    first = after(HISTORY[0], judged(SILENT), None)
    assert first == Step(
        Alarm("sahifa", HISTORY[0].run_id, START, (SILENT,), HISTORY[0].run_id), is_raised=True
    )
    again = after(HISTORY[1], judged(SILENT), first.alarm)
    assert again == Step(replace(first.alarm, last_run_id=HISTORY[1].run_id))


def test_a_sign_of_another_kind_is_added_and_raises_it_again() -> None:
    step = after(HISTORY[1], judged(SILENT, LAYOUT), ALARM)
    assert step is not None
    assert step.is_raised
    assert (step.alarm.kinds, step.alarm.raised_at) == (("silent", "layout"), START)


def test_it_ends_when_its_signs_are_gone_and_there_was_evidence() -> None:
    assert after(HISTORY[1], judged(kinds=frozenset({SignKind.LAYOUT})), ALARM) is None
    step = after(HISTORY[1], judged(), ALARM)
    assert step == Step(replace(ALARM, ended_at=HISTORY[1].started_at, ending=Ending.RECOVERED))
    assert after(HISTORY[1], judged(), None) is None


def test_it_is_accepted_by_the_site_file_or_after_a_month() -> None:
    week, month = START + timedelta(days=7), START + timedelta(days=DEFAULT_HEALTH_POLICY.accept_days)
    assert accepted(ALARM, week, None) is None
    assert accepted(ALARM, week, START - timedelta(days=2)) is None
    midnight = START.replace(hour=0)
    for ended in (accepted(ALARM, week, midnight), accepted(ALARM, month, None)):
        assert ended is not None
        assert ended.ending == Ending.ACCEPTED


def test_which_runs_teach() -> None:
    def usual(*known: Alarm, since: datetime | None = None) -> list[float]:
        return [(each.started_at - START) / DAY for each in past(HISTORY, known, since).usual]

    third, fifth = START + 3 * DAY, START + 5 * DAY
    assert usual() == list(range(14))
    assert usual(since=fifth) == list(range(5, 14))
    assert usual(replace(ALARM, raised_at=third)) == [0, 1, 2]
    assert len(past(HISTORY, [replace(ALARM, raised_at=third)], None).since) == 11
    recovered = replace(ALARM, raised_at=third, ended_at=fifth, ending=Ending.RECOVERED)
    assert usual(recovered) == [0, 1, 2, *range(5, 14)]
    assert usual(replace(recovered, ending=Ending.ACCEPTED)) == list(range(3, 14))


# -- the watch


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A ledger with a fortnight of runs."""
    with closing(Ledger(tmp_path / "ledger.sqlite").connection) as opened:
        save_site_runs(opened, HISTORY)
        for each in HISTORY:
            note(opened, each, "ok")
        yield opened


def note(db: sqlite3.Connection, of: SiteRun, outcome: str | None) -> None:
    known = (of.run_id, of.spider, of.started_at.isoformat(), outcome)
    db.execute("INSERT INTO runs (run_id, spider, started_at, outcome) VALUES (?, ?, ?, ?)", known)


def site(since: date | None = None) -> Site:
    return Site(name="sahifa", start="http://sahifa.test/", expect=Expect(since=since))


def seen(db: sqlite3.Connection, of: SiteRun, since: date | None = None) -> Watched:
    """A run is judged, and it and its alarms are kept."""
    watched = Watched(of.run_id, "scrapy explain -a case=")
    note(db, of, "ok")
    watch(watched, db, [of], [site(since)], now=of.started_at)
    save_site_runs(db, [of])
    save_alarms(db, watched.changed)
    return watched


def test_the_life_of_an_alarm_in_a_ledger(db: sqlite3.Connection) -> None:
    assert seen(db, run(TODAY)).changed == []
    raised = seen(db, run(TODAY + 1, 0))
    assert raised.raised == {"sahifa"}
    assert alarms(db, only_open=True) == raised.changed
    for day in range(2, 6):
        assert seen(db, run(TODAY + day, 0)).raised == set()
    (alarm,) = alarms(db)
    assert alarm.raised_at == run(TODAY + 1).started_at
    assert alarm.last_run_id == run(TODAY + 5).run_id
    ended = seen(db, run(TODAY + 6))
    assert [each.ending for each in ended.changed] == [Ending.RECOVERED]
    assert alarms(db, only_open=True) == []
    assert seen(db, run(TODAY + 7)).changed == []
    assert seen(db, run(TODAY + 8, 0)).raised == {"sahifa"}  # silence did not become the usual thing


def test_pages_under_the_alarm_do_not_hold_it_open(db: sqlite3.Connection) -> None:
    for day in range(3):
        seen(db, run(TODAY + day, lengths=spread_out(12, 15)))
    assert [each.ending for each in seen(db, run(TODAY + 3)).changed] == [Ending.RECOVERED]


def test_a_site_file_makes_the_change_the_new_normal(db: sqlite3.Connection) -> None:
    changed = {"languages": {"en": 12}}
    day = (START + TODAY * DAY).date()
    assert seen(db, run(TODAY, **changed)).raised == {"sahifa"}
    told = seen(db, run(TODAY + 1, **changed), since=day)
    assert ([each.ending for each in told.changed], told.raised) == ([Ending.ACCEPTED], set())
    for later in range(2, 9):
        assert seen(db, run(TODAY + later, **changed), since=day).changed == []
    assert seen(db, run(TODAY + 9), since=day).raised == {"sahifa"}  # Arabic is what is odd now


def test_a_change_that_nobody_minds_is_the_new_normal_after_a_month(db: sqlite3.Connection) -> None:
    changed = {"languages": {"en": 12}}
    endings = []
    for day in range(DEFAULT_HEALTH_POLICY.accept_days + 10):
        found = seen(db, run(TODAY + day, COUNTS[day % 7], languages={"en": COUNTS[day % 7]}))
        endings += [(day, each.ending) for each in found.changed if each.ended_at]
        assert bool(found.raised) is (day == 0)
    assert endings == [(DEFAULT_HEALTH_POLICY.accept_days, Ending.ACCEPTED)]
    assert changed


def test_a_stopped_run_teaches_nothing_and_hides_nothing(db: sqlite3.Connection) -> None:
    stopped = run(TODAY + 0.8, 11)
    note(db, stopped, "stopped")
    save_site_runs(db, [stopped])
    assert seen(db, run(TODAY + 1, 0)).changed == []


def test_sites_that_are_not_of_the_job_are_left_alone(db: sqlite3.Connection) -> None:
    watched = Watched("r", "")
    watch(watched, db, [run(TODAY, 0)], [], now=START)
    assert watched.changed == []


def test_the_file_of_alerts_says_it_all() -> None:
    alarm = replace(ALARM, cases=("report/cases/r1/sahifa/01.warc.gz", "my output/02.warc.gz"))
    explain = explain_command("my output", "my sites")
    ended = replace(ALARM, site="b", ended_at=START, ending=Ending.RECOVERED)
    text = alerts(
        "r1", START, raised=[alarm], still_open=[], ended=[ended], shortfalls=["c: 2 articles, 9 expected"],
        command=Watched("r1", explain).command,
    )  # fmt: skip
    said = json.loads(text)
    assert said["version"] == 1
    assert (said["open"], said["shortfalls"]) == ([], [{"site": "c", "said": "2 articles, 9 expected"}])
    (raised,) = said["raised"]
    assert (raised["site"], raised["kinds"], raised["since"]) == ("sahifa", ["silent"], START.isoformat())
    assert raised["commands"][1] == (
        "scrapy explain -s NEWS_OUTPUT='my output' -a sites='my sites' -a case='my output/02.warc.gz'"
    )
    assert (said["ended"][0]["ending"], said["ended"][0]["ended_at"]) == ("recovered", START.isoformat())
    assert explain_command("output", "sites") == "scrapy explain -a case="


def test_the_file_is_there_when_all_is_well_and_replaced_when_it_is_not(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    for day, stored, sites in ((0, 12, []), (1, 0, ["sahifa"]), (2, 0, [])):
        watched = seen(db, run(TODAY + day, stored))
        watched.write_alerts(db, tmp_path / "report", [])
        (file,) = (tmp_path / "report").iterdir()
        said = json.loads(file.read_text())
        assert [each["site"] for each in said["raised"]] == sites
        assert [each["site"] for each in said["open"]] == (["sahifa"] if day == 2 else [])
        assert datetime.fromisoformat(said["generated_at"]).tzinfo == UTC


def test_after_a_killed_run_silence_is_not_judged(db: sqlite3.Connection) -> None:
    note(db, run(TODAY + 0.5), None)
    assert seen(db, run(TODAY + 1, 0)).changed == []
    assert seen(db, run(TODAY + 2, 0)).raised == {"sahifa"}


def test_the_summary_names_the_site_its_signs_and_a_page() -> None:
    watched = Watched("r1", "scrapy explain -a case=", [replace(ALARM, cases=("01.warc.gz",))], {"sahifa"})
    assert list(_alarms(watched)) == [
        "Alarm: sahifa is not what it was",
        "  nothing new",
        "  look at a page: scrapy explain -a case=01.warc.gz",
    ]
    watched.raised.clear()
    assert list(_alarms(watched)) == []
