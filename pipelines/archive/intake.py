"""An archived page becomes a URL of the ledger that was fetched, unless that knows it already."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.archive.catalog import Catalog, Later
from pipelines.records import Page, State
from pipelines.store.links import Link, add_links
from pipelines.store.page_details import ledger_details
from pipelines.urls import article_key

_KNOWN = (
    "SELECT site, state, article_id, warc_file, warc_offset, checked_at, "
    "json_extract(fetch, '$.fetched_at') AS fetched_at FROM urls WHERE key = ?"
)
_REOPENED = (State.REJECTED, State.FAILED, State.GONE, State.FORBIDDEN)


# Why a page of an archive is not cleaned: the ledger has an answer of the same time or a later one,
KNOWN = "known"
# ... or an earlier capture is not published yet.
LATER = "later"


@dataclass(frozen=True, slots=True)
class Taken:
    """A page that is FETCHED in the ledger now. Of a `recheck` the article is stored."""

    key: str
    page: Page
    recheck: bool


def take_in(db: sqlite3.Connection, run_id: str, page: Page, now: datetime) -> Taken | str:
    """Make the page one to be cleaned, in the transaction of the caller.

    Versions follow one another in the order of their captures: one that is no newer than the answer the
    ledger has adds nothing. `KNOWN` or `LATER` for one that is not cleaned now. Raises `BadUrl` for an
    address that no ledger has.
    """
    asked = page.url_requested or page.url
    key = article_key(asked)
    link = Link(key, asked, page.discovered_via or "warc", witness=page.witness)
    add_links(db, run_id, page.site, [link], now=now, place=None)
    row = db.execute(_KNOWN, (key,)).fetchone()
    if _is_known(row, page):
        return KNOWN
    if row["state"] in (State.LEASED, State.FETCHED, State.STAGED):
        at = page.fetched_at.isoformat()
        assert page.warc_file is not None
        assert page.warc_offset is not None
        Catalog(db).wait(Later(key, at, page.warc_file, page.warc_offset))
        return LATER
    page = replace(page, site=row["site"])
    if row["state"] in _REOPENED:
        _step(db, key, State.PENDING)
    db.execute(
        "UPDATE urls SET state = ?, run_id = ?, attempts = attempts + 1, reason = NULL WHERE key = ?",
        (State.LEASED, run_id, key),
    )
    db.execute(
        "UPDATE urls SET state = ?, fetch = ?, warc_file = ?, warc_offset = ? WHERE key = ?",
        (State.FETCHED, ledger_details(page), page.warc_file, page.warc_offset, key),
    )
    return Taken(key, page, recheck=row["article_id"] is not None)


def _step(db: sqlite3.Connection, key: str, state: State) -> None:
    db.execute("UPDATE urls SET state = ? WHERE key = ?", (state, key))


def _is_known(row: sqlite3.Row, page: Page) -> bool:
    if (row["warc_file"], row["warc_offset"]) == (page.warc_file, page.warc_offset):
        return True
    answers = (datetime.fromisoformat(row[name]) for name in ("checked_at", "fetched_at") if row[name])
    return any(answer >= page.fetched_at for answer in answers)
