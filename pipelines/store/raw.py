"""Raw responses as WARC, one gzip member a record: written before anything is cleaned."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines import EXTRACTOR
from pipelines.records import Page
from pipelines.store.errors import StoreError

# Readers and object stores are at ease with files of about this size.
_MAX_FILE_BYTES = 1024**3
_CHUNK_BYTES = 64 * 1024
# The body is stored as decoded by the client, so these no longer describe it.
_TRANSFER_HEADERS = frozenset({"content-encoding", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What a WARC record gives back."""

    url: str
    http_status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _HttpHeaders(StatusAndHeaders):
    """Headers as they came: Latin-1 stands for bytes here, which warcio would escape."""

    def compute_headers_buffer(self, header_filter: Callable[..., object] | None = None) -> None:
        self.headers_buff = self.to_str(header_filter).encode("latin-1", "replace") + b"\r\n"


class RawStore:
    """Appends responses to `<folder>/khabar-<run>-NNNNN.warc.gz`; opened on the first write."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self._folder = folder
        self._run_id = run_id
        self._number = 0
        self._file: io.BufferedWriter | None = None
        self._writer: WARCWriter | None = None

    def write(self, page: Page) -> tuple[str, int]:
        """Store the response; (file name, offset of its record). In the kernel's hands on return."""
        file, writer = self._open()
        offset = file.tell()
        status = page.http_status or 200
        line = f"{status} {_phrase(status)}"
        headers = [pair for pair in page.headers if pair[0] not in _TRANSFER_HEADERS]
        headers.append(("content-length", str(len(page.body))))
        record = writer.create_warc_record(
            page.url,
            "response",
            payload=io.BytesIO(page.body),
            length=len(page.body),
            http_headers=_HttpHeaders(line, headers, protocol="HTTP/1.1"),
            warc_headers_dict={
                "WARC-Date": page.fetched_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            },
        )
        writer.write_record(record)
        file.flush()
        return Path(file.name).name, offset

    def _open(self) -> tuple[io.BufferedWriter, WARCWriter]:
        if self._file is not None and self._file.tell() >= _MAX_FILE_BYTES:
            self.close()
            self._number += 1
        if self._file is None or self._writer is None:
            name = f"khabar-{self._run_id}-{self._number:05d}.warc.gz"
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / name).open("ab")
            self._writer = WARCWriter(self._file, gzip=True, warc_version="WARC/1.1")
            if self._file.tell() == 0:
                info = {"software": EXTRACTOR, "format": "WARC File Format 1.1"}
                self._writer.write_record(self._writer.create_warcinfo_record(name, info))
        return self._file, self._writer

    def close(self) -> None:
        """Make what was written durable and close the file."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = self._writer = None


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
    http = record.http_headers
    if not record.verify_payload_digest():  # a file cut short reads without complaint
        raise ValueError("the body is not what its digest says")
    return RawResponse(
        url=record.headers["WARC-Target-URI"],
        http_status=http.status_code or 0,
        headers=tuple((name.lower(), value) for name, value in http.items()),
        body=record.reader.read(),
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
