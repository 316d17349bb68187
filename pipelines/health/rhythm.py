"""Signs of time: a site that falls silent, or whose newest articles are old ones.

Counts are those of days, or of as many days as it takes to be certain: of a site with runs every 15 minutes
and two articles a day as of one with 500 and a daily run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from pipelines.health.alarms import Sign, SignKind
from pipelines.health.baseline import Past
from pipelines.health.chance import count_at_most
from pipelines.health.figures import LAG_EDGES, SiteRun
from pipelines.health.policy import HealthPolicy

_DAY = timedelta(days=1)
# A stretch of more days is of no weekday.
_LONG = 1.5
# A stretch this much longer than usual spans a time without runs: lists do not reach back over all of it.
_PAUSE = 1.5
# How many days of a weekday the mean of all days counts for: weekends may have a tenth of it.
_PRIOR = 0.25
# A day with more than so many times the usual articles brought old ones that a site had just put up.
_FLOOD = 3
# Runs that end because the host had its share of requests leave news behind; others leave nothing that came.
BUDGET = "host_budget"

Count = Callable[[SiteRun], int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day or so, from the start of one run to that of another: articles that teach, and those that came."""

    start: datetime
    end: datetime
    usual: int
    seen: int

    @property
    def days(self) -> float:
        """Its length."""
        return (self.end - self.start) / _DAY

    @property
    def weekday(self) -> int | None:
        """Of its middle; None when it is longer than a day and a half."""
        return (self.start + (self.end - self.start) / 2).weekday() if self.days < _LONG else None

    def holds(self, moments: Iterable[datetime]) -> bool:
        """Whether one of the moments is within."""
        return any(self.start <= moment < self.end for moment in moments)


def stretches(runs: Sequence[SiteRun], usual: Count, seen: Count, least: timedelta) -> list[Stretch]:
    """The time between the runs, the oldest first, in parts of at least `least`, the newest part first."""
    found: list[Stretch] = []
    end = runs[-1].started_at
    teaching = came = 0
    for run in reversed(runs):
        if end - run.started_at >= least:
            found.append(Stretch(run.started_at, end, teaching, came))
            end, teaching, came = run.started_at, 0, 0
        teaching += usual(run)
        came += seen(run)
    return found


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Articles a day by weekday; `spread` is that of days as `count_at_most` takes it."""

    daily: float
    weekdays: dict[int, float]
    spread: float
    articles: int
    days_each: float  # how many days there are of each weekday
    usual_days: float  # length of a stretch

    def expected(self, of: Stretch) -> float:
        """Articles; no more than of a usual stretch after a pause."""
        day = of.weekday
        rate = self.daily if day is None else self.weekdays.get(day, self.daily)
        return rate * min(of.days, _PAUSE * self.usual_days)

    def knows(self, some: Sequence[Stretch]) -> bool:
        """Whether it has seen such weekdays."""
        days = [each.weekday for each in some if each.weekday is not None]
        return len(set(days)) == 7 or all(day in self.weekdays for day in days)

    def chance(self, seen: int, expected: float, days: int) -> float:
        """Of `seen` articles or fewer on so many days."""
        known = 1 / self.articles + self.spread / (1 + self.days_each)
        return count_at_most(seen, expected, self.spread / days + known)


def rhythm(before: Sequence[Stretch], policy: HealthPolicy) -> Rhythm | None:
    """What is learnt from stretches; None from too few."""
    if not before:
        return None
    usual_days = median(each.days for each in before)
    some = [each for each in before if each.days < _PAUSE * usual_days]
    flood = max(_FLOOD * median(each.usual for each in some), 5.0)
    counts = [min(each.usual, flood) for each in some]
    articles, days = sum(counts), sum(each.days for each in some)
    if len(some) < policy.min_runs or articles < policy.min_articles:
        return None
    daily = articles / days
    of_day: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for each, count in zip(some, counts, strict=True):
        if each.weekday is not None:
            of_day[each.weekday].append((count, each.days))
    weekdays = {
        day: (sum(count for count, _ in known) + _PRIOR * daily)
        / (sum(length for _, length in known) + _PRIOR)
        for day, known in of_day.items()
    }
    found = Rhythm(daily, weekdays, 0.0, round(articles), len(some) / 7, usual_days)
    against = [(count, found.expected(each)) for each, count in zip(some, counts, strict=True)]
    return replace(found, spread=_spread(against, policy))


def _spread(days: Sequence[tuple[float, float]], policy: HealthPolicy) -> float:
    """Variance beyond Poisson's as a share of the squared mean, with what is assumed beforehand."""
    excess = sum((count - mean) ** 2 - mean for count, mean in days)
    scale = sum(mean**2 for _, mean in days)
    found = max(excess / scale, 0.0) if scale else 0.0
    return (found * len(days) + policy.day_spread * policy.prior_days) / (len(days) + policy.prior_days)


@dataclass(frozen=True, slots=True)
class Lull:
    """What came in a time in which this much was to be expected."""

    since: datetime
    seen: int
    expected: float
    is_one: bool


def lull(run: SiteRun, past: Past, usual: Count, seen: Count, policy: HealthPolicy) -> Lull | None:
    """The shortest time up to `run` in which silence would be certain, and whether it is; None when none is.

    `usual` counts articles of runs that teach, `seen` those of the time that is judged.
    """
    if not past.usual:
        return None
    least, taught = timedelta(hours=policy.silence_hours), past.usual[-1].started_at
    days = stretches([*past.usual, *past.since, run], usual, seen, least)
    for number in range(1, min(policy.max_silence_days, len(days)) + 1):
        window = days[:number]
        if any(each.holds(past.killed) for each in window):
            return None
        before = [each for each in days[number:] if each.end <= taught and not each.holds(past.killed)]
        known = rhythm(before, policy)
        if known is None:
            return None
        expected = sum(map(known.expected, window))
        if not known.knows(window) or known.chance(0, expected, number) >= policy.silence_chance:
            continue
        count = sum(each.seen for each in window)
        is_one = (
            count < policy.max_left * expected
            and count <= policy.max_of_least * _least(window, before)
            and (not count or known.chance(count, expected, number) < policy.little_chance)
        )
        return Lull(window[-1].start, count, expected, is_one)
    return None


def _least(window: Sequence[Stretch], before: Sequence[Stretch]) -> int:
    """What such a time brought at least: a day of that weekday, or as many days in a row."""
    number = len(window)
    if number == 1 and (same := [each.usual for each in before if each.weekday == window[0].weekday]):
        return min(same)
    rows = [before[start : start + number] for start in range(len(before) - number + 1)]
    return min((sum(each.usual for each in row) for row in rows), default=0)


def _old(run: SiteRun, policy: HealthPolicy) -> int:
    return sum(run.lags[LAG_EDGES.index(policy.old_hours) + 1 :])


def silent(run: SiteRun, past: Past, policy: HealthPolicy) -> tuple[Sign | None, bool]:
    """`silent`: nothing new, or far too little; and whether that could be judged."""
    # Floods of old articles are no rhythm, but who puts them up is not silent.
    left = run.waiting if run.held_back == BUDGET else 0
    found = lull(
        run,
        past,
        lambda each: each.stored - _old(each, policy),
        lambda each: each.stored + each.copies + (left if each is run else 0),
        policy,
    )
    if found is None or not found.is_one:
        return None, found is not None
    alone = f"; its host was left alone: {run.held_back}" if run.held_back else ""
    what = f"{found.seen} new articles" if found.seen else "nothing new"
    since = f"{found.since:%Y-%m-%d %H:%M} UTC"
    said = f"{what} since {since}, about {found.expected:.0f} were to be expected{alone}"
    return Sign(SignKind.SILENT, said), True


def stale(run: SiteRun, past: Past, policy: HealthPolicy) -> tuple[Sign | None, bool]:
    """`stale`: what is new to us is no news, or dated ahead; and whether that could be judged."""

    def fresh(each: SiteRun) -> int:
        return each.stored - _old(each, policy) - each.lags[0]

    found = lull(run, past, fresh, fresh, policy)
    if found is None or not found.is_one:
        return None, found is not None
    runs = [each for each in (*past.usual, *past.since, run) if each.started_at > found.since]
    old, ahead = sum(_old(each, policy) for each in runs), sum(each.lags[0] for each in runs)
    stored, days = sum(each.stored for each in runs), policy.old_hours // 24
    if max(old, ahead) < max(policy.portions[0], stored / 2):
        return None, True
    why = f"{old} of {stored} new articles are older than {days} days"
    if ahead > old:
        why = f"{ahead} of {stored} new articles are dated ahead"
    return Sign(SignKind.STALE, f"{why}; about {found.expected:.0f} fresh ones were to be expected"), True
