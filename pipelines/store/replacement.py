"""Files of a partition that take the place of others: noted before anything changes, finished after a crash.

Order of the steps: note; replace in the output; the ledger's files; manifest; the note is taken away. A crash
before the output is changed leaves the old files, one after it is finished by the next start.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.store.errors import StoreError
from pipelines.store.manifest import LEDGER_COLUMNS

if TYPE_CHECKING:  # the output's interface speaks of replacements
    from pipelines.store.ledger import Ledger
    from pipelines.store.output import Output

# Readers that hold an older manifest, or have opened a folder and not yet listed it, are done by then.
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Replacement:
    """`added` are rows of the ledger's `files`, `removed` targets; all of one partition."""

    dataset: str
    partition: str
    added: tuple[dict[str, Any], ...]
    removed: tuple[str, ...]
    begun_at: datetime

    @property
    def targets(self) -> tuple[str, ...]:
        """Where the added files will be."""
        return tuple(each["path"] for each in self.added)

    @property
    def name(self) -> str:
        """Different for each replacement: of a partition by a run there may be several."""
        return f"{self.dataset}-{self.partition}-{self.added[0]['sha256'][:16]}"


def note(ledger: Ledger, change: Replacement) -> None:
    """Before the output changes, and through a power cut: else nobody would know what was meant."""
    with ledger.transaction(durable=True) as db:
        db.execute(
            "INSERT OR REPLACE INTO compactions (dataset, partition, added, removed, begun_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                change.dataset,
                change.partition,
                json.dumps(change.added),
                json.dumps(change.removed),
                change.begun_at.isoformat(),
            ),
        )


def finish(ledger: Ledger, change: Replacement, write_manifest: Callable[[], None]) -> None:
    """The output holds the added files in place of the removed ones: ledger, manifest, and the note goes."""
    columns = ", ".join(LEDGER_COLUMNS)
    values = ", ".join(f":{name}" for name in LEDGER_COLUMNS)
    since = change.begun_at.isoformat()
    with ledger.transaction() as db:
        db.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in change.removed])
        db.executemany(
            f"INSERT OR REPLACE INTO files ({columns}, published) VALUES ({values}, 1)",  # noqa: S608  constants
            change.added,
        )
        db.executemany(
            "INSERT OR IGNORE INTO retired (path, since) VALUES (?, ?)",
            [(path, since) for path in change.removed],
        )
    write_manifest()
    _forget(ledger, change)


def recover(ledger: Ledger, output: Output, write_manifest: Callable[[], None]) -> None:
    """Finish replacements that reached the output, undo those that did not."""
    for change in _noted(ledger.connection):
        if output.replaced(change):
            finish(ledger, change, write_manifest)
        else:
            output.take_back(change)
            _forget(ledger, change)


def sweep_retired(ledger: Ledger, output: Output, now: datetime, kept: timedelta = KEPT) -> None:
    """Remove what was replaced `kept` ago; of what a clock that jumped says is still to come, count anew.

    Raises `StoreError` when the store refuses.
    """
    try:
        _sweep(ledger, output, now, kept)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot remove replaced files below {output.name}: {error}") from error


def _sweep(ledger: Ledger, output: Output, now: datetime, kept: timedelta) -> None:
    output.sweep_replaced(now, kept)
    rows = ledger.connection.execute("SELECT path, since FROM retired ORDER BY path").fetchall()
    ages = {path: now - datetime.fromisoformat(since) for path, since in rows}
    ahead = [path for path, age in ages.items() if age < timedelta(0)]
    old = [path for path, age in ages.items() if age >= kept]
    for path in old:
        output.remove(path)
    with ledger.transaction() as db:
        db.executemany("UPDATE retired SET since = ? WHERE path = ?", [(now.isoformat(), p) for p in ahead])
        db.executemany("DELETE FROM retired WHERE path = ?", [(path,) for path in old])


def _forget(ledger: Ledger, change: Replacement) -> None:
    with ledger.transaction() as db:
        db.execute(
            "DELETE FROM compactions WHERE dataset = ? AND partition = ?", (change.dataset, change.partition)
        )


def _noted(db: sqlite3.Connection) -> Iterable[Replacement]:
    for row in db.execute("SELECT * FROM compactions ORDER BY dataset, partition").fetchall():
        yield Replacement(
            dataset=row["dataset"],
            partition=row["partition"],
            added=tuple(json.loads(row["added"])),
            removed=tuple(json.loads(row["removed"])),
            begun_at=datetime.fromisoformat(row["begun_at"]),
        )
