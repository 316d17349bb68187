"""From addresses to rows, step by step, with what is lost at each step and why.

Each step's count is that of the step before without what was lost in between: they add up, or a test fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipelines.health.figures import SiteRun, added, ended
from pipelines.records import State

# Not asked for yet, or between two steps: no loss.
_TO_COME = (State.PENDING, State.LEASED, State.FETCHED, State.STAGED)


@dataclass(frozen=True, slots=True)
class Step:
    """`count` of them came so far; `lost` on the way here, by reason, the most first."""

    name: str
    count: int
    lost: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class Ends:
    """Where the URLs of a site, or of all, stand in a ledger."""

    states: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    articles: int = 0  # different ones behind the committed URLs

    def add(self, other: Ends) -> None:
        """Add the URLs of `other` to these."""
        self.states.update(other.states)
        self.rejected.update(other.rejected)
        self.failed.update(other.failed)
        self.articles += other.articles


def of_ends(ends: Ends) -> tuple[Step, ...]:
    """discovered, fetched, cleaned, published: every URL of a ledger."""
    to_come = Counter({state.value: ends.states[state] for state in _TO_COME})
    no_page = ends.failed + Counter({each.value: ends.states[each] for each in (State.GONE, State.FORBIDDEN)})
    copies = Counter({"copy": ends.states[State.COMMITTED] - ends.articles})
    return _steps(
        ends.states.total(),
        ("discovered", {}),
        ("fetched", to_come + no_page),
        ("cleaned", ends.rejected),
        ("published", copies),
    )


def of_runs(runs: Iterable[SiteRun]) -> tuple[Step, ...]:
    """asked, answered, cleaned, published: what one run, or several, asked for; versions are rows, too."""
    total = added(runs)
    return _steps(
        ended(total) + total.failed.total(),
        ("asked", {}),
        ("answered", total.failed),
        ("cleaned", total.rejected),
        ("published", {"unchanged": total.unchanged, "copy": total.copies}),
    )


def _steps(count: int, *steps: tuple[str, Mapping[str, int]]) -> tuple[Step, ...]:
    found = []
    for name, lost in steps:
        reasons = Counter({reason: number for reason, number in lost.items() if number})
        count -= reasons.total()
        found.append(Step(name, count, tuple(reasons.most_common())))
    return tuple(found)
