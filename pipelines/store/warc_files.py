"""WARC files record by record: which are ours, where each record ends, what its headers say."""

from __future__ import annotations

import io
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from pipelines.store.raw import OWNER

_NAME = re.compile(r"khabar-(?P<run>.+)-\d{5,}\.warc\.gz")
_CHUNK_BYTES = 256 * 1024
# fastwarc reads headers of up to 64 KiB.
_HEAD_BYTES = 128 * 1024
_MAGIC = b"\x1f\x8b\x08"
# Of what a kill leaves of one record; the largest page has 5 MiB.
_MAX_TAIL_BYTES = 16 * 1024**2


class CutShort(Exception):
    """A record that cannot be read: the file ends within it, or its bytes were changed."""


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member, checksum verified: a whole record, from `offset` to `end`; `head` is how it begins."""

    offset: int
    end: int
    head: bytes


def run_of(name: str) -> str | None:
    """The run that wrote the WARC file of this name; None when it is not one of ours.

    >>> run_of("khabar-20261121T083015-a1b2c3-00000.warc.gz")
    '20261121T083015-a1b2c3'
    """
    found = _NAME.fullmatch(name)
    return found["run"] if found else None


def members(file: BinaryIO, start: int = 0) -> Iterator[Member]:
    """The records from offset `start` to the end of the file; raises `CutShort` at one that is not whole."""
    file.seek(start)
    data = b""
    while True:
        unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        used, head = 0, b""
        while not unzip.eof:
            data = data or file.read(_CHUNK_BYTES)
            if not data:
                break
            try:
                plain = unzip.decompress(data, _CHUNK_BYTES)  # a chunk of a bomb unpacks to a thousand
            except zlib.error as error:
                raise CutShort(f"the record at {start} is damaged: {error}") from None
            head += plain[: _HEAD_BYTES - len(head)]
            rest = unzip.unused_data or unzip.unconsumed_tail
            used += len(data) - len(rest)
            data = rest
        if used == 0:
            return
        if not unzip.eof:
            raise CutShort(f"the record at {start} is cut short")
        yield Member(start, start + used, head)
        start += used


def next_record(file: BinaryIO, after: int) -> int | None:
    """Where the next record begins at or after an offset that lies in a damaged one."""
    place, tail = after, b""
    file.seek(place)
    while chunk := file.read(_CHUNK_BYTES):
        data = tail + chunk
        begin = place - len(tail)
        found = data.find(_MAGIC)
        while found >= 0:
            if _begins_record(file, begin + found):
                return begin + found
            found = data.find(_MAGIC, found + 1)
        place += len(chunk)
        tail = data[-len(_MAGIC) + 1 :]
        file.seek(place)
    return None


def _begins_record(file: BinaryIO, offset: int) -> bool:
    file.seek(offset)
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(file.read(512), 5) == b"WARC/"
    except zlib.error:
        return False


def mend_tail(path: Path, start: int = 0) -> int:
    """Cut off what a kill left of the last record, so that any reader reads the file to its end.

    `start` is the offset of a record, or any behind the end. How many bytes were cut. What is damaged and
    followed by whole records, or larger than a record, is left as it is: that was no kill. Raises `OSError`.
    """
    size = path.stat().st_size
    end = start if start <= size else 0
    with path.open("r+b") as file:
        try:
            for member in members(file, end):
                end = member.end
        except CutShort:
            if size - end > _MAX_TAIL_BYTES or next_record(file, end + 1) is not None:
                return 0
            os.truncate(file.fileno(), end)
            os.fsync(file.fileno())
    if end == 0:  # not even the first record: nothing was kept in it
        path.unlink()
    return size - end


def owner(file: BinaryIO) -> str:
    """The name of the ledger whose file it is; empty where the file does not say, as older ones do not."""
    try:
        first = next(members(file), None)
    except CutShort:
        return ""
    lines = first.head.decode("utf-8", "replace").splitlines() if first else []
    return next((line.partition(": ")[2] for line in lines if line.startswith(f"{OWNER}: ")), "")


def responses(file: BinaryIO) -> Iterator[tuple[int, WarcRecord]]:
    """Offset and WARC headers of each whole response record; damaged ones are passed over."""
    start: int | None = 0
    while start is not None:
        try:
            for member in members(file, start):
                start = member.end
                record = _headers(member)
                if record is not None and record.record_type == WarcRecordType.response:
                    yield member.offset, record
        except CutShort:
            start = next_record(file, start + 1)
        else:
            return


def _headers(member: Member) -> WarcRecord | None:
    try:
        return next(iter(ArchiveIterator(io.BytesIO(member.head), parse_http=False)), None)
    except OSError:  # no WARC
        return None
