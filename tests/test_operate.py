"""Runs of the real command day after day: each kind of decay raises one alarm, in its first run."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.health.alarms import Ending, SignKind
from tests.crawling import IN_THE_LONG_FORM, rows, scrapy
from tests.operate.__main__ import faults
from tests.operate.days import DECAYING, Days, crawled, fourteen_days
from tests.operate.looks import unsightly
from tests.operate.newsroom import Decay, Outlet

KINDS = {
    Decay.SILENT: SignKind.SILENT,
    Decay.FACTS: SignKind.LAYOUT,
    Decay.BODIES: SignKind.LAYOUT,
    Decay.FURNITURE: SignKind.BOILERPLATE,
    Decay.LANGUAGE: SignKind.LANGUAGE,
    Decay.FORBIDDEN: SignKind.FAILING,
    Decay.OLD: SignKind.STALE,
}
# Days on which all go wrong, and on which they are well again: a Saturday and a Monday.
WRONG, WELL = 9, 11
# They share days that take minutes.
pytestmark = pytest.mark.xdist_group("operate")


@pytest.fixture(scope="module")
def decayed(tmp_path_factory: pytest.TempPathFactory) -> Days:
    """An outlet for each decay and one that stays well, crawled daily until all are well again."""
    outlets = []
    for number, decay in enumerate(Decay):
        by_time = decay in (Decay.SILENT, Decay.OLD)  # it takes more to be certain in one day
        outlets.append(
            Outlet(decay, per_day=15 if by_time else 12 if decay is Decay.FURNITURE else 8, number=number)
        )
        outlets[-1].decay(decay, WRONG, WELL)
    folder = tmp_path_factory.mktemp("operate")
    days = crawled(folder, [*outlets, Outlet("steady", per_day=8, number=30)], range(1, WELL + 1))
    return Days(folder, tuple(days))


def test_nothing_is_raised_while_all_is_well(decayed: Days) -> None:
    for day in decayed.days[: WRONG - 1]:
        assert (day.done.code, day.done.err) == (0, "")
        assert all(day.alerts[name] == [] for name in ("raised", "open", "ended", "shortfalls"))
        assert all(day.stored.values())


def test_each_decay_raises_one_alarm_in_its_first_run(decayed: Days) -> None:
    day = decayed.days[WRONG - 1]
    assert day.done.code == 5
    assert {alarm["site"]: alarm["kinds"] for alarm in day.alerts["raised"]} == {
        decay.value: [kind.value] for decay, kind in KINDS.items()
    }
    lines = re.findall(r'WARNING: alarm site=(\S+) kinds=(\S+) said="[^"\n]+"$', day.done.err, re.MULTILINE)
    assert dict(lines) == {decay.value: kind.value for decay, kind in KINDS.items()}
    assert len(decayed.alarms()) == len(KINDS)


def test_an_alarm_is_not_raised_again_while_it_is_open(decayed: Days) -> None:
    first, again = decayed.days[WRONG - 1], decayed.days[WRONG]
    assert (again.done.code, again.alerts["raised"]) == (0, [])
    assert [alarm["since"] for alarm in again.alerts["open"]] == [
        alarm["since"] for alarm in first.alerts["raised"]
    ]
    assert {alarm["seen_by"] for alarm in again.alerts["open"]} == {again.alerts["run_id"]}


def test_alarms_end_when_the_sites_are_well_again(decayed: Days) -> None:
    day = decayed.days[WELL - 1]
    assert day.done.code == 0
    assert {alarm["ending"] for alarm in day.alerts["ended"]} == {Ending.RECOVERED}
    assert len(day.alerts["ended"]) == len(KINDS)
    assert all(alarm.ended_at for alarm in decayed.alarms())


def raised(days: Days, decay: Decay) -> dict[str, Any]:
    found: dict[str, Any] = next(
        alarm for alarm in days.days[WRONG - 1].alerts["raised"] if alarm["site"] == decay
    )
    return found


def test_cases_are_kept_of_what_gave_pages(decayed: Days) -> None:
    for decay in Decay:
        cases = [Path(case) for case in raised(decayed, decay)["cases"]]
        assert len(cases) == (0 if decay in (Decay.SILENT, Decay.FORBIDDEN) else 5)
        assert all(case.is_file() for case in cases)
    assert not list((decayed.output / "report").rglob("*.tmp"))


@pytest.mark.parametrize(
    ("decay", "said"),
    [(Decay.BODIES, "no_body"), (Decay.LANGUAGE, "language"), (Decay.FACTS, "as a page of facts")],
)
def test_a_case_opens_with_the_command_beside_it(decayed: Days, decay: Decay, said: str) -> None:
    command = raised(decayed, decay)["commands"][0]
    opened = scrapy(*shlex.split(command)[1:])
    assert (opened.code, opened.err) == (0, "")
    assert said in opened.out


def test_what_is_no_case_is_refused_in_one_line(decayed: Days, tmp_path: Path) -> None:
    case = raised(decayed, Decay.LANGUAGE)["cases"][0]
    (tmp_path / "page.html").write_text("<p>no case</p>")
    for arguments, said in (
        ([f"case={tmp_path}/page.html"], "page.html at 0"),
        ([f"case={tmp_path}/none"], "there is no such file"),
        ([f"case={case}", "url=http://a.test/"], "one page at a time"),
    ):
        refused = scrapy("explain", *(part for each in arguments for part in ("-a", each)))
        assert (refused.code, refused.out) == (2, "")
        assert said in refused.err
        assert refused.err.count("\n") == 1


def test_times_follow_the_day_of_the_run(decayed: Days) -> None:
    fetched = {row["fetched_at"].date().isoformat() for row in rows(decayed.output, "articles")}
    assert fetched == {day.alerts["generated_at"][:10] for day in decayed.days}
    assert len(fetched) == WELL
    assert all(
        day.alerts["run_id"][:8] == day.alerts["generated_at"][:10].replace("-", "") for day in decayed.days
    )


@IN_THE_LONG_FORM
def test_a_fortnight_with_a_decay_on_day_eleven(tmp_path: Path) -> None:
    days = fourteen_days(tmp_path)
    assert list(faults(days)) == []
    assert unsightly(days) == []
    (days.output / "report" / "index.html").write_text("<p>no report</p>", encoding="utf-8")
    assert any("does not show the alarm" in fault for fault in unsightly(days))
    late = Days(
        days.folder, (*days.days[:-1], replace(days.days[-1], done=replace(days.days[-1].done, code=5)))
    )
    assert len(list(faults(late))) == 1
    assert [alarm.site for alarm in days.alarms()] == [DECAYING]


@IN_THE_LONG_FORM
def test_thirty_quiet_runs_raise_nothing(tmp_path: Path) -> None:
    outlets = [
        Outlet(f"quiet-{n}", per_day=per_day, language=language, number=n)
        for n, (per_day, language) in enumerate([(1, "ar"), (4, "fa"), (10, "ar"), (16, "en")])
    ]
    for day in crawled(tmp_path, outlets, range(1, 31)):
        assert (day.done.code, day.done.err) == (0, "")
        assert [day.alerts[name] for name in ("raised", "open", "ended", "shortfalls")] == [[], [], [], []]
