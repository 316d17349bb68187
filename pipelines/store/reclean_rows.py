"""Which stored pages are cleaned again: the last version of each article, and every page turned away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.records import Page, State
from pipelines.store.errors import StoreError
from pipelines.store.output import Output
from pipelines.store.page_details import stored_page
from pipelines.store.raw import RawResponse, read_record
from pipelines.store.reclean_work import Kind
from pipelines.store.row_ids import open_part
from pipelines.store.schema import ARTICLES
from pipelines.store.versions import last_version

# A text has a MiB at the most.
_BATCH_ROWS = 64
# URLs asked of the ledger at a time: beside a run nobody reads in it for long.
_CHUNK = 500
# A run's name begins with the time it began; a rebuilt ledger does not know more of a page turned away.
_RUN_DAY = "substr(run_id, 1, 4) || '-' || substr(run_id, 5, 2) || '-' || substr(run_id, 7, 2)"


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What a site file says today of how the site's pages are cleaned."""

    language: str | None = None
    country: str | None = None
    timezone: str | None = None
    rules_off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored page; `row` is its row of `articles`, or what the ledger knows of a URL turned away."""

    kind: Kind
    id: str
    site: str
    url: str
    row: dict[str, Any]
    warc_file: str | None
    warc_offset: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pages: of these sites, or of all; fetched on this day or later."""

    sites: Collection[str] = ()
    since: date | None = None


class StoredPages:
    """Reads them file by file from a ledger and its output; `unread` are files that could not be read."""

    def __init__(self, db: sqlite3.Connection, output: Output, choice: Choice) -> None:
        self._db = db
        self._output = output
        self._choice = choice
        self.unread: list[tuple[str, str]] = []

    def sites(self) -> set[str]:
        """The sites that the ledger knows."""
        return {site for (site,) in self._db.execute("SELECT site FROM sites")}

    def waiting(self) -> int:
        """Rows of articles that the next run publishes: they are not looked at."""
        query = "SELECT count(*) FROM spool WHERE dataset = 'articles'"
        return int(self._db.execute(query).fetchone()[0])

    def __iter__(self) -> Iterator[Stored]:
        """Articles in the order of their files, then pages turned away by site and URL."""
        yield from self._articles()
        for site in sorted(self.sites()):
            if not self._choice.sites or site in self._choice.sites:
                yield from self._rejected(site)

    def _articles(self) -> Iterator[Stored]:
        since = self._choice.since.isoformat() if self._choice.since else ""
        query = (
            "SELECT path FROM files WHERE dataset = 'articles' AND published = 1 AND partition >= ? "
            "ORDER BY partition, path"
        )
        for (path,) in self._db.execute(query, (since,)).fetchall():
            try:
                yield from self._file(path)
            except FileNotFoundError:
                self.unread.append((path, "is missing"))
            except (OSError, ValueError, KeyError, pa.ArrowException) as error:
                self.unread.append((path, f"cannot be read ({' '.join(str(error).split())[:200]})"))

    def _file(self, path: str) -> Iterator[Stored]:
        with open_part(self._output, path) as file, pq.ParquetFile(file) as parquet:
            names = [name for name in parquet.schema_arrow.names if name in ARTICLES.names]
            for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, columns=names):
                for row in self._chosen(batch).to_pylist():
                    last = last_version(self._db, row["url_canonical"])
                    if last is not None and last.article_id == row["id"]:
                        where = (row.get("warc_file"), row.get("warc_offset"))
                        yield Stored(Kind.ARTICLE, row["id"], row["site"], row["url"], row, *where)

    def _chosen(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not self._choice.sites:
            return batch
        sites = pa.array(sorted(self._choice.sites))
        return batch.filter(pc.is_in(batch["site"].cast(pa.string()), value_set=sites))

    def _rejected(self, site: str) -> Iterator[Stored]:
        query = (
            "SELECT * FROM urls WHERE state = ? AND site = ? AND key > ? "  # noqa: S608  constants only
            f"AND coalesce(fetch ->> '$.fetched_at', {_RUN_DAY}, '9') >= ? ORDER BY key LIMIT ?"
        )
        since, last = self._choice.since.isoformat() if self._choice.since else "", ""
        while found := self._db.execute(query, (State.REJECTED, site, last, since, _CHUNK)).fetchall():
            yield from map(url_page, found)
            last = found[-1]["key"]


def url_page(url: sqlite3.Row) -> Stored:
    """The page last fetched from a URL of the ledger."""
    row = {name: url[name] for name in ("url", "discovered_via", "discovered_at", "run_id")}
    where = (url["warc_file"], url["warc_offset"])
    return Stored(Kind.REJECTED, url["key"], url["site"], url["url"], row, *where)


@dataclass(frozen=True, slots=True)
class RawBytes:
    """Where raw bytes are read, from any thread.

    `released` are files that are not kept any more, `archives` those of others by the name in rows: their
    places, from which `archived` reads (place, name, offset).
    """

    output: Output
    released: frozenset[str] = frozenset()
    archives: Mapping[str, str] = field(default_factory=dict)
    archived: Callable[[str, str, int], RawResponse] | None = None

    def has(self, stored: Stored) -> bool:
        """Whether the page's bytes should be there."""
        if stored.warc_file is None or stored.warc_offset is None:
            return False
        return stored.warc_file not in self.released

    def of(self, stored: Stored) -> RawResponse:
        """The bytes, from the local raw folder or from where the output keeps them; raises `StoreError`."""
        name, offset = stored.warc_file, stored.warc_offset
        assert name is not None
        assert offset is not None
        if self.archived is not None and name in self.archives:
            raw = self.archived(self.archives[name], name, offset)
            run = {"run_id": stored.row.get("run_id")}  # that which read the archive
            return replace(raw, details=raw.details | run) if raw.details else raw
        try:
            file = self.output.open_raw(name)
        except FileNotFoundError:
            raise StoreError("the file is missing") from None
        except OSError as error:
            raise StoreError(f"the file cannot be read: {error}") from None
        with file:
            return read_record(file, offset, f"raw/{name}")


def page_of(stored: Stored, raw: RawResponse, facts: SiteFacts | None) -> Page:
    """The page as it was fetched, with what its site file says today.

    Records of earlier versions do not say whose they are: what the row does not know either stays unknown.
    """
    assert stored.warc_file is not None
    assert stored.warc_offset is not None
    page = stored_page(raw, stored.warc_file, stored.warc_offset) or _page_of_row(stored, raw)
    if facts is None:
        return page
    return replace(
        page,
        site_language=facts.language,
        country=facts.country,
        timezone=facts.timezone,
        rules_off=facts.rules_off,
    )


def _page_of_row(stored: Stored, raw: RawResponse) -> Page:
    row = stored.row
    discovered = row.get("discovered_at")
    fetched = row.get("fetched_at") or raw.fetched_at
    assert fetched is not None
    return Page(
        url=raw.url,
        body=raw.body,
        headers=raw.headers,
        fetched_at=fetched,
        site=stored.site,
        run_id=row.get("run_id") or "",
        url_requested=row.get("url_requested") or row["url"],
        http_status=raw.http_status,
        country=row.get("country"),
        discovered_via=row.get("discovered_via"),
        discovered_at=datetime.fromisoformat(discovered) if isinstance(discovered, str) else discovered,
        robots=row.get("robots"),
        warc_file=stored.warc_file,
        warc_offset=stored.warc_offset,
    )
