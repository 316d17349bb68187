"""Raw responses as WARC, one gzip member a record: written before anything is cleaned."""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines import EXTRACTOR
from pipelines.records import Page
from pipelines.store.errors import StoreError
from pipelines.store.fetch_records import Asked, records_beside
from pipelines.store.page_details import warc_details

# Header of a record with what its page is beside its bytes; browser crawlers write it, too.
DETAILS = "WARC-JSON-Metadata"
# Field of the first record with the name of the ledger whose file it is.
OWNER = "isPartOf"
# Readers and object stores are at ease with files of about this size.
MAX_FILE_BYTES = 1024**3
_CHUNK_BYTES = 64 * 1024
# Pages are 0.3 % larger than at warcio's 9, and packed in five sixths of the time.
_LEVEL = 6
# The body is stored as decoded by the client, so these no longer describe it.
_TRANSFER_HEADERS = frozenset({"content-encoding", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What a WARC record gives back; `details` are what it says of its page beside that (`page_details`)."""

    url: str
    http_status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)


class _HttpHeaders(StatusAndHeaders):
    """Headers as they came: Latin-1 stands for bytes here, which warcio would escape."""

    def compute_headers_buffer(self, header_filter: Callable[..., object] | None = None) -> None:
        self.headers_buff = self.to_str(header_filter).encode("latin-1", "replace") + b"\r\n"


class RawStore:
    """Appends responses to `<folder>/khabar-<run>-NNNNN.warc.gz`; opened on the first write.

    `owner` is the name of the ledger that knows the run. From `max_bytes` on a file takes no more records.
    """

    def __init__(self, folder: Path, run_id: str, owner: str = "", max_bytes: int = MAX_FILE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._folder = folder
        self._run_id = run_id
        self._owner = owner
        self._number = 0
        self._file: io.FileIO | None = None
        self._name = ""

    def write(self, page: Page) -> tuple[str, int]:
        """Store the response; (file name, offset of its record). In the kernel's hands on return."""
        return self.append(packed(page))

    def append(self, record: bytes) -> tuple[str, int]:
        """As `write`, of a response that `packed` has packed."""
        file = self._open()
        return self._name, _append(file, record)

    def _open(self) -> io.FileIO:
        if self._file is not None and self._file.tell() >= self._max_bytes:
            self.close()
            self._number += 1
        if self._file is None:
            self._name = f"khabar-{self._run_id}-{self._number:05d}.warc.gz"
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = io.FileIO(self._folder / self._name, "ab")
            if self._file.tell() == 0:
                _append(self._file, _first_record(self._name, self._owner))
        return self._file

    def close(self) -> None:
        """Make what was written durable and close the file."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None


def packed(page: Page, asked: Asked | None = None) -> bytes:
    """The response, to be appended, and behind it the request and how the fetch went, where that is known.

    Each is a record of its own. A second of work for 20 MB that do not shrink.
    """
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False, warc_version="WARC/1.1")
    record = _record(writer, page, asked)
    writer.write_record(record)
    if asked is None:
        return _member_of(buffer.getbuffer())
    said = record.rec_headers.get_header
    beside = records_beside(page, asked, said("WARC-Record-ID"), said("WARC-Date"))
    return b"".join(_member_of(each) for each in (buffer.getbuffer(), *beside))


def _member_of(record: bytes | memoryview) -> bytes:
    return zlib.compress(record, _LEVEL, wbits=zlib.MAX_WBITS | 16)  # 16: as gzip


def _append(file: io.FileIO, data: bytes | memoryview) -> int:
    """Write all of it, or nothing where the disk refuses; the offset it stands at."""
    offset = file.seek(0, os.SEEK_END)
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        with suppress(OSError):
            file.truncate(offset)
        raise
    return offset


def _first_record(name: str, owner: str) -> bytes:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False, warc_version="WARC/1.1")
    info = {"software": EXTRACTOR, "format": "WARC File Format 1.1", OWNER: owner}
    writer.write_record(writer.create_warcinfo_record(name, info))
    return _member_of(buffer.getbuffer())


def _record(writer: WARCWriter, page: Page, asked: Asked | None) -> Any:
    status = page.http_status or 200
    headers = [pair for pair in page.headers if pair[0] not in _TRANSFER_HEADERS]
    headers.append(("content-length", str(len(page.body))))
    return writer.create_warc_record(
        page.url,
        "response",
        payload=io.BytesIO(page.body),
        length=len(page.body),
        http_headers=_HttpHeaders(f"{status} {_phrase(status)}", headers, protocol="HTTP/1.1"),
        warc_headers_dict={
            "WARC-Date": page.fetched_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            DETAILS: warc_details(page),
        }
        | ({"WARC-IP-Address": asked.ip} if asked and asked.ip else {}),
    )


def read_response(path: Path, offset: int) -> RawResponse:
    """The response stored at `offset` of the WARC file `path`; raises `StoreError` naming both."""
    try:
        with path.open("rb") as file:
            return read_record(file, offset, str(path))
    except OSError as error:
        raise StoreError(f"cannot read {path} at {offset}: {error}") from None


def read_record(file: BinaryIO, offset: int, name: str) -> RawResponse:
    """The response at `offset` of an open WARC file called `name`; raises `StoreError` naming both."""
    try:
        file.seek(offset)
        record = next(iter(ArchiveIterator(io.BytesIO(_member(file)))), None)
        if record is not None and record.record_type == WarcRecordType.response and record.is_http:
            return _response(record)
    except (OSError, ValueError, zlib.error) as error:
        raise StoreError(f"cannot read {name} at {offset}: {error}") from None
    raise StoreError(f"no response record in {name} at {offset}")


def _member(file: BinaryIO) -> bytes:
    """The record at the file's position and no later one, checksum verified: the digest is the body's."""
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: gzip with its header and checksum
    parts = []
    while not unzip.eof:
        chunk = file.read(_CHUNK_BYTES)
        if not chunk:
            raise ValueError("the record is cut short")
        parts.append(unzip.decompress(chunk))
    return b"".join(parts)


def _response(record: WarcRecord) -> RawResponse:
    if not record.verify_payload_digest():  # a file cut short reads without complaint
        raise ValueError("the body is not what its digest says")
    return replace(response_head(record), body=record.reader.read())


def response_head(record: WarcRecord) -> RawResponse:
    """What a response record says before its body; raises `ValueError` when it is no HTTP."""
    record.parse_http()
    http = record.http_headers
    if http is None:
        raise ValueError("it is no HTTP response")
    return RawResponse(
        url=record.headers["WARC-Target-URI"],
        http_status=http.status_code or 0,
        headers=tuple((name.lower(), value) for name, value in http.items()),
        body=b"",
        fetched_at=record_date(record),
        details=details_in(record.headers.get(DETAILS)),
    )


def details_in(text: str | None) -> dict[str, Any]:
    """What the header DETAILS says; nothing where it is not ours."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def record_date(record: WarcRecord) -> datetime | None:
    """The aware UTC time of a record; None when it has none."""
    with suppress(TypeError, ValueError):
        return datetime.fromisoformat(record.headers.get("WARC-Date") or "").astimezone(UTC)
    return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
