"""The SQLite ledger: the one source of truth about URLs, and the spool of rows not yet published.

A URL's steps are written down in `pipelines.store.states`. Each is one transaction: a kill leaves the state
before or after it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.body.site_history import SiteHistory
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.recheck import NEVER, Recheck
from pipelines.records import Article, Cleaned, Page, State, Witness
from pipelines.store.clock import bring_back_plans
from pipelines.store.ledger_file import open_ledger, open_read_only
from pipelines.store.links import MAX_ATTEMPTS, Link, add_links, list_again
from pipelines.store.page_details import ledger_details
from pipelines.store.site_views import load_history
from pipelines.store.staging import note_check, note_unchanged, stage
from pipelines.store.versions import StoredVersion, last_version


@dataclass(frozen=True, slots=True)
class Lease:
    """A URL this run may fetch."""

    key: str
    url: str
    site: str
    via: str
    discovered_at: datetime
    witness: Witness | None
    recheck: bool = False  # its article is stored; has it changed?
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A page fetched and not cleaned: what is known of it, and where its bytes are."""

    key: str
    details: dict[str, Any]
    witness: Witness | None
    warc_file: str
    warc_offset: int
    recheck: bool


class Ledger:
    """Opened for one run at a time (see `OutputLock`); all times are aware UTC.

    `read_only` opens what is there beside a run under way, and neither makes nor changes anything.
    """

    def __init__(
        self,
        path: Path,
        policy: Policy = DEFAULT_POLICY,
        recheck: Recheck = NEVER,
        *,
        read_only: bool = False,
    ) -> None:
        self.path = path
        self._policy = policy
        self._recheck = recheck
        self._began: datetime | None = None
        self._db = open_read_only(path) if read_only else open_ledger(path)

    @property
    def writer(self) -> str:
        """The ledger's own name: manifests know its files by it."""
        name: str = self._db.execute("SELECT value FROM meta WHERE name = 'writer'").fetchone()[0]
        return name

    def close(self) -> None:
        """Close the file; the ledger cannot be used afterwards."""
        self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """All of what is done inside, or nothing of it; `durable` survives a power cut too."""
        if durable:
            self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:  # raised again: a transaction must end, also when the process is told to stop
            if self._db.in_transaction:  # a full disk makes SQLite roll back by itself
                self._db.execute("ROLLBACK")
            raise
        finally:
            self._db.execute("PRAGMA synchronous = NORMAL")

    # -- runs

    def start_run(self, run_id: str, spider: str, now: datetime) -> None:
        """Record the run, take back the leases of runs that died, give failed URLs another chance."""
        self._began = now
        with self.transaction() as db:
            db.execute(
                "INSERT INTO runs (run_id, spider, started_at) VALUES (?, ?, ?)",
                (run_id, spider, now.isoformat()),
            )
            self._take_back(db)
            bring_back_plans(db, now, self._recheck)
            db.execute(
                # Most have failed for good; the index wants the state literally.
                "UPDATE urls INDEXED BY urls_to_retry SET state = ? WHERE state = 'failed' AND attempts < ?",
                (State.PENDING, MAX_ATTEMPTS),
            )
            if self._recheck.always:
                db.execute(
                    "UPDATE urls SET due_at = ? WHERE state = ? AND gone_at IS NULL",
                    (now.isoformat(), State.COMMITTED),
                )

    @staticmethod
    def _take_back(db: sqlite3.Connection) -> None:
        """URLs asked for and not answered are as they were before, and that was no attempt."""
        db.execute(
            "UPDATE urls SET state = iif(article_id IS NULL, ?, ?), run_id = NULL, "
            "attempts = max(attempts - 1, 0) WHERE state = ?",
            (State.PENDING, State.COMMITTED, State.LEASED),
        )

    def end_run(self, run_id: str, outcome: str, now: datetime) -> None:
        """Record how the run ended; what it could not ask for is left to the next and was no attempt."""
        with self.transaction() as db:
            self._take_back(db)
            db.execute(
                "UPDATE runs SET ended_at = ?, outcome = ? WHERE run_id = ?",
                (now.isoformat(), outcome, run_id),
            )

    # -- URLs

    def discover(
        self, run_id: str, site: str, links: Iterable[Link], now: datetime, place: str | None = None
    ) -> int:
        """Make the links that `place` lists durable as PENDING; how many are new or were left by a cut run.

        Known URLs are marked as seen; what a feed says of one found on a page before is added.
        """
        with self.transaction() as db:
            return add_links(db, run_id, site, list(links), now=now, place=place)

    def listed_still(self, run_id: str, place: str) -> None:
        """`place` did not change: what it listed last counts as seen by this run, too."""
        with self.transaction() as db:
            list_again(db, run_id, place)

    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that the ledger has."""
        query = "SELECT 1 FROM urls WHERE key = ?"
        return {key for key in keys if self._db.execute(query, (key,)).fetchone()}

    def lease(
        self,
        run_id: str,
        site: str,
        limit: int,
        now: datetime | None = None,
        *,
        listed_only: bool = False,
    ) -> list[Lease]:
        """Up to `limit` URLs of `site`, LEASED from now on: new ones, newest first, then what is due.

        Without `now` nothing is due; with `listed_only` nothing that the run did not find listed.
        """
        room = max(limit, 0)  # SQLite takes a negative limit for none
        with self.transaction() as db:
            rows = db.execute(
                "SELECT * FROM urls WHERE state = 'pending' AND site = ? "  # the index wants it literally
                "ORDER BY hint IS NULL, hint DESC, discovered_at, key LIMIT ?",
                (site, room),
            ).fetchall()
            if now is not None and self._recheck != NEVER and len(rows) < room:
                rows += db.execute(
                    "SELECT * FROM urls WHERE site = ? AND due_at <= ? AND state = ? AND gone_at IS NULL "
                    "AND (NOT ? OR seen_run = ?) ORDER BY due_at LIMIT ?",
                    (site, now.isoformat(), State.COMMITTED, listed_only, run_id, room - len(rows)),
                ).fetchall()
            db.executemany(
                "UPDATE urls SET state = ?, run_id = ?, attempts = attempts + 1 WHERE key = ?",
                [(State.LEASED, run_id, row["key"]) for row in rows],
            )
        return [_lease(row) for row in rows]

    def reopen(self, keys: Iterable[str]) -> None:
        """Failed, gone, forbidden or rejected URLs become PENDING: somebody asked for them by name."""
        ends = (State.FAILED, State.GONE, State.FORBIDDEN, State.REJECTED)
        with self.transaction() as db:
            db.executemany(
                f"UPDATE urls SET state = ?, reason = NULL WHERE key = ? "  # noqa: S608  placeholders only
                f"AND state IN ({', '.join('?' * len(ends))})",
                [(State.PENDING, key, *ends) for key in keys],
            )

    def fetched(self, key: str, page: Page) -> None:
        """The raw bytes are in the WARC named by the page: they need not be fetched again."""
        with self.transaction() as db:
            db.execute(
                "UPDATE urls SET state = ?, fetch = ?, warc_file = ?, warc_offset = ? WHERE key = ?",
                (State.FETCHED, ledger_details(page), page.warc_file, page.warc_offset, key),
            )

    def unfinished(self) -> list[Unfinished]:
        """Every page fetched but not cleaned, in the order in which they were fetched."""
        rows = self._db.execute(
            "SELECT key, fetch, witness, warc_file, warc_offset, article_id FROM urls WHERE state = ? "
            "ORDER BY warc_file, warc_offset",
            (State.FETCHED,),
        )
        return [
            Unfinished(key, json.loads(fetch), _witness(witness), file, offset, article is not None)
            for key, fetch, witness, file, offset, article in rows
        ]

    def unread(self, key: str) -> None:
        """The bytes of a page that was fetched cannot be read: it is as if it had not been."""
        self._db.execute(
            "UPDATE urls SET state = iif(article_id IS NULL, ?, ?), attempts = max(attempts - 1, 0) "
            "WHERE key = ?",
            (State.PENDING, State.COMMITTED, key),
        )

    def end(self, key: str, state: State, reason: str) -> None:
        """The URL ends without a row: FAILED, GONE or FORBIDDEN, with its reason."""
        self._db.execute("UPDATE urls SET state = ?, reason = ? WHERE key = ?", (state, reason, key))

    def checked(self, key: str, now: datetime, reason: str | None = None, *, gone: bool = False) -> None:
        """A stored article was looked at and makes no row: not modified, no answer (`reason`), or gone."""
        with self.transaction() as db:
            note_check(db, key, now, self._recheck, reason, gone=gone)

    def unchanged(self, key: str, article: Article) -> None:
        """A stored article was looked at again and says the same."""
        with self.transaction() as db:
            note_unchanged(db, key, article, self._recheck)

    def stage(self, key: str, cleaned: Cleaned) -> Cleaned | None:
        """Spool the outcome of a page; what was spooled, or None for an article that is stored already."""
        with self.transaction() as db:
            return stage(db, key, cleaned, self._policy, self._recheck, now=self._began)

    # -- site memory

    def site_history(self, site: str) -> SiteHistory:
        """What the site's last pages showed."""
        return load_history(self._db, site, self._policy)

    def last_version(self, url_canonical: str) -> StoredVersion | None:
        """The newest stored version of the article."""
        return last_version(self._db, url_canonical)

    # -- figures

    def balance(self) -> dict[str, dict[str, int]]:
        """Site -> state -> number of URLs."""
        found: dict[str, dict[str, int]] = {}
        for row in self._db.execute("SELECT site, state, count(*) AS n FROM urls GROUP BY 1, 2"):
            found.setdefault(row["site"], {})[row["state"]] = row["n"]
        return found

    def seen(self, run_id: str) -> dict[str, dict[str, int]]:
        """Site -> state -> number of URLs the run found listed, known or new."""
        found: dict[str, dict[str, int]] = {}
        query = "SELECT site, state, count(*) AS n FROM urls WHERE seen_run = ? GROUP BY 1, 2"
        for row in self._db.execute(query, (run_id,)):
            found.setdefault(row["site"], {})[row["state"]] = row["n"]
        return found

    def waiting(self) -> dict[str, int]:
        """Site -> URLs that are still to be fetched."""
        query = "SELECT site, count(*) FROM urls WHERE state IN (?, ?) GROUP BY 1"
        return dict(self._db.execute(query, (State.PENDING, State.LEASED)).fetchall())

    def known_articles(self, run_id: str, now: datetime) -> dict[str, int]:
        """Site -> articles the run found listed that an earlier run stored, each once.

        What was stored at a time that is still to come is an earlier run's, too: its clock was wrong.
        """
        query = (
            "SELECT site, count(DISTINCT article_id) FROM urls WHERE seen_run = ? AND article_id NOT NULL "
            "AND coalesce(first_at, '') NOT BETWEEN (SELECT started_at FROM runs WHERE run_id = ?) AND ? "
            "GROUP BY 1"
        )
        return dict(self._db.execute(query, (run_id, run_id, now.isoformat())).fetchall())

    @property
    def connection(self) -> sqlite3.Connection:
        """For `pipelines.store.publish`, which shares the ledger's transactions."""
        return self._db


def _witness(text: str | None) -> Witness | None:
    if text is None:
        return None
    said = json.loads(text)
    return Witness(said["title"], said["published"], tuple(said["authors"]))


def _lease(row: sqlite3.Row) -> Lease:
    return Lease(
        key=row["key"],
        url=row["url"],
        site=row["site"],
        via=row["discovered_via"],
        discovered_at=datetime.fromisoformat(row["discovered_at"]),
        witness=_witness(row["witness"]),
        recheck=row["article_id"] is not None,
        etag=row["etag"],
        last_modified=row["last_modified"],
    )
