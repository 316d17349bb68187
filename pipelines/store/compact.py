"""The small files of a partition become few; every row stays, in the order and the schema of today."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import SCHEMA_VERSION
from pipelines.store import replacement
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.manifest import LEDGER_COLUMNS
from pipelines.store.merge import merged, uncompressed_bytes
from pipelines.store.output import Output
from pipelines.store.parquet import Part, write_tables
from pipelines.store.publish import write_manifest
from pipelines.store.replacement import Replacement
from pipelines.store.schema import SCHEMAS

# A merged file has up to 256 MiB of rows before compression, some 70 MiB of Arabic prose after it. Merging
# them takes some 600 MiB of memory, 2 MiB of it for each open file.
_GROUP_BYTES = 256 * 1024**2
_GROUP_FILES = 100
# Half of a group: so what a group becomes is no candidate any more, the last apart; each pass leaves fewer.
_SMALL_ROWS = _GROUP_BYTES // 2
_SMALL_FILE = 128 * 1024**2
# These files stay for good: 11 % smaller than with level 3 for three times the work. Level 12 would take more
# than twice that again for 4 % (docs/performance.md).
COMPRESSION_LEVEL = 9
# Seconds; readers take microseconds between listing a folder and looking at its names, a busy machine more.
GRACE = 0.1

Known = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compacted:
    """One partition before and after; `damaged` files are not what was published and were left alone."""

    dataset: str
    partition: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    damaged: tuple[str, ...] = ()


class Compactor:
    """Compacts what `ledger` has published in `output`; `scratch` as for `Publisher`, `now` is aware UTC.

    The output's lock is held and a `Publisher` has recovered.
    """

    def __init__(
        self,
        ledger: Ledger,
        output: Output,
        scratch: Path,
        run_id: str,
        now: datetime,
        *,
        grace: float = GRACE,
    ) -> None:
        self._ledger = ledger
        self._db = ledger.connection
        self._output = output
        self._scratch = scratch
        self._run_id = run_id
        self._now = now
        self._grace = grace

    def compact(self) -> Iterator[Compacted]:
        """Every partition that changed or has damaged files, as soon as it is done.

        Raises `StoreError` when disk or ledger refuse: the partition at hand is as it was before.
        """
        for dataset, partition in self._partitions():
            with self._reported(dataset, partition):
                done = self._partition(dataset, partition)
            if done.files_after < done.files_before or done.damaged:
                yield done

    @contextmanager
    def _reported(self, dataset: str, partition: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error, pa.ArrowException, StoreError) as error:
            with suppress(OSError, sqlite3.Error, StoreError):  # the first error is the one to report
                replacement.recover(self._ledger, self._output, self._write_manifest)
            raise StoreError(f"cannot compact {dataset}/fetch_date={partition}: {error}") from error
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _partitions(self) -> list[tuple[str, str]]:
        rows = self._db.execute(
            "SELECT dataset, partition FROM files WHERE published = 1 AND bytes < ? "
            "GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2",
            (_SMALL_FILE,),
        )
        return [(row["dataset"], row["partition"]) for row in rows if row["dataset"] in SCHEMAS]

    def _partition(self, dataset: str, partition: str) -> Compacted:
        before = self._files(dataset, partition)
        damaged: set[str] = set()
        while groups := self._groups(self._files(dataset, partition), damaged):
            if bad := self._damaged(groups):
                damaged |= bad
            else:
                self._merge(dataset, partition, groups)
        after = self._files(dataset, partition)
        return Compacted(
            dataset,
            partition,
            files_before=len(before),
            files_after=len(after),
            bytes_before=sum(file["bytes"] for file in before),
            bytes_after=sum(file["bytes"] for file in after),
            damaged=tuple(sorted(damaged)),
        )

    def _files(self, dataset: str, partition: str) -> list[Known]:
        """In the order of their paths, and so of the runs that wrote them."""
        rows = self._db.execute(
            f"SELECT {', '.join(LEDGER_COLUMNS)} FROM files "  # noqa: S608  constants
            "WHERE dataset = ? AND partition = ? AND published = 1 ORDER BY path",
            (dataset, partition),
        )
        return [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in rows]

    def _groups(self, files: list[Known], damaged: set[str]) -> list[list[Known]]:
        """Files to merge into one each, in memory that is bounded; `damaged` ones are left out, and noted."""
        groups: list[list[Known]] = []
        size = _GROUP_BYTES
        for file in files:
            rows = self._small(file, damaged)
            if rows is None:
                continue
            if size + rows > _GROUP_BYTES or len(groups[-1]) == _GROUP_FILES:
                groups.append([])
                size = 0
            groups[-1].append(file)
            size += rows
        return [group for group in groups if len(group) > 1]

    def _small(self, file: Known, damaged: set[str]) -> int | None:
        """Uncompressed bytes of a file that can be merged; None for any other."""
        if file["bytes"] >= _SMALL_FILE or file["path"] in damaged:
            return None
        try:
            with self._output.open(file["path"]) as opened, closing(pq.ParquetFile(opened)) as parquet:
                version = int((parquet.schema_arrow.metadata or {}).get(b"schema_version", 0))
                rows = uncompressed_bytes(parquet.metadata)
        except (FileNotFoundError, pa.ArrowException):
            damaged.add(file["path"])
            return None
        # A later version's file may have columns that would be lost.
        return rows if rows <= _SMALL_ROWS and version <= SCHEMA_VERSION else None

    def _damaged(self, groups: list[list[Known]]) -> set[str]:
        """Files that are not what was published: a merged file would hide it."""
        known = [file for group in groups for file in group]
        return {file["path"] for file in known if not self._output.holds(file["path"], file["sha256"])}

    def _merge(self, dataset: str, partition: str, groups: list[list[Known]]) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        added: list[Known] = []
        parts: dict[str, Path] = {}
        for number, group in enumerate(groups):
            part = self._write(dataset, group, self._scratch / f"merged-{number}.parquet")
            target = f"{dataset}/fetch_date={partition}/{part.name}"
            added.append(self._entry(target, dataset, partition, part))
            parts[target] = part.path
        removed = tuple(file["path"] for group in groups for file in group)
        change = Replacement(dataset, partition, tuple(added), removed, self._now)
        replacement.note(self._ledger, change)
        self._output.replace(change, parts, self._grace)
        replacement.finish(self._ledger, change, self._write_manifest)

    def _write(self, dataset: str, group: list[Known], path: Path) -> Part:
        with ExitStack() as stack:
            files = [stack.enter_context(self._output.open(file["path"])) for file in group]
            part = write_tables(dataset, merged(dataset, files), path, self._run_id, COMPRESSION_LEVEL)
        if part.rows != sum(file["rows"] for file in group):
            raise StoreError("the merged files have another number of rows than was published")
        return part

    def _entry(self, target: str, dataset: str, partition: str, part: Part) -> Known:
        return {
            "path": target,
            "dataset": dataset,
            "partition": partition,
            "rows": part.rows,
            "bytes": part.bytes,
            "sha256": part.sha256,
            "run_id": self._run_id,
            "min_fetched_at": part.min_fetched_at.isoformat(),
            "max_fetched_at": part.max_fetched_at.isoformat(),
        }

    def _write_manifest(self) -> None:
        write_manifest(self._output, self._ledger)
