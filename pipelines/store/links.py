"""Links as the ledger takes them in: what is new, what more is said of a known one, which address counts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from pipelines.records import State, Witness, values_of

# Runs that try a URL before it stays FAILED.
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Link:
    """A URL found and who said so; `key` is its canonical form, `hint` orders newest first."""

    key: str
    url: str
    via: str
    hint: str | None = None
    witness: Witness | None = None


def add_links(
    db: sqlite3.Connection,
    run_id: str,
    site: str,
    links: Sequence[Link],
    *,
    now: datetime,
    place: str | None,
) -> int:
    """What `Ledger.discover` does, inside its transaction."""
    left = _left_by_others(db, run_id, links)
    before = db.total_changes
    db.executemany(
        "INSERT OR IGNORE INTO urls "
        "(key, url, site, state, discovered_via, discovered_at, hint, witness) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (new.key, new.url, site, State.PENDING, new.via, now.isoformat(), new.hint, _json(new.witness))
            for new in links
        ],
    )
    added = db.total_changes - before
    db.execute(
        "INSERT INTO sites VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET discovered = discovered + excluded.discovered",
        (site, added),
    )
    db.executemany(
        "UPDATE urls SET seen_run = ?, place = coalesce(?, place), hint = coalesce(hint, ?), "
        "witness = coalesce(witness, ?) WHERE key = ?",
        [(run_id, place, link.hint, _json(link.witness), link.key) for link in links],
    )
    if place is not None:
        _note_listing(db, run_id, place)
    _take_plainer(db, links)
    return added + left


def list_again(db: sqlite3.Connection, run_id: str, place: str) -> None:
    """What `Ledger.listed_still` does, inside its transaction.

    A feed goes on for years: what it listed once and lists no more is not touched.
    """
    db.execute(
        "UPDATE urls SET seen_run = ?1 WHERE place = ?2 AND seen_run <> ?1 "
        "AND seen_run = (SELECT run_id FROM listings WHERE place = ?2)",
        (run_id, place),
    )
    _note_listing(db, run_id, place)


def _note_listing(db: sqlite3.Connection, run_id: str, place: str) -> None:
    db.execute("INSERT OR REPLACE INTO listings VALUES (?, ?)", (place, run_id))


def _left_by_others(db: sqlite3.Connection, run_id: str, links: Sequence[Link]) -> int:
    """Links last seen by a run that was cut short: not all they lead to was followed."""
    query = (
        "SELECT 1 FROM urls JOIN runs ON runs.run_id = urls.seen_run WHERE urls.key = ? AND runs.run_id <> ? "
        "AND coalesce(runs.outcome, 'died') IN ('died', 'stopped', 'unfinished')"
    )
    return sum(db.execute(query, (link.key, run_id)).fetchone() is not None for link in links)


def _take_plainer(db: sqlite3.Connection, links: Sequence[Link]) -> None:
    """Of several addresses of an article the shortest is asked for; another one when that failed.

    The first one found may be its AMP or print form, which may be gone when the article is not.
    """
    db.executemany(
        "UPDATE urls SET url = ? WHERE key = ? AND state = ? AND attempts = 0 AND path_length(url) > ?",
        [(link.url, link.key, State.PENDING, path_length(link.url)) for link in links],
    )
    ends = (State.FAILED, State.GONE, State.FORBIDDEN)
    db.executemany(
        "UPDATE urls SET url = ?, state = ?, reason = NULL WHERE key = ? AND url <> ? "
        "AND state IN (?, ?, ?) AND attempts < ?",
        [(link.url, State.PENDING, link.key, link.url, *ends, MAX_ATTEMPTS) for link in links],
    )


def path_length(url: str) -> int:
    """Characters of path and query: scheme and host do not count."""
    parts = urlsplit(url)
    return len(parts.path) + len(parts.query)


def _json(witness: Witness | None) -> str | None:
    return json.dumps(values_of(witness), ensure_ascii=False) if witness else None
