"""Published files that are no longer there: found before a run, and forgotten when somebody says so."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.manifest import PublishedFile, files_of, with_files_of
from pipelines.store.output import Files, Output
from pipelines.store.row_ids import collect_rows, prepare


def missing_files(output: Output, db: sqlite3.Connection) -> list[str]:
    """Published files of the ledger that the output no longer has; a listing only, nothing is read."""
    paths = [path for (path,) in db.execute("SELECT path FROM files WHERE published = 1 ORDER BY path")]
    there = set(output.targets()) if paths else set()
    return [path for path in paths if path not in there]


def refuse_missing(output: Output, db: sqlite3.Connection) -> None:
    """Raises `StoreError` when published files are gone: a run would go on as if they were read."""
    if gone := missing_files(output, db):
        raise StoreError(
            f"{len(gone)} published files are missing below {output.name}, first {gone[0]}: "
            "restore them, or take them off the lists with `scrapy verify --forget`"
        )


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken off the lists; `rows` is what the files held, `unknown` what else turned out missing."""

    files: tuple[str, ...]
    rows: int
    unknown: int

    def __add__(self, other: Forgotten) -> Forgotten:
        return Forgotten(self.files + other.files, self.rows + other.rows, self.unknown + other.unknown)


def forget_missing(ledger: Ledger, output: Output) -> Forgotten:
    """Take files that are gone out of ledger and manifest; under the lock, after `Publisher.recover`.

    Their articles stay known and are not stored again; the ledger notes which rows are gone.
    """
    db = ledger.connection
    gone = missing_files(output, db)
    rows = dict(db.execute("SELECT path, rows FROM files").fetchall())
    with ledger.transaction():
        db.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in gone])
        lost = _note_rows(db, output) if gone else 0
    _rewrite_manifest(ledger, output)
    held = sum(rows[path] for path in gone if not path.startswith("removed_blocks/"))
    return Forgotten(tuple(gone), held, max(lost - held, 0))


def _note_rows(db: sqlite3.Connection, output: Output) -> int:
    """Note the rows that stand nowhere any more; how many of articles and refusals."""
    paths = [path for (path,) in db.execute("SELECT path FROM files WHERE published = 1 ORDER BY path")]
    prepare(db)
    collect_rows(db, output, paths)
    before = db.total_changes
    db.execute("INSERT OR IGNORE INTO forgotten SELECT 'articles', id FROM temp.lost_articles")
    db.execute("INSERT OR IGNORE INTO forgotten SELECT 'rejected', id FROM temp.lost_rejected")
    found = db.total_changes - before
    db.execute("INSERT OR IGNORE INTO forgotten SELECT 'removed_blocks', id FROM temp.lost_removed_blocks")
    return found


def _rewrite_manifest(ledger: Ledger, output: Output) -> None:
    """Without what is gone, whoever published it: what the manifest lists, readers open."""
    mine = [
        PublishedFile(**known, stable_path=output.stable_path(known["path"]), writer=ledger.writer)
        for known in files_of(ledger.connection)
    ]

    def change(there: Files) -> Files:
        found = set(output.targets())
        left = [each for each in there if each.path in found or output.stable_path(each.path) != each.path]
        return with_files_of(ledger.writer, mine, left)

    output.update_manifest(change)
