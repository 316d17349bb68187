"""Rows, words and times of each published file, kept beside the ledger: files never change.

What is kept is known by path and SHA-256 and can be deleted at any time: it is counted anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.card.figures import Cell, Counted, FileFigures, gathered
from pipelines.store.errors import StoreError
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import Output
from pipelines.store.part_check import is_well_formed

# Below the state folder.
FIGURES = "figures.sqlite"
# Counted otherwise, the file is made anew.
_VERSION = 1
_TABLE = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT NOT NULL, sha256 TEXT NOT NULL, figures TEXT NOT NULL, PRIMARY KEY (path, sha256)
) WITHOUT ROWID
"""
# What rows of a dataset are told apart by, beside the site.
_KINDS = {"articles": "language", "rejected": "reason", "removed_blocks": "reason"}
_OF_ARTICLES = (
    *("publisher", "version", "word_count", "char_count"),
    *("published_date", "duplicate_of", "rights"),
)


def count_files(output: Output, files: Iterable[PublishedFile], kept: Path) -> Counted:
    """Figures of all `files`, those `kept` and those of files that are new; what cannot be read is named.

    `kept` is brought up to date; where that cannot be written, all is counted and nothing kept.
    """
    listed = list(files)
    with closing(_opened(kept)) as db:
        known = _known(db)
        found, unread = [], []
        for file in listed:
            key = (file.path, file.sha256)
            try:
                figures = known[key] if key in known else count_file(output, file)
            except (OSError, StoreError, ValueError, KeyError, pa.ArrowException) as error:
                unread.append(f"{file.path}: {_line(error)}")
                continue
            found.append(figures)
            if key not in known:
                with suppress(sqlite3.Error):  # a full disk: it is counted again next time
                    _keep(db, key, figures)
        with suppress(sqlite3.Error):  # as above
            gone = known.keys() - {(file.path, file.sha256) for file in listed}
            db.executemany("DELETE FROM files WHERE path = ? AND sha256 = ?", gone)
            db.commit()
    return gathered(found, unread)


def count_file(output: Output, file: PublishedFile) -> FileFigures:
    """Figures of one file, of which only the columns needed are read.

    Raises `OSError`, `StoreError`, `ValueError`, `KeyError` or `pyarrow.ArrowException`.
    """
    if not is_well_formed(file):
        raise StoreError("its entry in the manifest cannot be understood; see scrapy verify")
    # Bytes that are not what was written could take their reader down.
    if not output.holds(file.path, file.sha256):
        raise StoreError("is missing or not what was published; see scrapy verify")
    kind = _KINDS[file.dataset]
    columns = ["site", kind, "fetched_at", "schema_version"]
    if file.dataset != "removed_blocks":
        columns.append("extractor")
    if file.dataset == "articles":
        columns += _OF_ARTICLES
    with (
        output.open(file.path) as opened,
        pq.ParquetFile(pa.PythonFile(opened, mode="r"), page_checksum_verification=True) as parquet,
    ):
        table = parquet.read(columns=columns)
    return _figures(file.dataset, kind, _plain_strings(table))


def _plain_strings(table: pa.Table) -> pa.Table:
    """Without dictionaries, whose row groups each have their own."""
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(at, field.name, table[field.name].cast(pa.string()))
    return table


def _figures(dataset: str, kind: str, table: pa.Table) -> FileFigures:
    is_articles = dataset == "articles"
    sums = ["articles", "words", "chars", "dated", "near", "signals"] if is_articles else []
    spans = ["fetched_at", *(["published_date"] if is_articles else [])]
    wanted = [([], "count_all"), *((name, "sum") for name in sums)]
    wanted += [(name, which) for name in spans for which in ("min", "max")]
    if is_articles:
        table = _with_figures(table)
    rows = table.group_by(["site", kind]).aggregate(wanted).to_pylist()
    cells = (_cell(row, kind, sums) for row in rows)
    return FileFigures(
        dataset,
        tuple(sorted(cells, key=lambda cell: (cell.site, cell.kind))),
        _publishers(table) if is_articles else {},
        _values(table, "extractor") if "extractor" in table.column_names else (),
        _values(table, "schema_version"),
    )


def _values(table: pa.Table, column: str) -> tuple[Any, ...]:
    """The different ones, in order."""
    return tuple(sorted(value for value in pc.unique(table[column]).to_pylist() if value is not None))


def _with_figures(table: pa.Table) -> pa.Table:
    added = {
        "articles": pc.equal(table["version"], 1),
        "words": table["word_count"],
        "chars": table["char_count"],
        "dated": pc.is_valid(table["published_date"]),
        "near": pc.is_valid(table["duplicate_of"]),
        "signals": pc.greater(pc.fill_null(pc.list_value_length(table["rights"]), 0), 0),
    }
    for name, values in added.items():
        table = table.append_column(name, pc.fill_null(values.cast(pa.int64()), 0))
    return table


def _cell(row: dict[str, Any], kind: str, sums: list[str]) -> Cell:
    fetched = [row[f"fetched_at_{which}"].strftime("%Y-%m-%dT%H:%M:%SZ") for which in ("min", "max")]
    published = [row.get(f"published_date_{which}") for which in ("min", "max")]
    first, last = (day.isoformat() if day else "" for day in published)
    return Cell(
        site=row["site"],
        kind=row[kind],
        rows=row["count_all"],
        first_fetched=fetched[0],
        last_fetched=fetched[1],
        first_published=first,
        last_published=last,
        **{name: row[f"{name}_sum"] for name in sums},
    )


def _publishers(table: pa.Table) -> dict[str, str]:
    """The name most rows of each site have."""
    counts = table.group_by(["site", "publisher"]).aggregate([([], "count_all")]).to_pylist()
    counts.sort(key=lambda row: (row["count_all"], row["publisher"] or ""))
    return {row["site"]: row["publisher"] for row in counts if row["publisher"]}


def _opened(path: Path) -> sqlite3.Connection:
    """The file; one that is damaged or of another version is made anew; in memory where it cannot be made."""
    for _ in range(2):
        try:
            return _connected(path)
        except (sqlite3.Error, OSError):
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return _made(sqlite3.connect(":memory:"))


def _connected(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    try:
        return _made(db)
    except sqlite3.Error:
        db.close()
        raise


def _made(db: sqlite3.Connection) -> sqlite3.Connection:
    if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        db.execute("DROP TABLE IF EXISTS files")
        db.execute(f"PRAGMA user_version = {_VERSION}")
    db.execute(_TABLE)
    return db


def _known(db: sqlite3.Connection) -> dict[tuple[str, str], FileFigures]:
    """What is kept, by path and SHA-256; nothing where that cannot be read."""
    try:
        rows = db.execute("SELECT path, sha256, figures FROM files").fetchall()
        return {(path, digest): FileFigures.from_plain(json.loads(text)) for path, digest, text in rows}
    except (sqlite3.Error, ValueError, KeyError, TypeError):
        return {}


def _keep(db: sqlite3.Connection, key: tuple[str, str], figures: FileFigures) -> None:
    text = json.dumps(figures.plain(), ensure_ascii=False)
    db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (*key, text))


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
