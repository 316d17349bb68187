"""Times that only a wrong clock can have given are brought back: nothing waits for the year 2099."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from pipelines.recheck import Recheck

# A place that brings nothing new rests no longer (see `places.rest`).
LONGEST_REST = timedelta(days=1)
# A host is left alone no longer, and its robots.txt believed no longer (RFC 9309, 2.4).
LONGEST_MEMORY = timedelta(days=1)


def bring_back(db: sqlite3.Connection, table: str, column: str, latest: datetime) -> None:
    """What lies after `latest`, the furthest that the column's rule gives as of now, happens then."""
    query = f"UPDATE {table} SET {column} = ? WHERE {column} > ?"  # noqa: S608  names are ours
    db.execute(query, (latest.isoformat(),) * 2)


def bring_back_plans(db: sqlite3.Connection, now: datetime, recheck: Recheck) -> None:
    """When articles and places are looked at again; runs inside the transaction that starts a run."""
    bring_back(db, "places", "rest_until", now + LONGEST_REST)
    if recheck.ages:
        latest = (now + recheck.ages[-1]).isoformat()
        db.execute(  # site by site: the index begins with it
            "UPDATE urls SET due_at = ?1 WHERE due_at > ?1 AND site IN (SELECT site FROM sites)", (latest,)
        )
