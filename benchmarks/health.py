"""What the alarms cost and what they see: healthy sites over months, and sites that decay, without a crawl.

`python -m benchmarks.health [--sites N] [--days N]` prints false alarms per site-year, and in how many runs
each kind of decay is seen. Sites differ in what real ones do: rate, rhythm of weekdays and hours, spread of
days, lengths of texts, fields that some articles have, days of videos or sport, junk among their pages.
"""

from __future__ import annotations

import argparse
import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipelines.health.alarms import Alarm
from pipelines.health.baseline import past
from pipelines.health.figures import FIELDS, LAG_EDGES, LENGTH_EDGES, SiteRun, SiteTally
from pipelines.health.judge import judge
from pipelines.health.lifecycle import accepted, after
from pipelines.health.policy import DEFAULT_HEALTH_POLICY

_START = datetime(2026, 1, 5, 6, tzinfo=UTC)
_DAY = timedelta(days=1)
_RATES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
# Days on which pages begin or cease to be read at known places.
_NEW_TEMPLATES = 0.01
# Videos and results have no author and no summary.
_MISSED = ("authors", "description", "section")
_DECAYS = (
    "silent",
    "fields",
    "bodies",
    "furniture",
    "emptied",
    "language",
    "http_403",
    "wall",
    "old",
    "ahead",
)


@dataclass(frozen=True, slots=True)
class Habits:
    """What a site does on a day. `spread`: variance of days as a share of the squared mean."""

    rate: float
    spread: float
    weekdays: tuple[float, ...]
    hours: bool  # nothing at night
    length: float  # octaves: median, and standard deviation
    length_spread: float
    filled: dict[str, float]
    odd_days: float  # share of days with half of the articles of another kind
    junk: float
    failures: float
    foreign: float
    furniture: float


def habits(rate: float, chance: random.Random) -> Habits:
    """Of some site of this rate."""
    weekend = chance.choice([(1.0, 1.0), (0.6, 0.4), (0.3, 0.8), (0.1, 0.9)])
    first = chance.choice([4, 5])
    weekdays = [1.0] * 7
    weekdays[first], weekdays[(first + 1) % 7] = weekend
    return Habits(
        rate=rate,
        spread=chance.choice([0.0, 0.02, 0.04, 0.08, 0.12]),
        weekdays=tuple(weekdays),
        hours=chance.random() < 0.7,
        length=chance.uniform(9.5, 12),
        length_spread=chance.uniform(0.5, 1.8),
        filled={name: chance.choice([0.0, 0.3, 0.7, 0.9, 0.98, 1.0]) for name in FIELDS} | {"title": 1.0},
        odd_days=chance.choice([0.0, 0.05, 0.15]),
        junk=chance.choice([0.0, 0.02, 0.1, 0.3]),
        failures=chance.choice([0.0, 0.01, 0.05]),
        foreign=chance.choice([0.0, 0.02, 0.2]),
        furniture=chance.choice([100, 400, 1200]),
    )


class Newsroom:
    """Publishes day by day; `run` is what a crawl of the time since the last one comes to."""

    def __init__(self, known: Habits, every: timedelta, chance: random.Random) -> None:
        self._habits, self._every, self._chance = known, every, chance
        self._day: tuple[int, float, bool] | None = None
        self._at_known_places = chance.random() < 0.5

    def _today(self, at: datetime) -> tuple[float, bool]:
        """Articles a day as of today, and whether it is an odd day."""
        number, known = (at - _START).days, self._habits
        if self._day is None or self._day[0] != number:
            factor = self._chance.gammavariate(1 / known.spread, known.spread) if known.spread else 1.0
            mean = known.rate * known.weekdays[at.weekday()] * factor
            self._day = number, mean, self._chance.random() < known.odd_days
            if self._chance.random() < _NEW_TEMPLATES:
                self._at_known_places = not self._at_known_places
        return self._day[1], self._day[2]

    def run(self, number: int, decay: str = "") -> SiteRun:
        """Run `number`."""
        at = _START + number * self._every
        mean, odd = self._today(at - self._every / 2)
        share = self._every / _DAY
        if self._habits.hours and self._every < _DAY / 2:
            share *= max(0.0, 1.6 * math.sin((at.hour + at.minute / 60 - 5) / 24 * 2 * math.pi) + 1) / 1.14
        tally, left = SiteTally(), self._poisson(mean * share)
        tally.fetched = left
        for _ in range(0 if decay == "silent" else left):
            self._page(tally, odd, decay)
        run_id = f"{at:%Y%m%dT%H%M%S}-000000"
        return tally.site_run(run_id, "site", "news", at, seconds=60, listed=200, waiting=0, held_back=None)

    def _page(self, tally: SiteTally, odd: bool, decay: str) -> None:
        known, chance = self._habits, self._chance
        if decay == "http_403" or chance.random() < known.failures:
            tally.failed["http_403"] += 1
            tally.fetched -= 1
            return
        if decay in ("bodies", "wall") or chance.random() < known.junk:
            tally.rejected["no_body" if decay != "wall" else "blocked"] += 1
            return
        other = odd and chance.random() < 0.5
        length = chance.gauss(known.length - 2 * other, known.length_spread)
        chars, cut = 2**length, chance.lognormvariate(math.log(known.furniture), 0.5)
        if self._at_known_places:
            cut *= 0.15
        if decay == "furniture":
            chars, cut = chars + known.furniture, 0.01 * known.furniture
        if decay == "emptied":
            chars, cut = chance.uniform(150, 200), cut + chars
        tally.stored += 1
        tally.lengths[bisect_right(LENGTH_EDGES, chars)] += 1
        tally.kept_chars += round(chars)
        tally.removed_chars += round(cut)
        is_foreign = decay == "language" or chance.random() < known.foreign
        tally.languages["en" if is_foreign else "ar"] += 1
        gone = ("title", "authors", "published_at", "published_date") if decay == "fields" else ()
        for name, often in known.filled.items():
            share = 0.2 if other and name in _MISSED else 1.0
            tally.filled[name] += name not in gone and chance.random() < often * share
        lag = {"old": 5_000.0, "ahead": -30.0}.get(decay, chance.expovariate(1 / 12))
        if decay != "fields":
            tally.lags[bisect_right(LAG_EDGES, lag)] += 1

    def _poisson(self, mean: float) -> int:
        if mean > 50:
            return max(0, round(self._chance.gauss(mean, math.sqrt(mean))))
        count, left = 0, math.exp(-mean)
        product = self._chance.random()
        while product > left:
            count += 1
            product *= self._chance.random()
        return count


class Watch:
    """The life of a site's alarms over its runs."""

    def __init__(self) -> None:
        self.runs: list[SiteRun] = []
        self.alarms: list[Alarm] = []

    def see(self, run: SiteRun) -> tuple[str, ...]:
        """Judge the run and keep it; the kinds that it raised."""
        policy = DEFAULT_HEALTH_POLICY
        first = run.started_at - timedelta(days=policy.history_days)
        self.runs = [each for each in self.runs if each.started_at >= first]
        opened = next((each for each in self.alarms if each.ended_at is None), None)
        if opened and (ended := accepted(opened, run.started_at, None)):
            self.alarms[-1], opened = ended, None
        found = judge(run, past(self.runs, self.alarms, None), policy, opened.kinds if opened else ())
        self.runs.append(run)
        step = after(run, found, opened)
        if step is None:
            return ()
        self.alarms = [each for each in self.alarms if each.ended_at is not None] + [step.alarm]
        return tuple(sign.kind for sign in found.signs) if step.is_raised else ()


def healthy(rate: float, every: timedelta, days: int, chance: random.Random) -> Iterator[tuple[str, ...]]:
    """Kinds of each alarm that a site raises which only does what it always did."""
    room, watch = Newsroom(habits(rate, chance), every, chance), Watch()
    for number in range(round(days * _DAY / every)):
        if raised := watch.see(room.run(number)):
            yield raised


def runs_to_see(decay: str, rate: float, every: timedelta, chance: random.Random) -> tuple[int, str] | None:
    """Runs of a decayed site until an alarm, 1 for the first of them, and the kinds; None after 30 days."""
    known = habits(rate, chance)
    room, watch = Newsroom(replace(known, filled=known.filled | {"title": 1.0}), every, chance), Watch()
    before = round(28 * _DAY / every) + chance.randrange(7)
    for number in range(before):
        watch.see(room.run(number))
    watch.alarms = [each for each in watch.alarms if each.ended_at is not None]
    for number in range(round(30 * _DAY / every)):
        if raised := watch.see(room.run(before + number, decay)):
            return number + 1, "+".join(sorted(set(raised)))
    return None


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=20, help="of each rate")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--hours", type=float, default=24.0, help="from run to run")
    parser.add_argument("--rates", type=float, nargs="*", default=_RATES)
    arguments = parser.parse_args()
    every = timedelta(hours=arguments.hours)
    print("| articles a day | site-years | false alarms | a site-year | of kind |\n|---|---|---|---|---|")
    for rate in arguments.rates:
        kinds: Counter[str] = Counter()
        count = 0
        for site in range(arguments.sites):
            for raised in healthy(rate, every, arguments.days, random.Random(f"{rate} {site}")):
                count += 1
                kinds.update(raised)
        years = arguments.sites * arguments.days / 365
        print(f"| {rate:g} | {years:.1f} | {count} | {count / years:.2f} | {dict(kinds)} |", flush=True)
    print("\n| decay | articles a day | seen in the first run | runs, median | most | never | kinds |")
    print("|---|---|---|---|---|---|---|")
    for decay in _DECAYS:
        for rate in arguments.rates:
            _print_decay(decay, rate, every, arguments.sites)


def _print_decay(decay: str, rate: float, every: timedelta, sites: int) -> None:
    found = [runs_to_see(decay, rate, every, random.Random(f"{decay} {rate} {n}")) for n in range(sites)]
    seen = sorted(number for number, _ in filter(None, found))
    kinds = ", ".join(kind for kind, _ in Counter(kind for _, kind in filter(None, found)).most_common(3))
    first, middle = f"{seen.count(1) / sites:.0%}", seen[len(seen) // 2] if seen else "-"
    most = seen[-1] if seen else "-"
    print(f"| {decay} | {rate:g} | {first} | {middle} | {most} | {found.count(None)} | {kinds} |", flush=True)


if __name__ == "__main__":
    main()
