"""Answers that arrive cut, damaged, late, mislabelled, endless or not at all."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial

import brotli
from backports import zstd  # the suite runs below 3.14; `pipelines.unpacking` knows both

from pipelines.records import Reason, State
from tests.hostile.cases import HTML, Case, Headers, Where, failed, stored, turned_away
from tests.hostile.talk import drips, floods, page_of, says

Pack = Callable[[bytes], bytes]

MIB = 1024 * 1024
# More than is ever read, and little enough to make.
BOMB_BYTES = 100 * MIB
_BOMB_PIECES = BOMB_BYTES // 65_536
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"


def bare_deflate(data: bytes) -> bytes:
    """Without the header and the sum of zlib, as some servers send it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Pack] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": lambda data: bytes(brotli.compress(data, quality=5)),
    "zstd": zstd.compress,
}


def _sized(body: bytes, length: int) -> bytes:
    return _HEAD + b"Content-Length: %d\r\n\r\n" % length + body


def _half(where: Where) -> bytes:
    page = page_of(where)
    return page[: len(page) // 2]


def _chunks(page: bytes, end: bytes) -> bytes:
    half = len(page) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (page[:half], page[half:]))
    return _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + end


_NETWORK = (
    failed("silence", drips(b"", b""), "timeout", alone=True),
    failed("slow-head", drips(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"), "timeout", alone=True),
    failed("slow-body", drips(_sized(b"<html>", 1_000_000), b"<p>"), "timeout", alone=True),
    failed("closed-at-once", says(lambda _: b""), "connection_lost", alone=True),
    failed("no-http", says(lambda _: b"\x00\xff" * 500), "connection_lost", alone=True),
    failed("head-cut", says(lambda _: b"HTTP/1.1 200 OK\r\nContent-Ty"), "connection_lost", alone=True),
    failed("reset", says(lambda w: _sized(_half(w), len(page_of(w))), reset=True), "data_loss", alone=True),
    failed("length-too-large", says(lambda w: _sized(_half(w), len(page_of(w)))), "data_loss", alone=True),
    failed("no-last-chunk", says(lambda w: _chunks(page_of(w), b"")), "data_loss", alone=True),
    failed("chunk-cut", says(lambda w: _chunks(page_of(w), b"ff\r\nbut")), "data_loss", alone=True),
    failed("chunk-garbage", says(lambda w: _chunks(page_of(w), b"zz\r\nwhat\r\n")), "data_loss", alone=True),
    failed("declared-100-mb", says(lambda _: _sized(b"<p>", BOMB_BYTES)), "too_large", alone=True),
    failed(
        "chunked-100-mb",
        floods(
            _HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"<p>a".ljust(65_536) + b"\r\n",
            _BOMB_PIECES,
        ),
        "too_large",
        alone=True,
    ),
    failed(
        "endless-100-mb",
        floods(_HEAD + b"\r\n", b"<p>a".ljust(65_536), _BOMB_PIECES),
        "too_large",
        alone=True,
    ),
    stored("until-closed", says(lambda w: _HEAD + b"\r\n" + page_of(w)), alone=True),
    stored("chunked-whole", says(lambda w: _chunks(page_of(w), b"0\r\n\r\n")), alone=True),
    # The end that is missing is that of the page's own mark-up, so that its text is whole.
    stored(
        "length-too-small",
        says(lambda w: _sized(page_of(w), len(page_of(w)) - 10)),
        alone=True,
        check=lambda row: row["quality_flags"] == ["maybe_truncated"],
    ),
    stored(
        "until-closed-too-early",
        says(lambda w: _HEAD + b"\r\n" + page_of(w)[:-10]),
        alone=True,
        check=lambda row: row["quality_flags"] == ["maybe_truncated"],
    ),
)


# -- packed bodies


def _coded(*names: str) -> Headers:
    return (*HTML, *(("Content-Encoding", name) for name in names))


def _changed(pack: Pack, change: Callable[[bytes], bytes]) -> Callable[[Where], bytes]:
    return lambda where: change(pack(page_of(where)))


def _flipped(at: int, data: bytes) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 0xFF
    return bytes(changed)


@cache
def _bomb(name: str) -> bytes:
    return PACKERS[name](b"<html><body>" + bytes(BOMB_BYTES))


def _bombs(*names: str) -> Callable[[Where], bytes]:
    """Bodies of one bomb in as many boxes as there are names."""

    def body(_: Where) -> bytes:
        packed = _bomb(names[0])
        for name in names[1:]:
            packed = PACKERS[name](packed)
        return packed

    return body


def _cut_and_damaged() -> Iterator[Case]:
    for name, pack in PACKERS.items():
        yield stored(f"{name}-whole", _changed(pack, bytes), headers=_coded(name))
        half = _changed(pack, lambda data: data[: len(data) // 2])
        yield failed(f"{name}-cut-in-half", half, "truncated", headers=_coded(name))
        last = _changed(pack, lambda data: data[:-1])
        yield failed(f"{name}-short-of-a-byte", last, "truncated", headers=_coded(name))
        yield failed(f"{name}-bomb", _bombs(name), "too_large", headers=_coded(name))
    zipped = PACKERS["gzip"]
    for path, change in {
        "gzip-without-trailer": lambda data: data[:-8],
        "gzip-with-half-a-trailer": lambda data: data[:-4],
    }.items():
        yield failed(path, _changed(zipped, change), "truncated", headers=_coded("gzip"))
    for path, at in {"gzip-with-wrong-sum": -6, "gzip-with-wrong-length": -2}.items():
        yield failed(path, _changed(zipped, partial(_flipped, at)), "damaged", headers=_coded("gzip"))
    yield failed(
        "deflate-with-wrong-sum",
        _changed(zlib.compress, partial(_flipped, -2)),
        "damaged",
        headers=_coded("deflate"),
    )
    yield failed("bomb-in-a-box", _bombs("gzip", "gzip"), "too_large", headers=_coded("gzip, gzip"))
    yield failed("bomb-in-another-box", _bombs("br", "zstd"), "too_large", headers=_coded("br, zstd"))
    yield failed(
        "gzip-of-empty-members",
        lambda _: zipped(b"") * 200_000,
        "damaged",
        headers=_coded("gzip"),
    )


def _garbage(_: Where) -> bytes:
    return random.Random("transfers").randbytes(5_000)


_PACKED = (
    *_cut_and_damaged(),
    stored("bare-deflate", _changed(bare_deflate, bytes), headers=_coded("deflate")),
    stored("gzip-and-garbage", _changed(PACKERS["gzip"], lambda d: d + b"\0rubbish"), headers=_coded("gzip")),
    stored("gzip-twice", _changed(PACKERS["gzip"], PACKERS["gzip"]), headers=_coded("gzip, gzip")),
    stored("gzip-then-br", _changed(PACKERS["gzip"], PACKERS["br"]), headers=_coded("gzip", "br")),
    stored("gzip-twice-named-once", _changed(PACKERS["gzip"], PACKERS["gzip"]), headers=_coded("gzip")),
    stored("gzip-named-twice", _changed(PACKERS["gzip"], bytes), headers=_coded("gzip, gzip")),
    stored("gzip-in-capitals", _changed(PACKERS["gzip"], bytes), headers=_coded("X-GZIP")),
    stored("gzip-called-br", _changed(PACKERS["gzip"], bytes), headers=_coded("br")),
    stored("gzip-unnamed", _changed(PACKERS["gzip"], bytes)),
    failed("gzip-unnamed-cut", _changed(PACKERS["gzip"], lambda data: data[:-5]), "truncated"),
    failed("gzip-bomb-unnamed", _bombs("gzip"), "too_large"),
    turned_away("gzip-of-something-unnamed", lambda _: gzip.compress(b"%PDF-1.7" * 99), Reason.NOT_HTML),
    *(stored(f"plain-called-{name}", page_of, headers=_coded(name)) for name in PACKERS),
    stored("plain-called-identity", page_of, headers=_coded("identity")),
    stored("plain-called-utf-8", page_of, headers=_coded("utf-8")),
    failed("garbage-called-gzip", _garbage, "bad_content_encoding", headers=_coded("gzip")),
    failed("garbage-called-br", _garbage, "bad_content_encoding", headers=_coded("br")),
    failed("garbage-called-khabar", _garbage, "bad_content_encoding", headers=_coded("khabar")),
    Case("missing-in-garbage", _garbage, State.GONE, "http_404", headers=_coded("gzip"), status=404),
    failed("many-names", _garbage, "bad_content_encoding", headers=_coded(", ".join(["gzip"] * 100))),
)


# -- pages that are none


def _refresh(seconds: int) -> Callable[[Where], bytes]:
    """The page loads itself anew."""

    def body(where: Where) -> bytes:
        tag = f'<meta http-equiv="refresh" content="{seconds}; url={where.url}">'
        return where.page.replace("<head>", f"<head>{tag}", 1).encode()

    return body


_EMPTY = (
    turned_away("empty", b"", Reason.EMPTY),
    turned_away("ten-bytes", b"0123456789", Reason.EMPTY),
    turned_away("empty-gzip", lambda _: gzip.compress(b""), Reason.EMPTY, headers=_coded("gzip")),
    turned_away("empty-called-gzip", b"", Reason.EMPTY, headers=_coded("gzip")),
    turned_away("picture", b"\x89PNG\r\n\x1a\n" + b"<p>" * 40, Reason.NOT_HTML),
    turned_away("pdf", b"%PDF-1.7 " + b"<</Type>>" * 40, Reason.NOT_HTML),
    turned_away("zip", b"PK\x03\x04" + b"<p>" * 40, Reason.NOT_HTML),
    failed("refresh-loop", _refresh(0), "redirect_loop"),
    stored("slow-refresh-of-itself", _refresh(60)),
    turned_away(
        "script-redirect-loop",
        b"<html><head><title>Wait</title><script>location.reload()</script></head><body></body></html>",
        Reason.NO_BODY,
    ),
)

TRANSFERS: tuple[Case, ...] = _NETWORK + _PACKED + _EMPTY
