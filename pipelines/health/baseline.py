"""What is usual for a site, learnt from its earlier runs: which of them teach, and in which portions.

Small runs are looked at together: `batches` of enough pages for shares, `stretches` of whole days for counts.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.health.alarms import Alarm, Ending
from pipelines.health.figures import SiteRun, SiteTally, added
from pipelines.health.policy import HealthPolicy


@dataclass(frozen=True, slots=True)
class Past:
    """Complete runs of a site before the one that is judged, the oldest first.

    `usual` ones teach the baseline; those `since` came under an alarm that is open. `killed`: when runs began
    that nobody knows the figures of: what they brought is missing in the next.
    """

    usual: tuple[SiteRun, ...]
    since: tuple[SiteRun, ...] = ()
    killed: tuple[datetime, ...] = ()


def past(
    runs: Iterable[SiteRun],
    alarms: Iterable[Alarm],
    since: datetime | None,
    killed: Iterable[datetime] = (),
) -> Past:
    """Sort `runs`, the oldest first, by what they may teach.

    None before `since`, or before an alarm that was accepted as the new normal; none of those that an alarm
    was open in until the site recovered. What happens under an open alarm is kept apart.
    """
    known = list(alarms)
    starts = [alarm.raised_at for alarm in known if alarm.ending == Ending.ACCEPTED]
    first = max([*starts, *([since] if since else [])], default=None)
    opened = min((alarm.raised_at for alarm in known if alarm.ended_at is None), default=None)
    closed = [
        (alarm.raised_at, alarm.ended_at)
        for alarm in known
        if alarm.ended_at is not None and alarm.ending == Ending.RECOVERED
    ]
    usual: list[SiteRun] = []
    later: list[SiteRun] = []
    for run in runs:
        at = run.started_at
        if (first and at < first) or any(begin <= at < end for begin, end in closed):
            continue
        (usual if opened is None or at < opened else later).append(run)
    return Past(tuple(usual), tuple(later), tuple(killed))


def whole(runs: Iterable[SiteRun], unfinished: Container[str]) -> list[SiteRun]:
    """Without the `unfinished` runs: what they brought counts for the next one, which found it done."""
    found: list[SiteRun] = []
    left: list[SiteRun] = []
    for run in runs:
        left.append(run)
        if run.run_id not in unfinished:
            found.append(together(left))
            left = []
    return found


def together(runs: Sequence[SiteRun]) -> SiteRun:
    """The last of the runs with the pages of all."""
    last = runs[-1]
    if len(runs) == 1:
        return last
    return added(runs).site_run(
        last.run_id,
        last.site,
        last.spider,
        last.started_at,
        seconds=last.seconds,
        listed=last.listed,
        waiting=last.waiting,
        held_back=last.held_back,
    )


def is_enough(usual: Sequence[SiteRun], policy: HealthPolicy) -> bool:
    """Whether so many runs tell what is usual at all."""
    return len(usual) >= policy.min_runs and sum(run.stored for run in usual) >= policy.min_articles


# How many pages of a run, or of a batch, a measure looks at.
Size = Callable[[SiteRun | SiteTally], int]


def articles(of: SiteRun | SiteTally) -> int:
    """New articles."""
    return of.stored


def cleaned(of: SiteRun | SiteTally) -> int:
    """Pages that came and were read, those looked at again without change apart."""
    return of.stored + of.changed + of.copies + sum(of.rejected.values())


def asked(of: SiteRun | SiteTally) -> int:
    """Pages that were asked for and came, or did not."""
    return of.fetched + sum(of.failed.values())


def batches(runs: Sequence[SiteRun], size: Size, least: int) -> list[SiteTally]:
    """Runs in a row taken together until `size` is at least `least`, the newest first; the rest is left."""
    found: list[SiteTally] = []
    part: list[SiteRun] = []
    total = 0
    for run in reversed(runs):
        if here := size(run):
            part.append(run)
            total += here
        if total >= least:
            found.append(added(part))
            part, total = [], 0
    return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """The pages of the run that is judged, and batches of those before, for one measure."""

    now: SiteTally
    before: tuple[SiteTally, ...]


def evidence(run: SiteRun, past: Past, size: Size, least: int, policy: HealthPolicy) -> Evidence | None:
    """At least so many pages; None where the run with the latest ones has fewer, or the history."""
    if not size(run):
        return None
    part, before = [run], list(past.usual)
    reach = run.started_at - timedelta(days=policy.max_batch_days)
    latest = list(past.since) or before  # runs under an alarm are not mixed with healthy ones
    while sum(map(size, part)) < least and latest and latest[-1].started_at >= reach:
        part.append(latest.pop())
    usual = batches(before, size, least)
    if sum(map(size, part)) < least or len(usual) < policy.min_batches:
        return None
    return Evidence(added(part), tuple(usual))
