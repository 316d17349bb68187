"""The ledger's counts of what addresses of each shape turned out to be, site by site."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

Counts = Mapping[str, tuple[int, int]]


def load_shapes(db: sqlite3.Connection, site: str) -> dict[str, tuple[int, int]]:
    """Shape -> (articles, others), as they were saved."""
    query = "SELECT shape, articles, others FROM shapes WHERE site = ? ORDER BY place"
    return {row[0]: (row[1], row[2]) for row in db.execute(query, (site,))}


def save_shapes(db: sqlite3.Connection, site: str, counts: Counts) -> None:
    """Put `counts` in place of what was known; runs inside a transaction."""
    db.execute("DELETE FROM shapes WHERE site = ?", (site,))
    db.executemany(
        "INSERT INTO shapes VALUES (?, ?, ?, ?, ?)",
        [(site, place, shape, *found) for place, (shape, found) in enumerate(counts.items())],
    )
