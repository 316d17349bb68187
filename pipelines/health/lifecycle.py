"""One alarm a site at a time: raised once, open while its signs last, ended when they are gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipelines.health.alarms import Alarm, Ending
from pipelines.health.figures import SiteRun
from pipelines.health.judge import Judgement
from pipelines.health.policy import DEFAULT_HEALTH_POLICY, HealthPolicy


@dataclass(frozen=True, slots=True)
class Step:
    """The site's alarm after a run; `is_raised` when the run raised it, or signs of a new kind."""

    alarm: Alarm
    is_raised: bool = False


def accepted(
    alarm: Alarm, now: datetime, since: datetime | None, policy: HealthPolicy = DEFAULT_HEALTH_POLICY
) -> Alarm | None:
    """The alarm as ended, where the change is the new normal: the site file says so, or nobody said a word.

    `since` is the site file's: midnight of the day it names, so that an alarm of that day is meant, too.
    """
    is_told = since is not None and since + timedelta(days=1) > alarm.raised_at
    if is_told or now - alarm.raised_at >= timedelta(days=policy.accept_days):
        return replace(alarm, ended_at=now, ending=Ending.ACCEPTED)
    return None


def after(run: SiteRun, judgement: Judgement, alarm: Alarm | None) -> Step | None:
    """What a run's judgement makes of the open `alarm`; None where there is none, or nothing changes it."""
    if alarm is None:
        if not judgement.signs:
            return None
        made = Alarm(run.site, run.run_id, run.started_at, judgement.signs, run.run_id)
        return Step(made, is_raised=True)
    new = tuple(sign for sign in judgement.signs if sign.kind not in alarm.kinds)
    if judgement.signs:
        seen = replace(alarm, signs=(*alarm.signs, *new), last_run_id=run.run_id)
        return Step(seen, is_raised=bool(new))
    if judgement.judged.issuperset(alarm.kinds):
        return Step(replace(alarm, ended_at=run.started_at, ending=Ending.RECOVERED))
    return None
