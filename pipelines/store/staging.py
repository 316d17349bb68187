"""The spool: what a page came to, made durable in one transaction with its URL's next state."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from pipelines.policy import Policy
from pipelines.recheck import Recheck
from pipelines.records import Article, Cleaned, Reason, Rejected, RemovedBlock, State
from pipelines.store.near import with_cluster
from pipelines.store.rows import dumps, removed_rows, to_row
from pipelines.store.schema import SORT_KEYS
from pipelines.store.site_views import learn
from pipelines.store.versions import last_version, next_version, recleaned_version, stored_copy

Blocks = tuple[RemovedBlock, ...]
# What marks a row with its cluster and notes it for those to come.
Cluster = Callable[[Article], Article]


def stage(
    db: sqlite3.Connection,
    key: str,
    cleaned: Cleaned,
    policy: Policy,
    recheck: Recheck,
    *,
    now: datetime | None = None,
) -> Cleaned | None:
    """Spool the outcome of a page; what was spooled, or None for an article that is stored already.

    `now` is when the run began. Runs inside a transaction. The version number and what it is a copy of are
    decided here, where the row becomes durable.
    """
    if isinstance(cleaned.result, Rejected):
        _stage_rejected(db, key, cleaned.result, recheck)
        return cleaned
    article = next_version(db, key, cleaned.result)
    _note_answer(db, key, cleaned.result, recheck)
    if article is None:
        db.execute("UPDATE urls SET state = ? WHERE key = ?", (State.COMMITTED, key))
        return None
    article = with_cluster(db, article, policy, now)
    staged = replace(cleaned, result=article)
    _spool_article(db, key, article, cleaned.removed)
    if cleaned.view is not None:
        learn(db, article.site, cleaned.view, policy)
    db.execute("UPDATE urls SET state = ? WHERE key = ?", (State.STAGED, key))
    return staged


def stage_recleaned(
    db: sqlite3.Connection, article: Article, removed: Blocks, previous_id: str, cluster: Cluster
) -> bool:
    """Spool what a later cleaning makes of a stored article's page, as its next version.

    False when `previous_id` is no longer the last one: the page it was read from is not the newest. The
    article's URLs stay as they are; site memory has seen the page before.
    """
    last = last_version(db, article.url_canonical)
    if last is None or last.article_id != previous_id:
        return False
    article = recleaned_version(db, article, last)
    if article.cluster_id is None:  # its row is older than the index of near-duplicates
        article = cluster(article)
    _spool_article(db, None, article, removed)
    db.execute(
        "UPDATE urls SET article_id = ? WHERE key = ? AND article_id = ?",
        (article.id, last.key, previous_id),
    )
    return True


def stage_gained(
    db: sqlite3.Connection, key: str, article: Article, removed: Blocks, *, recheck: Recheck, cluster: Cluster
) -> bool:
    """Spool the article that a later cleaning finds on a page turned away before; its URL holds it then.

    False when the URL is no longer REJECTED. An article that is stored under another URL makes no row.
    """
    if db.execute("SELECT 1 FROM urls WHERE key = ? AND state = ?", (key, State.REJECTED)).fetchone() is None:
        return False
    row = next_version(db, key, article)
    _note_answer(db, key, article, recheck)
    if row is not None:
        _spool_article(db, key, cluster(row), removed)
    state = State.COMMITTED if row is None else State.STAGED
    db.execute("UPDATE urls SET state = ? WHERE key = ?", (state, key))
    return True


def _spool_article(db: sqlite3.Connection, key: str | None, article: Article, removed: Blocks) -> None:
    """The row with the blocks that were cut; `key`, if any, is the URL whose end the row decides."""
    _spool(db, "articles", key, State.COMMITTED if key else None, to_row(article))
    for row in removed_rows(article, tuple(sorted(removed, key=lambda block: block.order))):
        _spool(db, "removed_blocks", None, None, row)


def note_unchanged(db: sqlite3.Connection, key: str, article: Article, recheck: Recheck) -> None:
    """The article of `key` was looked at again and says the same."""
    _note_answer(db, key, article, recheck)
    db.execute("UPDATE urls SET state = ? WHERE key = ?", (State.COMMITTED, key))


def note_check(
    db: sqlite3.Connection,
    key: str,
    now: datetime,
    recheck: Recheck,
    reason: str | None,
    *,
    gone: bool,
    state: State = State.COMMITTED,
) -> None:
    """The stored article of `key` was looked at and shows no article; what is gone is not looked at again."""
    due = None if gone else recheck.next_due(_first_at(db, key, now), now)
    db.execute(
        "UPDATE urls SET state = ?, reason = ?, checked_at = ?, due_at = ?, gone_at = ? WHERE key = ?",
        (state, reason, now.isoformat(), _iso(due), now.isoformat() if gone else None, key),
    )


def _stage_rejected(db: sqlite3.Connection, key: str, rejected: Rejected, recheck: Recheck) -> None:
    """A page turned away; an article that was stored before stays stored."""
    stored = db.execute("SELECT 1 FROM urls WHERE key = ? AND article_id NOT NULL", (key,)).fetchone()
    _spool(db, "rejected", key, State.COMMITTED if stored else State.REJECTED, to_row(rejected))
    if stored:
        now, gone = rejected.fetched_at, rejected.reason is Reason.SOFT_404
        note_check(db, key, now, recheck, rejected.reason, gone=gone, state=State.STAGED)
        return
    db.execute("UPDATE urls SET state = ?, reason = ? WHERE key = ?", (State.STAGED, rejected.reason, key))


def _note_answer(db: sqlite3.Connection, key: str, article: Article, recheck: Recheck) -> None:
    """What the answer means for the next question; an article is asked for under one of its URLs only."""
    first = _first_at(db, key, article.fetched_at)
    last = last_version(db, article.url_canonical)
    is_its_own = last is not None and last.key in (None, key)
    published = article.published_at or _midnight(article.published_date)
    due = recheck.next_due(first, article.fetched_at, published) if is_its_own else None
    held = last.article_id if last else stored_copy(db, article)
    db.execute(
        "UPDATE urls SET article_id = ?, reason = NULL, etag = ?, last_modified = ?, first_at = ?, "
        "checked_at = ?, due_at = ?, gone_at = NULL WHERE key = ?",
        (held or article.id, article.etag, article.last_modified, first.isoformat(),
         article.fetched_at.isoformat(), _iso(due), key),
    )  # fmt: skip


def _spool(
    db: sqlite3.Connection, dataset: str, key: str | None, final: State | None, row: dict[str, Any]
) -> None:
    sort_key = row[SORT_KEYS[dataset][1]]
    db.execute(
        "INSERT INTO spool (dataset, partition, site, sort_key, url_key, final_state, row) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (dataset, row["fetched_at"].date().isoformat(), row["site"], sort_key, key, final, dumps(row)),
    )


def _first_at(db: sqlite3.Connection, key: str, now: datetime) -> datetime:
    """When the article of `key` was first fetched: now, if that is not known or still to come."""
    row = db.execute("SELECT first_at FROM urls WHERE key = ?", (key,)).fetchone()
    return min(datetime.fromisoformat(row["first_at"]), now) if row and row["first_at"] else now


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
