"""Published rows as what a ledger is rebuilt from, read in batches: more of them take no more memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.store.output import Output
from pipelines.store.rebuild_files import OurFile, digest_of
from pipelines.store.versions import copy_hash, folded_title
from pipelines.urls import article_key

_BATCH_ROWS = 2_000
# Most of the time goes here, and most rows have one address only, asked for thrice.
_key_of = lru_cache(maxsize=4 * _BATCH_ROWS)(article_key)
_COLUMNS = {
    "articles": (
        "id", "site", "url", "url_requested", "url_canonical", "title", "text_hash", "version",
        "published_at", "published_date", "fetched_at", "etag", "last_modified", "discovered_via",
        "discovered_at", "warc_file", "warc_offset", "run_id",
    ),
    "rejected": (
        "site", "url", "url_requested", "reason", "discovered_via", "fetched_at", "warc_file",
        "warc_offset", "run_id",
    ),
    "removed_blocks": ("article_id", "order", "fetched_at", "run_id"),
}  # fmt: skip
# Each answer that a URL gave, in a file beside the new ledger; `article_id` and `reason` are null while it is
# a page without a row.
SCRATCH = """
CREATE TABLE seen.answers (
    key TEXT NOT NULL, at TEXT NOT NULL, version INTEGER, url TEXT NOT NULL, site TEXT NOT NULL,
    run_id TEXT NOT NULL, article_id TEXT, reason TEXT, etag TEXT, last_modified TEXT, published TEXT,
    via TEXT, discovered_at TEXT, witness TEXT, fetch TEXT, digest TEXT, warc_file TEXT, warc_offset INTEGER
);
CREATE TABLE seen.identities (dataset TEXT, identity TEXT, PRIMARY KEY (dataset, identity)) WITHOUT ROWID;
"""
ANSWER = """
INSERT INTO seen.answers VALUES (:key, :at, :version, :url, :site, :run_id, :article_id, :reason, :etag,
    :last_modified, :published, :via, :discovered_at, :witness, :fetch, :digest, :warc_file, :warc_offset)
"""
NO_ANSWER: dict[str, Any] = dict.fromkeys(
    "version article_id reason etag last_modified published witness fetch digest discovered_at via".split()
)
_VERSION = """
INSERT OR IGNORE INTO article_versions
VALUES (:article, :version, :id, :text_hash, :title, :copy, :key, :warc_file, :warc_offset)
"""


@dataclass(slots=True)
class Found:
    """What was found again. `runs` are those seen, each with the last moment it was seen at work."""

    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0
    damaged: list[str] = field(default_factory=list)
    doubled: list[str] = field(
        default_factory=list
    )  # whole, listed by nobody, and their rows stand elsewhere
    runs: dict[str, str] = field(default_factory=dict)
    unknown_pages: int = 0  # in the WARC without a word whose they are
    mended: int = 0

    def saw_run(self, run_id: str, moment: str) -> None:
        """Remember that the run was at work at `moment`."""
        self.runs[run_id] = max(moment, self.runs.get(run_id, ""))


class Rows:
    """Fills `files`, `article_versions` and the scratch of a ledger; may raise `OSError`, `sqlite3.Error`."""

    def __init__(self, db: sqlite3.Connection, output: Output, found: Found) -> None:
        self._db = db
        self._output = output
        self._found = found

    def take(self, files: Iterable[OurFile]) -> None:
        """Adopt each file, or name it: its content is not what it says, or its rows are in other files."""
        files = list(files)
        unsure = {file.dataset for file in files if file.listed is None}
        for file in files:
            self._db.execute("BEGIN")
            try:
                self._adopt(file, remember=file.dataset in unsure)
            except _NotTaken as error:
                self._db.execute("ROLLBACK")
                error.among.append(file.path)
            else:
                self._db.execute("COMMIT")

    def _adopt(self, file: OurFile, *, remember: bool) -> None:
        digest, size = digest_of(self._output, file.path)
        if not file.is_whole(digest):
            raise _NotTaken(self._found.damaged)
        count, times = 0, set[str]()
        for batch in self._batches(file):
            rows = [row | {"at": _iso(row["fetched_at"])} for row in batch]
            if remember:
                self._remember(file, rows)
            self._insert(file.dataset, rows)
            count += len(rows)
            times = {min(times | {row["at"] for row in rows}), max(times | {row["at"] for row in rows})}
            for row in rows:
                self._found.saw_run(row["run_id"], row["at"])
        self._db.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (
                file.path,
                file.dataset,
                file.partition,
                count,
                size,
                digest,
                file.run_id,
                min(times),
                max(times),
            ),
        )
        self._found.rows[file.dataset] += count
        self._found.files += 1
        self._found.saw_run(file.run_id, max(times))

    def _batches(self, file: OurFile) -> Iterator[list[dict[str, Any]]]:
        """Rows with the columns that count; those that an older file lacks are null."""
        wanted = _COLUMNS[file.dataset]
        blank = dict.fromkeys(wanted)
        try:
            with self._output.open(file.path) as source, pq.ParquetFile(source) as parquet:
                there = [name for name in wanted if name in parquet.schema_arrow.names]
                for batch in parquet.iter_batches(_BATCH_ROWS, columns=there):
                    yield [blank | row for row in batch.to_pylist()]
        except pa.ArrowException:  # whole, and not what a run writes
            raise _NotTaken(self._found.damaged) from None

    def _remember(self, file: OurFile, rows: list[dict[str, Any]]) -> None:
        """A compaction that was cut short leaves two files with the same rows: the listed one counts."""
        before = self._db.total_changes
        self._db.executemany(
            "INSERT OR IGNORE INTO seen.identities VALUES (?, ?)",
            [(file.dataset, _identity(file.dataset, row)) for row in rows],
        )
        if file.listed is None and self._db.total_changes - before < len(rows):
            raise _NotTaken(self._found.doubled)

    def _insert(self, dataset: str, rows: list[dict[str, Any]]) -> None:
        if dataset == "articles":
            self._db.executemany(_VERSION, map(_version, rows))
        if dataset in ("articles", "rejected"):
            self._db.executemany(ANSWER, map(_answer, rows))


class _NotTaken(Exception):
    """The file is not adopted; it is named among these."""

    def __init__(self, among: list[str]) -> None:
        self.among = among


def _identity(dataset: str, row: dict[str, Any]) -> str:
    if dataset == "articles":
        return str(row["id"])
    if dataset == "rejected":
        return f"{row['url']} {row['at']}"
    return f"{row['article_id']} {row['order']}"


def _key(row: dict[str, Any]) -> str:
    """What the ledger knew the URL by: the address that was asked for."""
    return _key_of(row["url_requested"] or row["url"])


def _version(row: dict[str, Any]) -> dict[str, Any]:
    article, title = _key_of(row["url_canonical"]), folded_title(row["title"])
    copy = copy_hash(row["site"], article, row["text_hash"], title)
    return row | {"article": article, "title": title, "copy": copy, "key": _key(row)}


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    published = row.get("published_at") or _midnight(row.get("published_date"))
    return NO_ANSWER | row | {
        "key": _key(row),
        "url": row["url_requested"] or row["url"],
        "article_id": row.get("id"),
        "published": _iso(published),
        "via": row["discovered_via"],
        "discovered_at": _iso(row.get("discovered_at")),
    }  # fmt: skip


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
