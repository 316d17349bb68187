"""The ledger's tables about archive files: which were read, how far, and what their records came to."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.archive.paths import ArchiveFile

PAGE = "page"


@dataclass(frozen=True, slots=True)
class Later:
    """A capture that waits until the one before it is published."""

    key: str
    at: str
    name: str
    offset: int


class Catalog:
    """Of one ledger; whatever changes it is called inside a transaction of the ledger."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def entered(self, file: ArchiveFile) -> tuple[str, int] | None:
        """The name of the file in rows, and the offset to go on from; None when all of it is accounted for.

        A file that changed is read again from its beginning; one that was moved is the same file.
        """
        row = self._db.execute("SELECT name FROM archives WHERE place = ?", (file.place,)).fetchone()
        name = row[0] if row else self._free_name(file)
        known = self._db.execute("SELECT * FROM archives WHERE name = ?", (name,)).fetchone()
        if known is None or (known["mark"], known["size"]) != (file.mark, file.size):
            self._db.execute(
                "INSERT OR REPLACE INTO archives (name, place, mark, size) VALUES (?, ?, ?, ?)",
                (name, file.place, file.mark, file.size),
            )
            self._db.execute("DELETE FROM archive_records WHERE name = ?", (name,))
            return name, 0
        self._db.execute("UPDATE archives SET place = ? WHERE name = ?", (file.place, name))
        return None if known["done_at"] else (name, known["next"])

    def _free_name(self, file: ArchiveFile) -> str:
        """The file's name, with as many of its folders as it takes to be no other file's."""
        parts = file.place.removeprefix("s3://").strip("/").split("/")
        for count in range(1, len(parts)):
            name = "/".join(parts[-count:])
            known = self._db.execute(
                "SELECT place, mark, size FROM archives WHERE name = ?", (name,)
            ).fetchone()
            if known is None or (known["mark"], known["size"]) == (file.mark, file.size):
                return name
        return file.place

    def advance(self, name: str, end: int, outcomes: Mapping[str, int]) -> None:
        """All records before `end` are accounted for."""
        self._db.execute("UPDATE archives SET next = ? WHERE name = ?", (end, name))
        self._db.executemany(
            "INSERT INTO archive_records VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET records = records + excluded.records",
            [(name, outcome, records) for outcome, records in outcomes.items()],
        )

    def done(self, name: str, now: datetime) -> None:
        """The file was read to its end."""
        self._db.execute("UPDATE archives SET done_at = ? WHERE name = ?", (now.isoformat(), name))

    def places(self) -> dict[str, str]:
        """Where each archive file is, by the name that rows call it."""
        return dict(self._db.execute("SELECT name, place FROM archives").fetchall())

    def place_of(self, name: str) -> str | None:
        """Where the archive file is that rows call `name`; None when it is none."""
        row = self._db.execute("SELECT place FROM archives WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def wait(self, later: Later) -> None:
        """Remember a capture for later."""
        self._db.execute(
            "INSERT OR IGNORE INTO archive_later VALUES (?, ?, ?, ?)",
            (later.key, later.at, later.name, later.offset),
        )

    def waiting(self) -> list[Later]:
        """The earliest capture that waits, of each URL."""
        rows = self._db.execute(
            "SELECT key, at, name, offset FROM archive_later AS one WHERE (at, name, offset) = "
            "(SELECT at, name, offset FROM archive_later WHERE key = one.key ORDER BY 1, 2, 3 LIMIT 1)"
        )
        return [Later(*row) for row in rows]

    def waits_no_more(self, later: Later) -> None:
        """Forget a capture that was taken up."""
        self._db.execute(
            "DELETE FROM archive_later WHERE (key, at, name, offset) = (?, ?, ?, ?)",
            (later.key, later.at, later.name, later.offset),
        )
