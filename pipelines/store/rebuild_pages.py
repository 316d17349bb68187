"""Pages in the WARC that no published row came from: they were fetched, and wait to be cleaned."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from fastwarc.warc import WarcRecord

from pipelines.records import Page
from pipelines.store.output import Output
from pipelines.store.page_details import ledger_details, stored_page
from pipelines.store.raw import record_date, response_head
from pipelines.store.rebuild_files import Owners
from pipelines.store.rebuild_rows import ANSWER, NO_ANSWER, Found
from pipelines.store.warc_files import mend_tail, owner, responses, run_of
from pipelines.urls import BadUrl, article_key

_AT = "SELECT 1 FROM seen.answers WHERE warc_file = ? AND warc_offset = ?"
# What the row of a page does not say.
_MORE = """
UPDATE seen.answers SET digest = ?, witness = ?, discovered_at = coalesce(discovered_at, ?)
WHERE warc_file = ? AND warc_offset = ?
"""
_INDICES = """
CREATE INDEX seen.answers_by_place ON answers (warc_file, warc_offset);
CREATE INDEX seen.answers_by_key ON answers (key, at);
"""


def warc_files(output: Output, owners: Owners) -> Iterator[tuple[str, str]]:
    """Name and run of each WARC file that is ours. Raises `OSError`."""
    for name in sorted(output.raw_names()):
        run_id = run_of(name)
        if run_id is not None:
            with output.open_raw(name) as file:
                is_ours = owners.ours(run_id, owner(file))
            if is_ours:
                yield name, run_id


class Pages:
    """Adds the pages of our WARC files to what `Rows` read. Raises `OSError`, `sqlite3.Error`."""

    def __init__(self, db: sqlite3.Connection, output: Output, found: Found) -> None:
        self._db = db
        self._output = output
        self._found = found
        self._sites: dict[str, set[str]] | None = None

    def take(self, owners: Owners) -> None:
        """Read every WARC file that is ours, once; what a kill left at its end is cut off."""
        self._db.executescript(_INDICES)
        for name, run_id in warc_files(self._output, owners):
            if self._is_mended(name):
                self._found.saw_run(run_id, "")
                self._db.execute("BEGIN")
                with self._output.open_raw(name) as file:
                    for offset, record in responses(file):
                        self._note(name, offset, record)
                self._db.execute("COMMIT")

    def _is_mended(self, name: str) -> bool:
        """Whether anything is left of the file."""
        local = self._output.raw_folder / name
        if local.exists():
            self._found.mended += mend_tail(local) > 0
            return local.exists()
        return True

    def _note(self, name: str, offset: int, record: WarcRecord) -> None:
        digest = record.headers.get("WARC-Payload-Digest")
        try:
            page = stored_page(response_head(record), name, offset)
        except (ValueError, TypeError):  # no HTTP, or details that are not ours
            page = None
        place = (name, offset)
        found = self._db.execute(_AT, place).fetchone()
        if found is not None:
            witness, discovered = (_json(page), _discovered(page)) if page else (None, None)
            self._db.execute(_MORE, (digest, witness, discovered, *place))
        elif page is not None:
            self._db.execute(ANSWER, _answer(page) | {"digest": digest})
        else:
            self._note_old(place, record)

    def _note_old(self, place: tuple[str, int], record: WarcRecord) -> None:
        """A page that does not say whose it is: it is fetched again, as the site that has its host."""
        url, date = record.headers.get("WARC-Target-URI") or "", record_date(record)
        try:
            key, host = article_key(url), urlsplit(url).netloc
        except BadUrl:
            return
        if self._db.execute("SELECT 1 FROM seen.answers WHERE key = ?", (key,)).fetchone():
            return  # looked at again, and it made no row
        sites = self._sites_of(host)
        if len(sites) != 1 or date is None:
            self._found.unknown_pages += 1
            return
        asked = {"key": key, "at": date.isoformat(), "url": url, "site": next(iter(sites)), "via": "warc"}
        where = {"run_id": run_of(place[0]), "warc_file": place[0], "warc_offset": place[1]}
        self._db.execute(ANSWER, NO_ANSWER | asked | where)

    def _sites_of(self, host: str) -> set[str]:
        """The sites whose rows are of this host."""
        if self._sites is None:
            self._sites = {}
            for site, url in self._db.execute("SELECT site, url FROM seen.answers"):
                self._sites.setdefault(urlsplit(url).netloc, set()).add(site)
        return self._sites.get(host, set())


def _answer(page: Page) -> dict[str, Any]:
    asked = page.url_requested or page.url
    return NO_ANSWER | {
        "key": article_key(asked),
        "at": page.fetched_at.isoformat(),
        "url": asked,
        "site": page.site,
        "run_id": page.run_id,
        "via": page.discovered_via,
        "discovered_at": _discovered(page),
        "witness": _json(page),
        "fetch": ledger_details(page),
        "warc_file": page.warc_file,
        "warc_offset": page.warc_offset,
    }


def _discovered(page: Page) -> str | None:
    return page.discovered_at.isoformat() if page.discovered_at else None


def _json(page: Page) -> str | None:
    return json.dumps(asdict(page.witness), ensure_ascii=False) if page.witness else None
