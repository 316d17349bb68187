"""The bytes behind `warc_file` and `warc_offset` of a row, whoever wrote the file."""

from __future__ import annotations

import json
import sqlite3

from pipelines.archive.catalog import Catalog
from pipelines.archive.paths import open_archive
from pipelines.archive.read import Archived, archived_pages
from pipelines.records import Page
from pipelines.store.errors import StoreError
from pipelines.store.output import Output
from pipelines.store.page_details import warc_details
from pipelines.store.raw import RawResponse, read_record
from pipelines.store.release import released


def stored_response(output: Output, db: sqlite3.Connection, name: str, offset: int) -> RawResponse:
    """From an archive that was read, or from the raw store of `output`; raises `StoreError`."""
    place = Catalog(db).place_of(name)
    if place is not None:
        return archived_response(place, name, offset)
    try:
        file = output.open_raw(name)
    except OSError as error:
        if name in released(db):
            raise StoreError(f"{name} was kept for NEWS_RAW_DAYS and removed") from None
        raise StoreError(f"cannot read {name}: {error}") from None
    with file:
        return read_record(file, offset, name)


def archived_response(place: str, name: str, offset: int) -> RawResponse:
    """The response at `offset` of the archive file at `place`, with what its record says of the page.

    Raises `StoreError` naming both.
    """
    page = archived_page(place, name, offset, "")
    details = json.loads(warc_details(page)) if page.discovered_via != "warc" else {}
    return RawResponse(page.url, page.http_status or 0, page.headers, page.body, page.fetched_at, details)


def archived_page(place: str, name: str, offset: int, run_id: str) -> Page:
    """The page at `offset` of the archive file at `place`; raises `StoreError` naming both."""
    try:
        with open_archive(place) as file:
            found = next(archived_pages(file, name, run_id, offset), None)
    except OSError as error:
        raise StoreError(f"cannot read {place}: {error.strerror or error}; put it back") from None
    if isinstance(found, Archived):
        return found.page
    raise StoreError(f"no page in {place} at {offset}")
