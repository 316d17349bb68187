"""The balance sheet of a site: every URL that was discovered stands under exactly one heading."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipelines.records import State

UNDER_WAY = (State.LEASED, State.FETCHED, State.STAGED)


@dataclass(slots=True)
class SiteBalance:
    """URLs of one site, or of all; `discovered` is counted elsewhere than the rest (table `sites`)."""

    site: str
    discovered: int = 0
    stored: int = 0
    copies: int = 0  # other addresses of a stored article
    rejected: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    gone: int = 0
    forbidden: int = 0
    pending: int = 0
    under_way: int = 0  # of a run under way, or waiting for the next one

    @property
    def accounted(self) -> int:
        """URLs under all headings; as many as were discovered, or something is wrong."""
        plain = (self.stored, self.copies, self.gone, self.forbidden, self.pending, self.under_way)
        return sum(plain) + self.rejected.total() + self.failed.total()

    def add(self, other: SiteBalance) -> None:
        """Add the figures of `other` to these."""
        for name in ("discovered", "stored", "copies", "gone", "forbidden", "pending", "under_way"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.rejected.update(other.rejected)
        self.failed.update(other.failed)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "site": self.site,
            "discovered": self.discovered,
            "stored": self.stored,
            "copies": self.copies,
            "rejected": dict(sorted(self.rejected.items())),
            "failed": dict(sorted(self.failed.items())),
            "gone": self.gone,
            "forbidden": self.forbidden,
            "pending": self.pending,
            "under_way": self.under_way,
        }


def site_balances(db: sqlite3.Connection) -> list[SiteBalance]:
    """The balance of each site, by name; after `row_ids.prepare`."""
    found: dict[str, SiteBalance] = {}
    for site, discovered in db.execute("SELECT site, discovered FROM sites"):
        found[site] = SiteBalance(site, discovered)
    query = (
        "SELECT site, state, coalesce(reason, 'unknown'), coalesce(stands, 0), count(DISTINCT urls.key) "
        "FROM urls LEFT JOIN temp.holders USING (key) GROUP BY 1, 2, 3, 4"
    )
    for site, state, reason, stands, count in db.execute(query):
        _count(found.setdefault(site, SiteBalance(site)), state, reason, count, stands=bool(stands))
    return [found[site] for site in sorted(found)]


def _count(balance: SiteBalance, state: str, reason: str, count: int, *, stands: bool) -> None:
    if state == State.REJECTED:
        balance.rejected[reason] += count
    elif state == State.FAILED:
        balance.failed[reason] += count
    elif state == State.COMMITTED and stands:
        balance.stored += count
    elif state == State.COMMITTED:
        balance.copies += count
    elif state in UNDER_WAY:
        balance.under_way += count
    elif state in (State.GONE, State.FORBIDDEN, State.PENDING):
        name = State(state).value
        setattr(balance, name, getattr(balance, name) + count)


def total(balances: Iterable[SiteBalance]) -> SiteBalance:
    """All sites as one."""
    found = SiteBalance("total")
    for balance in balances:
        found.add(balance)
    return found
