"""Where a run ends: is each site what it was? What is not becomes an alarm in the same run."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from shlex import quote

from crawler.sites import SITES, Site
from pipelines.health.alarms import Alarm
from pipelines.health.alerts import alerts
from pipelines.health.baseline import past, whole
from pipelines.health.figures import SiteRun
from pipelines.health.judge import judge
from pipelines.health.lifecycle import accepted, after
from pipelines.health.policy import DEFAULT_HEALTH_POLICY, HealthPolicy
from pipelines.store.cases import forget_cases, save_cases
from pipelines.store.durable import write_atomically
from pipelines.store.errors import StoreError
from pipelines.store.site_runs import alarms, killed_runs, site_runs, unfinished_runs

logger = logging.getLogger(__name__)

# Spider whose runs are watched: what others fetch is somebody's choice.
WATCHED = "news"
FILE = "alerts.json"
_OUTPUT = "output"


@dataclass(slots=True)
class Watched:
    """Alarms that a run changed; `raised`: sites of those that it raised, or that it added signs to.

    `explain` is the command that opens a case, up to its name.
    """

    run_id: str
    explain: str
    changed: list[Alarm] = field(default_factory=list)
    raised: set[str] = field(default_factory=set)

    @property
    def alarms(self) -> list[Alarm]:
        """Those that are raised."""
        return [alarm for alarm in self.changed if alarm.site in self.raised and alarm.ended_at is None]

    def command(self, case: str) -> str:
        """What opens a case."""
        return f"{self.explain}{quote(case)}"

    def log_raised(self) -> None:
        """A line for each alarm that was raised."""
        for alarm in self.alarms:
            said = "; ".join(sign.said for sign in alarm.signs)
            logger.warning('alarm site=%s kinds=%s said="%s"', alarm.site, ",".join(alarm.kinds), said)

    def save_cases(self, db: sqlite3.Connection, raw: Path, report: Path) -> None:
        """Keep pages that show what was raised; an alarm without them is better than no rows."""
        for alarm in self.alarms:
            try:
                cases = save_cases(db, raw, report, self.run_id, alarm)
                forget_cases(report, alarm.site)
            except (OSError, StoreError) as error:
                logger.warning("cannot keep pages for the alarm of %s: %s", alarm.site, error)
            else:
                kept = [case for case in alarm.cases if Path(case).is_file()]
                self.changed[self.changed.index(alarm)] = replace(alarm, cases=(*kept, *cases))

    def write_alerts(self, db: sqlite3.Connection, report: Path, shortfalls: Sequence[str]) -> None:
        """Say what is known of alarms now; raises `OSError` and `sqlite3.Error`."""
        report.mkdir(parents=True, exist_ok=True)
        text = alerts(
            self.run_id,
            datetime.now(UTC),
            raised=self.alarms,
            still_open=[alarm for alarm in alarms(db, only_open=True) if alarm.site not in self.raised],
            ended=[alarm for alarm in self.changed if alarm.ended_at is not None],
            shortfalls=shortfalls,
            command=self.command,
        )
        write_atomically(report / FILE, text)


def watch(
    watched: Watched,
    db: sqlite3.Connection,
    runs: Iterable[SiteRun],
    sites: Iterable[Site],
    *,
    now: datetime,
    policy: HealthPolicy = DEFAULT_HEALTH_POLICY,
) -> None:
    """Judge what a complete run came to on each of its sites, by what the ledger knows of earlier runs."""
    since = {site.name: _midnight(site) for site in sites}
    known, opened = [], {}
    for alarm in alarms(db):
        ended = accepted(alarm, now, since.get(alarm.site), policy) if alarm.ended_at is None else None
        known.append(ended or alarm)
        if ended:
            watched.changed.append(ended)
        elif alarm.ended_at is None:
            opened[alarm.site] = alarm
    first = now - timedelta(days=policy.history_days)
    unfinished, killed = unfinished_runs(db, first), killed_runs(db, first, watched.run_id, WATCHED)
    for run in (each for each in runs if each.site in since):
        *earlier, last = whole([*site_runs(db, run.site, since=first), run], unfinished)
        mine = [alarm for alarm in known if alarm.site == run.site]
        before = past(earlier, mine, since[run.site], killed)
        alarm_now = opened.get(run.site)
        step = after(last, judge(last, before, policy, alarm_now.kinds if alarm_now else ()), alarm_now)
        if step is not None:
            watched.changed.append(step.alarm)
            watched.raised.update([run.site] if step.is_raised else [])


def explain_command(output: str, files: str) -> str:
    """`scrapy explain` for cases of this output and these site files, up to the name of the case."""
    settings = f"-s NEWS_OUTPUT={quote(output)} " if output != _OUTPUT else ""
    sites = f"-a sites={quote(files)} " if files != SITES else ""
    return f"scrapy explain {settings}{sites}-a case="


def _midnight(site: Site) -> datetime | None:
    day = site.expect.since
    return datetime.combine(day, time(), UTC) if day else None
