"""From spool to readers: part files appear complete or not at all, and every row in exactly one.

Order of the steps: write and verify outside the datasets; note in the ledger which rows stand in which file;
rename into place; manifest; commit. `recover` finishes or undoes what a crash interrupted. The note is
durable before the rename: the rows of a file whose note a power cut took would be published again.

What `in_one_step` announced is listed by the manifest whole or not at all: after a crash in the middle of it,
`recover` writes the rest before anything is listed.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.records import State
from pipelines.shard import shard_in
from pipelines.store import replacement
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.manifest import PublishedFile, files_of, refuse_overtaken, with_files_of
from pipelines.store.output import Files, Output
from pipelines.store.parquet import Part, write_part
from pipelines.store.rows import loads
from pipelines.store.schema import SCHEMAS

# Uncompressed bytes of spooled rows in one part file.
_MAX_PART_BYTES = 1024**3
# Row of `meta` while what the spool holds is to be seen all at once; its value is the run that wants it.
_ONE_STEP = "one_step"


@dataclass(frozen=True, slots=True)
class Published:
    """What one call of `publish` made visible."""

    files: tuple[str, ...]
    rows: dict[str, int]


def write_manifest(output: Output, ledger: Ledger, replaces: frozenset[str] = frozenset()) -> None:
    """List the files of `ledger` in the manifest, beside those of other ledgers.

    What it lists at the paths that it `replaces` is dropped.
    """
    mine = [
        PublishedFile(**known, stable_path=output.stable_path(known["path"]), writer=ledger.writer)
        for known in files_of(ledger.connection)
    ]

    def change(there: Files) -> Files:
        return with_files_of(ledger.writer, mine, [each for each in there if each.path not in replaces])

    output.update_manifest(change)


def in_one_step(db: sqlite3.Connection, run_id: str) -> None:
    """Announce, in the transaction that spools the rows, that readers see all of them at once."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_ONE_STEP, run_id))


class Publisher:
    """Publishes the spool of `ledger` in `output`; `scratch` is local, of a folder on its file system."""

    def __init__(self, ledger: Ledger, output: Output, scratch: Path, run_id: str) -> None:
        self._ledger = ledger
        self._db = ledger.connection
        self._output = output
        self._scratch = scratch
        self._run_id = run_id

    def recover(self) -> None:
        """Finish files whose rename happened, forget those whose rename did not; sweep our leftovers.

        What is published in one step is finished whole. Raises `StoreError` when the disk or the ledger
        refuses.
        """
        with self._reported():
            if self._is_one_step():
                self._settle()
                self._publish()
            self._recover()

    def _recover(self) -> None:
        whole = self._settle()
        if not self._is_one_step():
            if whole:
                self._commit(whole)
            elif self._db.execute("SELECT 1 FROM files LIMIT 1").fetchone():
                write_manifest(self._output, self._ledger)  # it may have been lost or damaged meanwhile
            elif shard_in(self._ledger.writer):  # nothing is put that the manifest would then refuse
                refuse_overtaken(self._ledger.writer, (), self._listed())
            replacement.recover(
                self._ledger, self._output, lambda: write_manifest(self._output, self._ledger)
            )
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._output.sweep()

    def _is_one_step(self) -> bool:
        return self._db.execute("SELECT 1 FROM meta WHERE name = ?", (_ONE_STEP,)).fetchone() is not None

    def _settle(self) -> list[str]:
        """Noted files that are in place; those that are not are forgotten, and their rows wait again."""
        pending = self._db.execute("SELECT path, sha256 FROM files WHERE published = 0").fetchall()
        whole = [path for path, digest in pending if self._output.holds(path, digest)]
        lost = [path for path, _ in pending if path not in whole]
        for path in lost:  # before the ledger forgets that they were ours
            self._output.remove(path)
        with self._ledger.transaction():
            for path in lost:
                self._db.execute("UPDATE spool SET file = NULL WHERE file = ?", (path,))
                self._db.execute("DELETE FROM files WHERE path = ?", (path,))
        return whole

    def _listed(self) -> Files:
        with suppress(StoreError):  # a damaged manifest is written anew
            return self._output.listed()
        return ()

    def publish(self) -> Published:
        """Publish every spooled row; raises `StoreError` with nothing half visible."""
        try:
            with self._reported():
                self._recover()
                planned = self._publish()
        except StoreError:
            # A full disk gets its space back, readers a manifest of what is there.
            with suppress(StoreError), self._reported():
                self._recover()
            raise
        rows = dict.fromkeys(SCHEMAS, 0)
        for _, dataset, part in planned:
            rows[dataset] += part.rows
        return Published(tuple(target for target, _, _ in planned), rows)

    def _publish(self) -> list[tuple[str, str, Part]]:
        self._scratch.mkdir(parents=True, exist_ok=True)
        planned: list[tuple[str, str, Part]] = []
        for dataset, partition in self._partitions():
            planned.extend(self._write(dataset, partition))
        for target, _, part in planned:
            self._output.put(part.path, target, part.sha256)
        noted = [path for (path,) in self._db.execute("SELECT path FROM files WHERE published = 0")]
        if noted or self._is_one_step():
            self._commit(noted)
        return planned

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot publish below {self._output.name}: {error}") from error

    def _partitions(self) -> list[tuple[str, str]]:
        query = "SELECT DISTINCT dataset, partition FROM spool WHERE file IS NULL ORDER BY 1, 2"
        return [(row["dataset"], row["partition"]) for row in self._db.execute(query)]

    def _write(self, dataset: str, partition: str) -> Iterator[tuple[str, str, Part]]:
        """Part files of one partition, each noted in the ledger as soon as it is verified."""
        for number in count():
            taken: list[int] = []
            rows = self._rows(dataset, partition, taken)
            if (first := next(rows, None)) is None:
                return
            path = self._scratch / f"{dataset}-{partition}-{number}.parquet"
            part = write_part(dataset, _chain(first, rows), path, self._run_id)
            target = f"{dataset}/fetch_date={partition}/{part.name}"
            self._note(target, dataset, partition, part, taken)
            yield target, dataset, part

    def _rows(self, dataset: str, partition: str, taken: list[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        cursor = self._db.execute(
            "SELECT seq, row FROM spool WHERE dataset = ? AND partition = ? AND file IS NULL "
            "ORDER BY site, sort_key, seq",
            (dataset, partition),
        )
        size = 0
        for seq, text in cursor:
            taken.append(seq)
            size += len(text)
            yield len(text), loads(text)
            if size >= _MAX_PART_BYTES:
                return

    def _note(self, target: str, dataset: str, partition: str, part: Part, taken: list[int]) -> None:
        with self._ledger.transaction(durable=True):
            self._db.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (target, dataset, partition, part.rows, part.bytes, part.sha256, self._run_id,
                 part.min_fetched_at.isoformat(), part.max_fetched_at.isoformat()),
            )  # fmt: skip
            self._db.executemany("UPDATE spool SET file = ? WHERE seq = ?", [(target, seq) for seq in taken])

    def _commit(self, targets: list[str]) -> None:
        """The files are in place: manifest first, then the ledger lets go of the rows."""
        write_manifest(self._output, self._ledger)
        with self._ledger.transaction():
            for target in targets:
                self._db.execute(
                    "UPDATE urls SET state = spool.final_state FROM spool "
                    "WHERE spool.file = ? AND spool.url_key = urls.key AND urls.state = ?",
                    (target, State.STAGED),
                )
                self._db.execute("DELETE FROM spool WHERE file = ?", (target,))
                self._db.execute("UPDATE files SET published = 1 WHERE path = ?", (target,))
            self._db.execute("DELETE FROM meta WHERE name = ?", (_ONE_STEP,))


def _chain(
    first: tuple[int, dict[str, Any]], rest: Iterator[tuple[int, dict[str, Any]]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    yield first
    yield from rest
