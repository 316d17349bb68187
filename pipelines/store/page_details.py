"""What a page is beside its bytes: in the ledger while a run needs it, and in its WARC record for good."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.records import Page, Witness, values_of
from pipelines.store.rows import dumps

if TYPE_CHECKING:  # it writes what is said here
    from pipelines.store.raw import RawResponse

# What a ledger has columns for.
_COLUMNS = ("body", "warc_file", "warc_offset", "witness")
# What the record says itself.
_OF_THE_RECORD = ("body", "headers", "url", "fetched_at", "warc_file", "warc_offset")
# fastwarc reads headers of up to 64 KiB in all. A feed may say more of an article than that.
_MAX_CHARS = 16_384


def ledger_details(page: Page) -> str:
    """JSON for the ledger's column `fetch`."""
    return dumps({name: value for name, value in values_of(page).items() if name not in _COLUMNS})


def warc_details(page: Page) -> str:
    """ASCII JSON for the header WARC-JSON-Metadata, without what is unknown and a witness too long."""
    known = {
        name: value
        for name, value in values_of(page).items()
        if name not in _OF_THE_RECORD and value not in (None, ())
    }
    if page.witness is not None:
        known["witness"] = values_of(page.witness)
    if page.discovered_at is not None:
        known["discovered_at"] = page.discovered_at.isoformat()
    text = json.dumps(known, separators=(",", ":"))
    if len(text) > _MAX_CHARS and page.witness is not None:
        return warc_details(replace(page, witness=None))
    return text


def stored_page(raw: RawResponse, warc_file: str, warc_offset: int) -> Page | None:
    """The page of a WARC record; None when the record does not say whose it is, as older ones do not.

    Headers that described the transfer are not in the record.
    """
    known = raw.details
    if raw.fetched_at is None or not {"site", "run_id"} <= known.keys():
        return None
    names = {field.name for field in fields(Page)}
    said: dict[str, Any] = {name: value for name, value in known.items() if name in names}
    said["rules_off"] = tuple(known.get("rules_off", ()))
    said["discovered_at"] = _moment(known.get("discovered_at"))
    said["witness"] = _witness(known.get("witness"))
    said |= {"url": raw.url, "body": raw.body, "headers": raw.headers, "fetched_at": raw.fetched_at}
    return Page(**said | {"warc_file": warc_file, "warc_offset": warc_offset})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _witness(said: dict[str, Any] | None) -> Witness | None:
    return Witness(said["title"], said["published"], tuple(said["authors"])) if said else None
