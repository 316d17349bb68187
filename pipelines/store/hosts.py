"""What the ledger keeps of hosts from run to run: until when to leave one alone, and its robots.txt."""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass
from datetime import datetime

from pipelines.store.clock import LONGEST_MEMORY, bring_back

_SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (
    host TEXT PRIMARY KEY, blocked_until TEXT NOT NULL, reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS robots (
    origin TEXT PRIMARY KEY,         -- scheme://host:port
    status INTEGER NOT NULL, body BLOB NOT NULL,  -- zlib
    expires_at TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class RobotsFile:
    """A robots.txt as it was answered; `body` holds at most what is read of it."""

    status: int
    body: bytes
    expires_at: datetime


class HostStore:
    """On `Ledger.connection`; all times are aware UTC. Every method may raise `sqlite3.Error`."""

    def __init__(self, db: sqlite3.Connection, now: datetime) -> None:
        """Forgets what is over, and keeps nothing for longer than a day."""
        self._db = db
        db.executescript(_SCHEMA)
        db.execute("DELETE FROM hosts WHERE blocked_until <= ?", (now.isoformat(),))
        db.execute("DELETE FROM robots WHERE expires_at <= ?", (now.isoformat(),))
        bring_back(db, "hosts", "blocked_until", now + LONGEST_MEMORY)
        bring_back(db, "robots", "expires_at", now + LONGEST_MEMORY)

    def blocked(self) -> dict[str, tuple[datetime, str]]:
        """Host -> (until when it is left alone, why)."""
        found = self._db.execute("SELECT host, blocked_until, reason FROM hosts")
        return {host: (datetime.fromisoformat(until), reason) for host, until, reason in found}

    def block(self, host: str, until: datetime, reason: str) -> None:
        """Leave the host alone, in the runs to come, too."""
        self._db.execute("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?)", (host, until.isoformat(), reason))

    def release(self, host: str) -> None:
        """The host may be asked again."""
        self._db.execute("DELETE FROM hosts WHERE host = ?", (host,))

    def robots(self, origin: str, now: datetime) -> RobotsFile | None:
        """The robots.txt of `origin` that was kept, unless its time is over."""
        row = self._db.execute(
            "SELECT status, body, expires_at FROM robots WHERE origin = ? AND expires_at > ?",
            (origin, now.isoformat()),
        ).fetchone()
        if row is None:
            return None
        status, body, expires_at = row
        try:
            return RobotsFile(status, zlib.decompress(body), datetime.fromisoformat(expires_at))
        except zlib.error:
            return None  # damaged: it is asked for again

    def keep_robots(self, origin: str, file: RobotsFile) -> None:
        """Keep the file until it expires."""
        self._db.execute(
            "INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?)",
            (origin, file.status, zlib.compress(file.body), file.expires_at.isoformat()),
        )
