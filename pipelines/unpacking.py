"""Bodies as they were before a server packed them (Content-Encoding): whole, within a bound, or not at all.

What the bytes say counts more than what the header says, as in browsers.
"""

from __future__ import annotations

import codecs
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Bytes that go into a decompressor and come out of it at a time: a bomb is noticed after so many too many.
_PIECE = 65_536
# Packed twice is an accident that happens; more is a bomb in boxes.
_MAX_LAYERS = 2
# Members of a file packed in parallel; more are empty ones, of which 5 MiB hold a quarter of a million.
_MAX_MEMBERS = 1_000
# RFC 9659: no zstd window of HTTP is larger than 8 MiB; the library would take 128 MiB.
_ZSTD_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_WIDE = (codecs.BOM_UTF16_LE + b"<\0", codecs.BOM_UTF16_BE + b"\0<")
_NOTHING = frozenset({"", "identity"})

# No packed body of more than a few bytes begins like this.
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s|!--|\?xml\s|[a-z][a-z0-9:]{0,20}[\s/>])", re.I)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.I)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# So many bytes tell text from what was packed.
_FEW, _ENOUGH = 16, 4_096


class TransferFailed(Exception):
    """The body did not arrive as it was sent; `reason` is the ledger's word for it."""

    reason: ClassVar[str]


class Truncated(TransferFailed):
    """It ends before the end that its format marks."""

    reason = "truncated"


class Damaged(TransferFailed):
    """Its checksum or its structure is wrong."""

    reason = "damaged"


class TooLarge(TransferFailed):
    """It unpacks to more than is read."""

    reason = "too_large"


class BadContentEncoding(TransferFailed):
    """It is neither what the header says nor text."""

    reason = "bad_content_encoding"


_ERRORS = (zlib.error, brotli.error, zstd.ZstdError)


def unpack(body: bytes, named: Sequence[str], most: int, *, beginning: bool = False) -> bytes:
    """`body` without the packings `named` (in the order of the header) and those it has all the same.

    Raises `TransferFailed`; `TooLarge` for more than `most` bytes (0: no bound), or with `beginning` the
    first `most` of them. Text stays as it is, whatever is named. A page in gzip that nobody named is
    unpacked; other gzip is not: who asked for a packed file gets it.
    """
    layers = [name for name in (name.strip().lower() for name in named) if name not in _NOTHING]
    if len(layers) > _MAX_LAYERS:
        raise BadContentEncoding(f"packed {len(layers)} times: {', '.join(layers[:5])} ...")
    for name in reversed(layers):
        if not body or _is_text(body):
            break
        body = _unpacked(body, name, most, beginning=beginning)
    return _joined(_members(body), most, beginning=beginning) if _is_packed_page(body) else body


def _unpacked(body: bytes, name: str, most: int, *, beginning: bool) -> bytes:
    """One layer."""
    unpacker = _recognised(body) or _UNPACKERS.get(name) or partial(_unknown, name)
    try:
        return _joined(unpacker(body), most, beginning=beginning)
    except _ERRORS as error:
        kind = Damaged if _recognised(body) or _has_zlib_header(body) else BadContentEncoding
        raise kind(str(error)) from None


def _joined(pieces: Iterator[bytes], most: int, *, beginning: bool) -> bytes:
    """All of it, or the beginning."""
    taken = bytearray()
    for piece in pieces:
        taken += piece
        if most and len(taken) > most:
            if beginning:
                break
            raise TooLarge(f"more than {most} bytes when unpacked")
    return bytes(taken[:most] if most else taken)


# -- what it is


def _recognised(body: bytes) -> Callable[[bytes], Iterator[bytes]] | None:
    if body.startswith(GZIP):
        return _members
    return _frames if body.startswith(_ZSTD) else None


def _is_packed_page(body: bytes) -> bool:
    """Whether this is gzip, and a page within."""
    if not body.startswith(GZIP):
        return False
    try:
        start = zlib.decompressobj(31).decompress(body[:_PIECE], 1_024)
    except zlib.error:
        return False
    return _PAGE.search(start) is not None


def _has_zlib_header(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0


def _is_text(body: bytes) -> bool:
    """Whether the body was never packed."""
    if body.startswith(_WIDE) or _MARKUP.match(body):
        return True
    start = body[:_ENOUGH]
    if len(start) < _FEW or _CONTROL.search(start):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=len(body) <= _ENOUGH)
    except UnicodeDecodeError:
        return False
    return True


# -- the formats: pieces, and `Truncated` where the input is over before the end that the format marks


class _Source:
    """The body, a piece at a time."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self) -> bytes:
        """The next piece; nothing when all is taken."""
        piece = self._body[self._at : self._at + _PIECE]
        self._at += len(piece)
        return piece

    def give_back(self, unused: bytes) -> None:
        """The end of the last piece was not needed."""
        self._at -= len(unused)

    def goes_on_with(self, start: bytes) -> bool:
        return self._body.startswith(start, self._at)

    def cut(self) -> Truncated:
        return Truncated(f"{len(self._body)} bytes came, and not the end")


def _members(body: bytes) -> Iterator[bytes]:
    """gzip; what stands behind the last member is no part of it. zlib verifies sums and lengths."""
    source = _Source(body)
    for _ in range(_MAX_MEMBERS):
        yield from _deflated(source, 31)
        if not source.goes_on_with(GZIP):
            return
    raise Damaged(f"more than {_MAX_MEMBERS} members")


def _deflate(body: bytes) -> Iterator[bytes]:
    """The format of zlib as RFC 9110 has it, or bare deflate as some servers send it."""
    return _deflated(_Source(body), 15 if _has_zlib_header(body) else -15)


def _deflated(source: _Source, window: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(window)
    waiting = b""
    while not stream.eof:
        waiting = waiting or source.take()
        fed = bool(waiting)
        piece = stream.decompress(waiting, _PIECE)
        waiting = stream.unconsumed_tail
        if piece:
            yield piece
        elif not fed and not stream.eof:
            raise source.cut()
    source.give_back(stream.unused_data)


def _frames(body: bytes) -> Iterator[bytes]:
    """Frames of zstd, one behind the other."""
    source = _Source(body)
    for _ in range(_MAX_MEMBERS):
        yield from _frame(source)
        if not source.goes_on_with(_ZSTD):
            return
    raise Damaged(f"more than {_MAX_MEMBERS} frames")


def _frame(source: _Source) -> Iterator[bytes]:
    stream = zstd.ZstdDecompressor(options=_ZSTD_WINDOW)
    while not stream.eof:
        fed = source.take() if stream.needs_input else b""
        starved = stream.needs_input and not fed
        piece = stream.decompress(fed, _PIECE)
        if piece:
            yield piece
        elif starved and not stream.eof:
            raise source.cut()
    source.give_back(stream.unused_data)


def _brotli(body: bytes) -> Iterator[bytes]:
    """br; it has no checksum, so that bytes behind its end are an error."""
    source, stream = _Source(body), brotli.Decompressor()
    while not stream.is_finished():
        hungry = stream.can_accept_more_data()
        fed = source.take() if hungry else b""
        piece = stream.process(fed, output_buffer_limit=_PIECE)
        if piece:
            yield piece
        elif hungry and not fed and not stream.is_finished():
            raise source.cut()


def _unknown(name: str, body: bytes) -> Iterator[bytes]:
    raise BadContentEncoding(f"encoding {name[:40]!r} of {len(body)} bytes is not known")


_UNPACKERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _members,
    "x-gzip": _members,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _frames,
}
