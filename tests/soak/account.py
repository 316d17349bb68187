"""What a soak comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from tests.soak.kills import Kill

RANDOM = "random time"


@dataclass(slots=True)
class Account:
    """What a soak found; all lists empty means that nothing was lost, doubled or damaged."""

    kills: Counter[str] = field(default_factory=Counter)  # by step, or `RANDOM`
    ended_first: int = 0  # runs that were over before their kill came
    articles: int = 0
    missing: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    refetched: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)  # exit codes, `reconcile`, a step never reached
    last_kill: str = "no kill"
    seconds: list[float] = field(default_factory=list)  # of each run

    def note(self, kill: Kill) -> None:
        """One kill more was carried out."""
        self.kills[kill.step or RANDOM] += 1
        self.last_kill = str(kill)

    def broken(self) -> dict[str, list[str]]:
        """The invariants that do not hold, with what broke them."""
        names = ("missing", "duplicates", "unreadable", "refetched", "altered", "unended", "failures")
        return {name: found for name in names if (found := getattr(self, name))}

    def cycle_seconds(self) -> float:
        """Median of the runs."""
        return median(self.seconds) if self.seconds else 0.0
