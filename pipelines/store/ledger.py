"""The SQLite ledger: the one source of truth about URLs, and the spool of rows not yet published.

States of a URL: PENDING -> LEASED -> FETCHED -> STAGED -> COMMITTED or REJECTED; FAILED, GONE and
FORBIDDEN end it without a row. Every step is one transaction; a kill leaves the state before or after it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipelines.body.site_history import SiteHistory
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.records import Article, Cleaned, Page, PageView, Rejected, State, Witness
from pipelines.store.errors import StoreError
from pipelines.store.rows import dumps, removed_rows, to_row
from pipelines.store.schema import SORT_KEYS

LEDGER_VERSION = 2
# A new file, and versions that `ledger.sql` brings up to date by itself.
_READABLE = frozenset({0, 1, LEDGER_VERSION})
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


@dataclass(frozen=True, slots=True)
class Lease:
    """A URL this run may fetch."""

    key: str
    url: str
    site: str
    via: str
    discovered_at: datetime
    witness: Witness | None


class Ledger:
    """Opened for one run at a time (see `OutputLock`); all times are aware UTC.

    `read_only` opens what is there beside a run under way, and neither makes nor changes anything.
    """

    def __init__(self, path: Path, policy: Policy = DEFAULT_POLICY, *, read_only: bool = False) -> None:
        self.path = path
        self._policy = policy
        try:
            if read_only:
                address = f"{path.resolve().as_uri()}?mode=ro"
                self._db = sqlite3.connect(address, uri=True, isolation_level=None)
                self._db.row_factory = sqlite3.Row
                self._check_version(LEDGER_VERSION)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            # A killed process loses nothing; only a power cut may lose the last commits, whole.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._create()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"cannot use the ledger {path}: {error}; move it away to start a new one"
            ) from None

    def _create(self) -> None:
        self._check_version(*_READABLE)
        # A damaged page shows only when it is read, which may be after publishing; 1.5 s a GiB.
        found = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        script = files("pipelines.store").joinpath("ledger.sql").read_text(encoding="utf-8")
        self._db.executescript(script)
        self._db.execute(f"PRAGMA user_version = {LEDGER_VERSION}")

    def _check_version(self, *readable: int) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in readable:
            raise StoreError(f"{self.path} has ledger version {version}, this is {LEDGER_VERSION}")

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
        with self.transaction() as db:
            db.execute(
                "INSERT INTO runs (run_id, spider, started_at) VALUES (?, ?, ?)",
                (run_id, spider, now.isoformat()),
            )
            db.execute(
                "UPDATE urls SET state = ?, run_id = NULL WHERE state = ?",
                (State.PENDING, State.LEASED),
            )
            db.execute(
                "UPDATE urls SET state = ? WHERE state = ? AND attempts < ?",
                (State.PENDING, State.FAILED, MAX_ATTEMPTS),
            )

    def end_run(self, run_id: str, outcome: str, now: datetime) -> None:
        """Record how the run ended."""
        self._db.execute(
            "UPDATE runs SET ended_at = ?, outcome = ? WHERE run_id = ?",
            (now.isoformat(), outcome, run_id),
        )

    # -- URLs

    def discover(self, run_id: str, site: str, links: Iterable[Link], now: datetime) -> int:
        """Make the links durable as PENDING; how many were new. Known URLs are only marked as seen."""
        found = list(links)
        rows = [
            (new.key, new.url, site, State.PENDING, new.via, now.isoformat(), new.hint, _json(new.witness))
            for new in found
        ]  # fmt: skip
        with self.transaction() as db:
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO urls "
                "(key, url, site, state, discovered_via, discovered_at, hint, witness) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            added = db.total_changes - before
            db.executemany(
                "UPDATE urls SET seen_run = ? WHERE key = ?", [(run_id, link.key) for link in found]
            )
        return added

    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that the ledger has."""
        query = "SELECT 1 FROM urls WHERE key = ?"
        return {key for key in keys if self._db.execute(query, (key,)).fetchone()}

    def lease(self, run_id: str, site: str, limit: int) -> list[Lease]:
        """Up to `limit` pending URLs of `site`, newest first, now LEASED by the run."""
        with self.transaction() as db:
            rows = db.execute(
                "SELECT * FROM urls WHERE state = ? AND site = ? "
                "ORDER BY hint IS NULL, hint DESC, discovered_at, key LIMIT ?",
                (State.PENDING, site, max(limit, 0)),  # SQLite takes a negative limit for none
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
        details = asdict(replace(page, body=b""))
        for name in ("body", "warc_file", "warc_offset", "witness"):
            del details[name]
        with self.transaction() as db:
            db.execute(
                "UPDATE urls SET state = ?, fetch = ?, warc_file = ?, warc_offset = ? WHERE key = ?",
                (State.FETCHED, dumps(details), page.warc_file, page.warc_offset, key),
            )

    def unfinished(self) -> list[tuple[str, dict[str, Any], Witness | None, str, int]]:
        """(key, page details, witness, WARC file, offset) of every URL fetched but not cleaned."""
        rows = self._db.execute(
            "SELECT key, fetch, witness, warc_file, warc_offset FROM urls WHERE state = ?",
            (State.FETCHED,),
        )
        return [
            (key, json.loads(fetch), _witness(witness), file, offset)
            for key, fetch, witness, file, offset in rows
        ]

    def end(self, key: str, state: State, reason: str) -> None:
        """The URL ends without a row: FAILED, GONE or FORBIDDEN, with its reason."""
        self._db.execute("UPDATE urls SET state = ?, reason = ? WHERE key = ?", (state, reason, key))

    # -- the spool

    def stage(self, key: str, cleaned: Cleaned) -> Cleaned | None:
        """Spool the outcome of a page; what was spooled, or None for a text that is stored already.

        The version number is decided here, in the transaction that makes the row durable.
        """
        with self.transaction() as db:
            if isinstance(cleaned.result, Rejected):
                self._spool(db, "rejected", key, State.REJECTED, to_row(cleaned.result))
                staged = cleaned
            else:
                article = self._next_version(db, cleaned.result)
                if article is None:
                    db.execute(
                        "UPDATE urls SET state = ?, article_id = ? WHERE key = ?",
                        (State.COMMITTED, cleaned.result.id, key),
                    )
                    return None
                staged = replace(cleaned, result=article)
                self._spool(db, "articles", key, State.COMMITTED, to_row(article))
                removed = sorted(cleaned.removed, key=lambda block: block.order)
                for row in removed_rows(article, tuple(removed)):
                    self._spool(db, "removed_blocks", None, None, row)
                if cleaned.view is not None:
                    self._learn(db, article.site, cleaned.view)
            reason = staged.result.reason if isinstance(staged.result, Rejected) else None
            article_id = staged.result.id if isinstance(staged.result, Article) else None
            db.execute(
                "UPDATE urls SET state = ?, reason = ?, article_id = ? WHERE key = ?",
                (State.STAGED, reason, article_id, key),
            )
        return staged

    def _next_version(self, db: sqlite3.Connection, article: Article) -> Article | None:
        known = db.execute(
            "SELECT text_hash, article_id, version FROM versions WHERE url_canonical = ? "
            "ORDER BY version DESC",
            (article.url_canonical,),
        ).fetchall()
        if any(row["text_hash"] == article.text_hash for row in known):
            return None
        if known:
            article = replace(
                article,
                version=known[0]["version"] + 1,
                previous_id=known[0]["article_id"],
                change_kind="text",
            )
        db.execute(
            "INSERT INTO versions VALUES (?, ?, ?, ?)",
            (article.url_canonical, article.text_hash, article.id, article.version),
        )
        return article

    @staticmethod
    def _spool(
        db: sqlite3.Connection,
        dataset: str,
        key: str | None,
        final: State | None,
        row: dict[str, Any],
    ) -> None:
        sort_key = row[SORT_KEYS[dataset][1]]
        db.execute(
            "INSERT INTO spool (dataset, partition, site, sort_key, url_key, final_state, row) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (dataset, row["fetched_at"].date().isoformat(), row["site"], sort_key, key, final, dumps(row)),
        )  # fmt: skip

    # -- site memory

    def site_history(self, site: str) -> SiteHistory:
        """What the site's last pages showed."""
        rows = self._db.execute(
            "SELECT body, headline, marks FROM site_views WHERE site = ? ORDER BY page", (site,)
        )
        return SiteHistory(self._policy, (PageView(*row) for row in rows))

    def _learn(self, db: sqlite3.Connection, site: str, view: PageView) -> None:
        """Remember one more page; what `SiteHistory` would forget is forgotten here, too."""
        newest = "SELECT coalesce(max(page), 0) FROM site_views WHERE site = ?"
        page = db.execute(newest, (site,)).fetchone()[0] + 1
        db.execute(
            "INSERT INTO site_views VALUES (?, ?, ?, ?, ?)",
            (site, page, view.body, view.headline, view.marks),
        )
        old = "SELECT page FROM site_views WHERE site = ? {} ORDER BY page DESC LIMIT 1 OFFSET ?"
        for narrower, values, most in (
            ("AND body = ?", (site, view.body), self._policy.memory_template_pages),
            ("", (site,), self._policy.memory_site_pages),
        ):
            db.execute(
                f"DELETE FROM site_views WHERE site = ? {narrower} AND page <= "  # noqa: S608  constants only
                f"({old.format(narrower)})",
                (*values, *values, most),
            )

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

    @property
    def connection(self) -> sqlite3.Connection:
        """For `pipelines.store.publish`, which shares the ledger's transactions."""
        return self._db


def _json(witness: Witness | None) -> str | None:
    return json.dumps(asdict(witness), ensure_ascii=False) if witness else None


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
    )
