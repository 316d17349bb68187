"""Where the records of any WARC file begin and end, in whatever packing, past what is damaged."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO

from pipelines.store.errors import StoreError
from pipelines.store.warc_files import CutShort, next_record

_CHUNK_BYTES = 16 * 1024
_SCANNED_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b\x08"
_BEGIN, _END = b"WARC/", b"\r\n\r\n"
_MARK = re.compile(rb"\nWARC/\d")
_MARK_BYTES = 7
# As fastwarc has it.
_MAX_HEAD_BYTES = 64 * 1024
_HEAD = re.compile(rb"WARC/\d+\.\d+[ \t]*\r?\n(?P<fields>.*?\n)\r?\n", re.DOTALL)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_LENGTH = re.compile(r"\d{1,18}")
# Each costs another search for the next whole one, in one gzip stream from its beginning.
_MAX_BROKEN, _MAX_BROKEN_IN_STREAM = 1_000, 16


class NotWarc(StoreError):
    """The file is no WARC file, or an empty one; the message names it."""


class Layout(Enum):
    """How a file is packed: what offsets count."""

    MEMBERS = auto()  # one gzip member a record, as they should be: bytes of the file
    PLAIN = auto()  # bytes of the file
    STREAM = auto()  # gzip over all records: bytes as unpacked, since a record cannot be found otherwise


@dataclass(frozen=True, slots=True)
class Framed:
    """A record; `fields` have lower-case names. `block` is None for one larger than was to be held."""

    offset: int
    end: int
    fields: dict[str, str]
    block: bytes | None


@dataclass(frozen=True, slots=True)
class Broken:
    """What is no whole record, up to where the next begins, or to the end of what can be read."""

    offset: int
    end: int
    detail: str


def framed(file: BinaryIO, name: str, start: int, most: int) -> Iterator[Framed | Broken]:
    """The records from the one at `start` on; blocks of up to `most` bytes are held, one at a time.

    Raises `NotWarc`, `OSError`, and what else the file raises when it is read.
    """
    layout = layout_of(file, name, most)
    if layout is Layout.MEMBERS:
        yield from _in_members(file, start, most)
    else:
        yield from _Stream(file, layout).records(start, most)


def layout_of(file: BinaryIO, name: str, most: int) -> Layout:
    """How the file called `name` is packed; raises `NotWarc`."""
    file.seek(0)
    beginning = file.read(len(_BEGIN))
    if beginning == _BEGIN:
        return Layout.PLAIN
    if not beginning:
        raise NotWarc(f"{name}: the file is empty")
    if not beginning.startswith(_GZIP):
        raise NotWarc(f"{name}: is no WARC file (it begins with {beginning!r})")
    if _first_is_whole(_Text(_Member(file, 0).read), most):
        return Layout.MEMBERS
    if _first_is_whole(_Text(_unpacked(file)), most, alone=False):
        return Layout.STREAM
    if next_record(file, 0) is None:
        raise NotWarc(f"{name}: is gzip, and no WARC file within")
    return Layout.MEMBERS


def _first_is_whole(text: _Text, most: int, *, alone: bool = True) -> bool:
    try:
        text.record(most)
        return not (alone and text.peek(1))
    except CutShort:
        return False


def _in_members(file: BinaryIO, start: int, most: int) -> Iterator[Framed | Broken]:
    """Records that stand in one member have its offset; what ends such a member in the middle is broken."""
    size = file.seek(0, os.SEEK_END)
    broken = 0
    while start < size:
        member = _Member(file, start)
        text = _Text(member.read)
        try:
            is_last = False
            while not is_last:
                fields, block = text.record(most)
                is_last = not text.peek(1)
                yield Framed(start, member.end if is_last else start, fields, block)
            start = member.end
        except CutShort as error:
            broken += 1
            found = next_record(file, start + 1) if broken < _MAX_BROKEN else None
            end = size if found is None else found
            yield Broken(start, end, str(error))
            start = end


class _Member:
    """One gzip member, read piece by piece; its checksum is verified where it ends."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        file.seek(start)
        self._file = file
        self._unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._packed = b""
        self.end = start

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end. Raises `CutShort`."""
        while not self._unzip.eof:
            packed = self._packed or self._file.read(_CHUNK_BYTES)
            if not packed:
                raise CutShort("the record is cut short")
            try:
                plain = self._unzip.decompress(packed, size)
            except zlib.error as error:
                raise CutShort(f"the record is damaged: {error}") from None
            self._packed = self._unzip.unused_data or self._unzip.unconsumed_tail
            self.end += len(packed) - len(self._packed)
            if plain:
                return plain
        return b""


def _unpacked(file: BinaryIO) -> Callable[[int], bytes]:
    file.seek(0)
    return _checked(gzip.GzipFile(fileobj=file, mode="rb"))


def _checked(packed: gzip.GzipFile) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return packed.read1(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CutShort(f"the packed stream is cut short or damaged: {error}") from None

    return read


class _Text:
    """Unpacked bytes with a look ahead; `at` counts those that were taken, from `begin`."""

    def __init__(self, read: Callable[[int], bytes], begin: int = 0, size: int | None = None) -> None:
        self._read = read
        self._ahead = bytearray()
        self._failed: CutShort | None = None
        self._size = size
        self.at = begin

    def peek(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end or before damage, none is `CutShort` there."""
        while len(self._ahead) < size and self._failed is None:
            try:
                piece = self._read(max(size - len(self._ahead), _CHUNK_BYTES))
            except CutShort as error:
                self._failed = error
                break
            if not piece:
                break
            self._ahead += piece
        if self._failed is not None and not self._ahead:
            raise self._failed
        return bytes(memoryview(self._ahead)[:size])

    def take(self, size: int) -> bytes:
        """As `peek`, and on."""
        taken = self.peek(size)
        del self._ahead[: len(taken)]
        self.at += len(taken)
        return taken

    def record(self, most: int) -> tuple[dict[str, str], bytes | None]:
        """The fields and the block of the record that begins here, and on to the next; raises `CutShort`."""
        fields = self._head()
        length = int(fields["content-length"])
        if self._size is not None and self.at + length > self._size:
            raise CutShort("the record is longer than the file")
        block = self.take(length) if length <= most else None
        if length != (self._skip(length) if block is None else len(block)):
            raise self._failed or CutShort("the record is shorter than its Content-Length")
        is_ended = self.peek(len(_END)) == _END
        while (end := self.peek(1)) in (b"\r", b"\n"):
            self.take(len(end))
        if not is_ended and self.peek(len(_BEGIN)) not in (b"", _BEGIN):
            raise CutShort("the record does not end where its Content-Length says")
        return fields, block

    def _skip(self, size: int) -> int:
        skipped = 0
        while skipped < size and (piece := self.take(min(size - skipped, _SCANNED_BYTES))):
            skipped += len(piece)
        return skipped

    def _head(self) -> dict[str, str]:
        found = _HEAD.match(self.peek(4096)) or _HEAD.match(self.peek(_MAX_HEAD_BYTES))
        if found is None:
            begins = self.peek(len(_BEGIN)) == _BEGIN
            raise CutShort("the record's header does not end" if begins else "no record begins here")
        self.take(found.end())
        fields: dict[str, str] = {}
        for line in _FOLD.sub(b" ", found["fields"]).splitlines():
            name, colon, value = line.decode("utf-8", "replace").partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        if not _LENGTH.fullmatch(fields.get("content-length", "")):
            raise CutShort("the record has no Content-Length")
        return fields


class _Stream:
    """Records one behind the other, in bytes that are not packed or in one gzip stream."""

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._file = file
        self._is_plain = layout is Layout.PLAIN
        self._size = file.seek(0, os.SEEK_END) if self._is_plain else None

    def records(self, start: int, most: int) -> Iterator[Framed | Broken]:
        left = _MAX_BROKEN if self._is_plain else _MAX_BROKEN_IN_STREAM
        while True:
            begin = start
            try:
                text = self._text(begin)
                while text.peek(1):
                    begin = text.at
                    fields, block = text.record(most)
                    yield Framed(begin, text.at, fields, block)
                    begin = text.at
            except CutShort as error:
                left -= 1
                found, end = self._next_mark(begin + 1)
                yield Broken(begin, found if found is not None and left else end, str(error))
                if found is None or not left:
                    return
                start = found
            else:
                return

    def _text(self, start: int) -> _Text:
        """What is there from `start` on; raises `CutShort`."""
        if self._is_plain:
            self._file.seek(start)
            return _Text(self._file.read, start, self._size)
        self._file.seek(0)
        packed = gzip.GzipFile(fileobj=self._file, mode="rb")
        try:
            packed.seek(start)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CutShort(f"the packed stream is cut short or damaged: {error}") from None
        return _Text(_checked(packed), start)

    def _next_mark(self, start: int) -> tuple[int | None, int]:
        """Where a line begins like a record, at `start` or after it; and how far was read."""
        at = start
        try:
            text = self._text(max(start - 1, 0))
            while len(data := text.peek(_SCANNED_BYTES)) >= _MARK_BYTES:
                at = text.at + len(data)
                if found := _MARK.search(data):
                    return text.at + found.start() + 1, at
                text.take(len(data) - _MARK_BYTES + 1)
        except CutShort:
            pass
        return None, self._size or at
