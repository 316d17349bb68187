"""Pages of any WARC file, one at a time: ours, those of other crawlers, and what is damaged between them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import BinaryIO
from urllib.parse import urlsplit

from pipelines.archive.framing import Broken, Framed, NotWarc, framed
from pipelines.archive.http_response import CutBody, HttpResponse, decoded, split_response
from pipelines.policy import DEFAULT_POLICY, MIB, Policy
from pipelines.records import Page
from pipelines.store.page_details import stored_page
from pipelines.store.raw import DETAILS, RawResponse, details_in
from pipelines.unpacking import TooLarge, TransferFailed
from pipelines.urls import BadUrl, checked_url
from pipelines.urls.site_names import site_name

__all__ = ["Archived", "NotWarc", "Passed", "archived_pages"]

# Why a record is no page. A response that is no answer with a page has `http_` and its status.
NOT_RESPONSE = "not_response"  # request, metadata, warcinfo, resource, conversion, continuation
REVISIT = "revisit"  # the same bytes as an earlier capture, which are there and not here
NOT_HTTP = "not_http"  # of a name server, of another protocol
BAD_URL = "bad_url"
NO_DATE = "no_date"
TOO_LARGE = "too_large"
TRUNCATED = "truncated"  # the archive or the body itself says that its end is missing
DAMAGED_BODY = "damaged_body"  # as it was sent; the record is whole
DAMAGED = "damaged"  # the archive is: bytes were lost or changed

# Chunks and headers around a page of the largest size.
_AROUND_BYTES = MIB
_DIGESTS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512, "md5": hashlib.md5}


@dataclass(frozen=True, slots=True)
class Archived:
    """A page; its `warc_file` and `warc_offset` say where it is, the next record begins at `end`."""

    page: Page
    end: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A record at `offset`, up to `end`, that is no page; `detail` is for people: a type, a URL, an error."""

    offset: int
    end: int
    reason: str
    detail: str


class _NoPage(Exception):
    """Reason and detail."""


def archived_pages(
    file: BinaryIO, name: str, run_id: str, start: int = 0, *, policy: Policy = DEFAULT_POLICY
) -> Iterator[Archived | Passed]:
    """Every record of a seekable WARC file from the one at `start` on: a page, or why it is none.

    Offsets count bytes of the file, where each record is a gzip member of its own or nothing is packed; in a
    file that is one gzip stream they count bytes as unpacked. The record at an offset is read back by
    starting there. No more than one record of `policy.max_body_bytes` is held. Raises `NotWarc`, `OSError`
    and, of an object store, `StoreError`.
    """
    for record in framed(file, name, start, policy.max_body_bytes + _AROUND_BYTES):
        if isinstance(record, Broken):
            yield Passed(record.offset, record.end, DAMAGED, record.detail)
            continue
        try:
            yield Archived(_page(record, name, run_id, policy), record.end)
        except _NoPage as why:
            yield Passed(record.offset, record.end, *why.args)


def _page(record: Framed, name: str, run_id: str, policy: Policy) -> Page:
    url = _url(record)
    response = _response(record, url, policy)
    date = _date(record.fields.get("warc-date"), response.header("date"))
    if date is None:
        raise _NoPage(NO_DATE, url)
    said = details_in(record.fields.get(DETAILS.lower()))
    raw = RawResponse(url, response.status or 0, response.headers, response.body, date, said)
    with suppress(KeyError, TypeError, ValueError):  # details of another crawler
        own = stored_page(raw, name, record.offset)
        if own is not None:
            return replace(own, run_id=run_id)
    return Page(
        url=url,
        body=response.body,
        headers=response.headers,
        fetched_at=date,
        site=site_name(url),
        run_id=run_id,
        http_status=response.status,
        discovered_via="warc",
        warc_file=name,
        warc_offset=record.offset,
    )


def _url(record: Framed) -> str:
    """The address of a response record; raises `_NoPage` for other records."""
    kind = record.fields.get("warc-type", "").lower()
    if kind != "response":
        raise _NoPage(REVISIT if kind == "revisit" else NOT_RESPONSE, kind or "no type")
    said = record.fields.get("warc-target-uri", "").removeprefix("<").removesuffix(">")
    with suppress(ValueError):
        if urlsplit(said).scheme.lower() not in ("http", "https"):
            raise _NoPage(NOT_HTTP, said[:100])
    try:
        return checked_url(said)
    except BadUrl as error:
        raise _NoPage(BAD_URL, str(error)) from None


def _response(record: Framed, url: str, policy: Policy) -> HttpResponse:
    fields, block = record.fields, record.block
    if block is None:
        raise _NoPage(TOO_LARGE, url)
    if not _is_intact(block, fields.get("warc-block-digest")):
        raise _NoPage(DAMAGED, "the record is not what its digest says")
    if "warc-truncated" in fields or "warc-segment-number" in fields:
        raise _NoPage(TRUNCATED, url)
    is_http = fields.get("content-type", "").lower().startswith("application/http")
    if not is_http and not block.startswith(b"HTTP/"):
        raise _NoPage(NOT_HTTP, url)
    response = split_response(block)
    if response.status is not None and not 200 <= response.status < 300:
        raise _NoPage(f"http_{response.status}", url)
    try:
        response = decoded(response, policy.max_body_bytes)
    except CutBody:
        raise _NoPage(TRUNCATED, url) from None
    except TransferFailed as error:
        known = {TooLarge.reason: TOO_LARGE, "truncated": TRUNCATED}
        raise _NoPage(known.get(error.reason, DAMAGED_BODY), url) from None
    if len(response.body) > policy.max_body_bytes:
        raise _NoPage(TOO_LARGE, url)
    return response


def _is_intact(block: bytes, digest: str | None) -> bool:
    """Whether the block has the digest that its record states; one of an unknown kind is believed."""
    kind, _, said = (digest or "").partition(":")
    make = _DIGESTS.get(kind.strip().lower().replace("-", ""))
    if make is None:
        return True
    found = make(block, usedforsecurity=False)
    said = said.strip()
    return said.lower() == found.hexdigest() or said.upper().rstrip("=") == _base32(found.digest())


def _base32(digest: bytes) -> str:
    return base64.b32encode(digest).decode().rstrip("=")


def _date(said: str | None, sent: str | None) -> datetime | None:
    """Aware UTC: what the record says or else the server's own clock."""
    with suppress(ValueError, OverflowError):
        return _utc(datetime.fromisoformat(said or ""))
    with suppress(ValueError, OverflowError, TypeError):
        return _utc(parsedate_to_datetime(sent or ""))
    return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
