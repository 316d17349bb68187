"""The index of near-duplicates: what the articles of the last weeks are like, in the ledger.

A row is compared with what it has a key in common with, and noted, in the transaction that spools it. What
that costs does not grow: of each key the newest rows are looked at, and what was noted longer ago than the
window leaves, a few rows at a time; so does the oldest where there are too many.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipelines.policy import Policy
from pipelines.records import Article
from pipelines.similarity.near import bands, is_near
from pipelines.urls import article_key

# More than come with each article, so that the index follows its window.
_LEAVE_AT_ONCE = 4
_BEFORE = "SELECT seq, signature FROM near WHERE noted < ? ORDER BY noted LIMIT ?"
_AFTER = "SELECT seq, signature FROM near WHERE noted > ? ORDER BY noted DESC LIMIT ?"
_BEYOND = "SELECT seq, signature FROM near WHERE seq <= (SELECT max(seq) FROM near) - ? ORDER BY seq LIMIT ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as the index has it; the columns are those of `near` in ledger.sql."""

    article: bytes
    at: int
    cluster_id: str
    began: int
    first: bytes
    noted: int
    signature: bytes


def with_cluster(
    db: sqlite3.Connection, article: Article, policy: Policy, now: datetime | None = None
) -> Article:
    """`article` with its cluster, noted for those that come after it; as it is where it has no signature.

    A version keeps the cluster of the one before while it is near. Of several clusters an article joins the
    one that began first. `now` is when the run began, for an article of now its own time. Runs inside the
    transaction that spools the row.
    """
    if article.minhash is None:
        return article
    at, own = seconds(article.fetched_at), article_hash(article.url_canonical)
    noted = seconds(now) if now else at
    _let_go(db, noted, policy)
    like = _like(db, article.minhash, at, policy)
    chosen = next((entry for entry in like if entry.article == own), None) or min(
        like, key=lambda entry: (entry.began, entry.cluster_id), default=None
    )
    cluster, began, first = (
        (chosen.cluster_id, chosen.began, chosen.first) if chosen else (article.id, at, own)
    )
    note(db, Entry(own, at, cluster, began, first, noted, article.minhash))
    return replace(article, cluster_id=cluster, duplicate_of=None if first == own else cluster)


def note(db: sqlite3.Connection, entry: Entry) -> None:
    """Add a row to the index; one whose signature is of another version is left out."""
    keys = _keys(entry.signature)
    if not keys:
        return
    added = db.execute(
        "INSERT INTO near (article, at, cluster_id, began, first, noted, signature) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (entry.article, entry.at, entry.cluster_id, entry.began, entry.first, entry.noted, entry.signature),
    )
    db.executemany("INSERT INTO near_keys VALUES (?, ?)", [(key, added.lastrowid) for key in keys])


def article_hash(url_canonical: str) -> bytes:
    """What all versions of an article have in common; 8 bytes."""
    return hashlib.blake2b(article_key(url_canonical).encode(), digest_size=8).digest()


def seconds(moment: datetime) -> int:
    """As the index writes times: seconds since 1970."""
    return int(moment.timestamp())


def window_seconds(policy: Policy) -> int:
    """How far from each other articles may be that are compared."""
    return int(timedelta(days=policy.near_window_days).total_seconds())


def _like(db: sqlite3.Connection, signature: bytes, at: int, policy: Policy) -> list[Entry]:
    """What is near, the newest first."""
    found = []
    window = window_seconds(policy)
    for seq in sorted(_candidates(db, signature, policy), reverse=True):
        row = db.execute(
            "SELECT article, at, cluster_id, began, first, noted, signature FROM near "
            "WHERE seq = ? AND at BETWEEN ? AND ?",
            (seq, at - window, at + window),
        ).fetchone()
        if row is not None and is_near(row["signature"], signature, policy):
            found.append(Entry(*row))
    return found


def _candidates(db: sqlite3.Connection, signature: bytes, policy: Policy) -> list[int]:
    """Those that share most keys, of each key the newest: a phrase that all papers use fills its bucket."""
    shared: Counter[int] = Counter()
    for key in _keys(signature):
        found = db.execute(
            "SELECT seq FROM near_keys WHERE key = ? ORDER BY seq DESC LIMIT ?", (key, policy.near_bucket)
        )
        shared.update(seq for (seq,) in found)
    return sorted(shared, key=lambda seq: (-shared[seq], -seq))[: policy.near_bucket]


def _let_go(db: sqlite3.Connection, now: int, policy: Policy) -> None:
    """Some of what was noted out of the window, whichever way a clock went, and of what is too much."""
    window = window_seconds(policy)
    gone = dict(
        (
            *db.execute(_BEFORE, (now - window, _LEAVE_AT_ONCE)),
            *db.execute(_AFTER, (now + window, _LEAVE_AT_ONCE)),
            *db.execute(_BEYOND, (policy.near_max_rows, _LEAVE_AT_ONCE)),
        )
    )
    for seq, signature in gone.items():
        keys = [(key, seq) for key in _keys(signature)]
        db.executemany("DELETE FROM near_keys WHERE key = ? AND seq = ?", keys)
        db.execute("DELETE FROM near WHERE seq = ?", (seq,))


def _keys(signature: bytes) -> list[int]:
    return [int.from_bytes(key, "big") for key in bands(signature)]
