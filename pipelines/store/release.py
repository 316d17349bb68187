"""WARC files that were kept long enough are let go of, and the ledger remembers that it was on purpose."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from pipelines.store.ledger import Ledger
from pipelines.store.output import Output
from pipelines.store.warc_files import owner, run_of

# An end that nobody wrote down was none.
_ENDED = "SELECT run_id FROM runs WHERE ended_at < ?"


def release(ledger: Ledger, output: Output, kept: timedelta, now: datetime) -> tuple[str, ...]:
    """Remove the WARC files of this ledger whose run ended `kept` ago, and that no page still needs.

    Noted first: what a kill leaves is removed by the next call. The names of those that are gone now. Raises
    `OSError`, `StoreError`.
    """
    ended = {run_id for (run_id,) in ledger.connection.execute(_ENDED, ((now - kept).isoformat(),))}
    needed = {left.warc_file for left in ledger.unfinished()}
    names = [name for name in output.raw_names() if run_of(name) in ended and name not in needed]
    before = released(ledger.connection)
    mine = [name for name in names if name in before or _is_own(ledger, output, name)]
    with ledger.transaction(durable=True) as db:
        db.executemany(
            "INSERT OR IGNORE INTO raw_released VALUES (?, ?)", [(name, now.isoformat()) for name in mine]
        )
    for name in mine:
        output.remove_raw(name)
    return tuple(mine)


def released(db: sqlite3.Connection) -> set[str]:
    """Names of the files that were let go of."""
    return {name for (name,) in db.execute("SELECT name FROM raw_released")}


def _is_own(ledger: Ledger, output: Output, name: str) -> bool:
    """Several ledgers may share an output; older files do not say whose they are, and stay."""
    with output.open_raw(name) as file:
        return owner(file) == ledger.writer
