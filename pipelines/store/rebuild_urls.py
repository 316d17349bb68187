"""The tables of URLs, sites and runs, from the answers each URL gave, in the order it gave them."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from pipelines.recheck import Recheck
from pipelines.records import Reason, State
from pipelines.store.rebuild_rows import Found

_BATCH_ROWS = 2_000
_COLUMNS = (
    "key", "url", "site", "state", "reason", "discovered_via", "discovered_at", "witness", "run_id",
    "attempts", "fetch", "warc_file", "warc_offset", "article_id", "etag", "last_modified", "first_at",
    "checked_at", "due_at", "gone_at",
)  # fmt: skip
_INSERT = f"INSERT INTO urls ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608  constants only
# Times as the ledger writes them sort as text, unless the microseconds are none. A page cleaned again has
# several rows: what turned it away is the first, then come its versions.
_IN_ORDER = "SELECT * FROM seen.answers ORDER BY key, at, warc_file, warc_offset, version"


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Pages that are cleaned again, and URLs that are asked for again."""

    fetched: int
    pending: int


def fill_urls(db: sqlite3.Connection, recheck: Recheck) -> Unpublished:
    """What each URL is now. What was looked at again and made no row is compared once more."""
    answers = (dict(row) for row in db.execute(_IN_ORDER))
    urls = (_url(list(group), recheck) for _, group in groupby(answers, key=itemgetter("key")))
    db.execute("BEGIN")
    while batch := list(islice(urls, _BATCH_ROWS)):
        db.executemany(_INSERT, batch)
    db.execute("INSERT INTO sites SELECT site, count(*) FROM urls GROUP BY site")
    db.execute("COMMIT")
    count = dict(db.execute("SELECT state, count(*) FROM urls GROUP BY 1").fetchall())
    return Unpublished(count.get(State.FETCHED, 0), count.get(State.PENDING, 0))


def fill_runs(db: sqlite3.Connection, found: Found, now: datetime) -> None:
    """The runs that left something. How they ended nobody knows."""
    for run_id, last in found.runs.items():
        started = _started(run_id) or last or now.isoformat()
        db.execute(
            "INSERT INTO runs VALUES (?, 'unknown', ?, ?, 'unknown')", (run_id, started, last or started)
        )


def _started(run_id: str) -> str | None:
    """A run's name begins with the time it began."""
    with suppress(ValueError):
        return datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).isoformat()
    return None


def _url(answers: list[dict[str, Any]], recheck: Recheck) -> dict[str, Any]:
    """The row that these answers of one URL, in order, leave in `urls`; the steps are those of `staging`."""
    first, last = answers[0], answers[-1]
    row = dict.fromkeys(_COLUMNS) | {"state": State.PENDING, "attempts": len(answers)}
    row |= {name: last[name] for name in ("key", "url", "site", "run_id", "warc_file", "warc_offset")}
    row["discovered_via"] = first["via"] or "link"
    row["discovered_at"] = first["discovered_at"] or first["at"]
    row["witness"] = next((each["witness"] for each in answers if each["witness"]), None)
    before: dict[str, Any] | None = None  # the answer that gave the last row of `articles`
    for answer in answers:
        if answer["article_id"] is not None:
            _stored(row, answer, recheck)
            before = answer
        elif answer["reason"] is not None:
            _turned_away(row, answer, recheck)
        elif before is not None and answer["digest"] is not None and answer["digest"] == before["digest"]:
            _looked_at(row, answer, recheck, before["published"])
        elif answer is last and answer["fetch"] is not None:
            row |= {"state": State.FETCHED, "fetch": answer["fetch"]}
    if row["state"] == State.PENDING:
        row["attempts"] = 0
    return row


def _stored(row: dict[str, Any], answer: dict[str, Any], recheck: Recheck) -> None:
    row |= {name: answer[name] for name in ("article_id", "etag", "last_modified")}
    row |= {"state": State.COMMITTED, "first_at": row["first_at"] or answer["at"]}
    _looked_at(row, answer, recheck, answer["published"])


def _looked_at(row: dict[str, Any], answer: dict[str, Any], recheck: Recheck, published: str | None) -> None:
    shown = datetime.fromisoformat(published) if published else None
    row |= {"reason": None, "checked_at": answer["at"], "gone_at": None}
    row["due_at"] = _due(row, answer, recheck, shown)


def _turned_away(row: dict[str, Any], answer: dict[str, Any], recheck: Recheck) -> None:
    """An article that was stored before stays stored."""
    row["reason"] = answer["reason"]
    if row["article_id"] is None:
        row["state"] = State.REJECTED
        return
    gone = answer["reason"] == Reason.SOFT_404
    row["checked_at"], row["gone_at"] = answer["at"], answer["at"] if gone else None
    row["due_at"] = None if gone else _due(row, answer, recheck, None)


def _due(
    row: dict[str, Any], answer: dict[str, Any], recheck: Recheck, published: datetime | None
) -> str | None:
    first, now = datetime.fromisoformat(row["first_at"]), datetime.fromisoformat(answer["at"])
    due = recheck.next_due(first, now, published)
    return due.isoformat() if due else None
