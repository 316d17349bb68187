"""WARC files of runs that were killed: their last record may be cut short, which readers trip over."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipelines.shard import Shard, shard_in
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.warc_files import mend_tail, run_of


def mend_dead_runs(ledger: Ledger, folder: Path, now: datetime) -> tuple[str, ...]:
    """Mend the WARC files in `folder` of runs that did not end; the names of those that were cut.

    Called with the lock held and before a run begins: whatever has not ended is dead. It is noted as ended,
    so that each is looked at once. Raises `StoreError` naming the file.
    """
    rows = ledger.connection.execute("SELECT run_id FROM runs WHERE ended_at NOT NULL")
    dead = _files_of_others(folder, {row["run_id"] for row in rows}, shard_in(ledger.writer))
    known = _last_offsets(ledger) if dead else {}
    mended = tuple(path.name for run in dead for path in dead[run] if _mend(path, known.get(path.name, 0)))
    with ledger.transaction() as db:
        db.execute(
            "UPDATE runs SET ended_at = ?, outcome = 'died' WHERE ended_at IS NULL", (now.isoformat(),)
        )
        db.executemany(  # a power cut took the note of it, or another ledger has it
            "INSERT OR IGNORE INTO runs VALUES (?, 'unknown', ?, ?, 'died')",
            [(run, now.isoformat(), now.isoformat()) for run in dead],
        )
    return mended


def _files_of_others(folder: Path, ended: set[str], shard: Shard | None) -> dict[str, list[Path]]:
    """By run; those of other shards may be under way."""
    found: dict[str, list[Path]] = defaultdict(list)
    for name in sorted(_names(folder)):
        run = run_of(name)
        if run is not None and run not in ended and shard_in(run) == shard:
            found[run].append(folder / name)
    return found


def _names(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries if entry.is_file(follow_symlinks=False))


def _last_offsets(ledger: Ledger) -> dict[str, int]:
    """File -> offset of the last record that the ledger knows in it: what is before need not be read."""
    query = (
        "SELECT warc_file, max(warc_offset) FROM (SELECT warc_file, warc_offset FROM urls UNION ALL "
        "SELECT warc_file, warc_offset FROM article_versions) WHERE warc_file NOT NULL GROUP BY 1"
    )
    return dict(ledger.connection.execute(query).fetchall())


def _mend(path: Path, start: int) -> int:
    try:
        return mend_tail(path, start)
    except OSError as error:
        raise StoreError(f"cannot mend {path}: {error.strerror or error}") from None
