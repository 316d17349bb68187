"""The index of near-duplicates, from the rows that were published last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta

import pyarrow.parquet as pq

from pipelines.policy import Policy
from pipelines.store.near import Entry, article_hash, note, seconds
from pipelines.store.output import Output

_BATCH_ROWS = 2_000
_COLUMNS = ("id", "url_canonical", "fetched_at", "minhash", "cluster_id", "duplicate_of")
# The scratch of a rebuild holds them until all are there: the first of a cluster may come last.
_SCRATCH = """
CREATE TABLE seen.near_rows (
    id TEXT, article BLOB, at INTEGER, cluster_id TEXT, is_first INTEGER, signature BLOB
);
"""
_CLUSTERS = """
CREATE TABLE seen.near_clusters (cluster_id TEXT PRIMARY KEY, began INTEGER, first BLOB) WITHOUT ROWID;
INSERT INTO seen.near_clusters
    SELECT cluster_id, min(at), max(CASE WHEN is_first THEN article END) FROM seen.near_rows GROUP BY 1;
"""
_IN_ORDER = """
SELECT article, at, cluster_id, began, coalesce(first, x''), at, signature
FROM seen.near_rows JOIN seen.near_clusters USING (cluster_id) ORDER BY at, id
"""
# By a clock that ran ahead there may be newer ones.
_NEWEST = "SELECT max(max_fetched_at) FROM files WHERE dataset = 'articles' AND max_fetched_at <= ?"
_FILES = "SELECT path FROM files WHERE dataset = 'articles' AND max_fetched_at >= ? ORDER BY path"


def fill_near(db: sqlite3.Connection, output: Output, now: datetime, policy: Policy) -> None:
    """Note the articles of the window before the newest row. Raises `OSError`, `sqlite3.Error`."""
    newest = db.execute(_NEWEST, (now.isoformat(),)).fetchone()[0]
    if newest is None:
        return
    since = datetime.fromisoformat(newest) - timedelta(days=policy.near_window_days)
    paths = [path for (path,) in db.execute(_FILES, (since.isoformat(),))]
    db.executescript(_SCRATCH)
    db.execute("BEGIN")
    for path in paths:
        db.executemany("INSERT INTO seen.near_rows VALUES (?, ?, ?, ?, ?, ?)", _rows(output, path, since))
    db.execute("COMMIT")
    db.executescript(_CLUSTERS)
    db.execute("BEGIN")
    for row in db.execute(_IN_ORDER):
        note(db, Entry(*row))
    db.execute("COMMIT")


def _rows(output: Output, path: str, since: datetime) -> Iterator[tuple[object, ...]]:
    """Of each row in the window that has a signature and a cluster what `near_rows` wants."""
    with output.open(path) as source, pq.ParquetFile(source) as parquet:
        if not set(_COLUMNS) <= set(parquet.schema_arrow.names):
            return
        for batch in parquet.iter_batches(_BATCH_ROWS, columns=_COLUMNS):
            for row in batch.to_pylist():
                if row["fetched_at"] >= since and row["minhash"] and row["cluster_id"]:
                    article, at = article_hash(row["url_canonical"]), seconds(row["fetched_at"])
                    is_first = row["duplicate_of"] is None
                    yield row["id"], article, at, row["cluster_id"], is_first, row["minhash"]
