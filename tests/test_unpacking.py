"""Packed bodies: whole ones give back their bytes, cut and damaged ones are recognised, bombs are stopped."""

from __future__ import annotations

import gzip
import random
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from pipelines.unpacking import BadContentEncoding, Damaged, TooLarge, TransferFailed, Truncated, unpack
from tests.crawling import run
from tests.hostile.transfers import MIB, PACKERS, Pack, bare_deflate

MOST = 5 * MIB
PAGE = b"<!DOCTYPE html><html><head><title>Park</title></head><body><p>It opens.</p></body></html>"
FORMATS: dict[str, tuple[str, Pack]] = {name: (name, pack) for name, pack in PACKERS.items()}
FORMATS["bare deflate"] = ("deflate", bare_deflate)
BODIES = st.binary(min_size=1, max_size=3_000) | st.text("ab <>", min_size=1).map(str.encode)


def packed_pages() -> list[tuple[str, bytes]]:
    """A page that does not pack to nothing, in every format."""
    noise = random.Random("unpacking").randbytes(900).hex().encode()
    return [(name, pack(PAGE + noise)) for name, pack in FORMATS.values()]


@given(st.sampled_from(list(FORMATS.values())), BODIES)
def test_what_was_packed_is_given_back(how: tuple[str, Pack], body: bytes) -> None:
    name, pack = how
    assert unpack(pack(body), [name], MOST) == body


@given(st.lists(st.sampled_from(sorted(PACKERS)), min_size=2, max_size=2), BODIES)
def test_what_was_packed_twice_is_given_back(names: list[str], body: bytes) -> None:
    once = PACKERS[names[0]](body)
    assert unpack(PACKERS[names[1]](once), names, MOST) == body


@given(st.sampled_from(list(FORMATS.values())), BODIES, st.data())
def test_every_beginning_is_cut(how: tuple[str, Pack], body: bytes, data: st.DataObject) -> None:
    name, pack = how
    whole = pack(body)
    length = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(Truncated):
        unpack(whole[:length], [name], MOST)


@pytest.mark.parametrize(("name", "whole"), packed_pages())
def test_a_cut_after_any_byte_is_recognised(name: str, whole: bytes) -> None:
    for length in range(1, len(whole)):
        with pytest.raises(Truncated):
            unpack(whole[:length], [name], MOST)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_wrong_byte_in_gzip_never_gives_another_page(at: int, change: int) -> None:
    whole = bytearray(gzip.compress(PAGE, mtime=0))
    whole[at % len(whole)] ^= change
    try:
        got = unpack(bytes(whole), ["gzip"], MOST)
    except TransferFailed:
        return
    assert got == PAGE, "flags and times of the header tell nothing"


@given(
    st.binary(max_size=2_000), st.lists(st.sampled_from([*PACKERS, "x-gzip", "identity", "a"]), max_size=4)
)
def test_whatever_comes_there_is_a_body_or_a_reason(body: bytes, names: list[str]) -> None:
    with suppress(TransferFailed):
        assert len(unpack(body, names, 1_000)) <= max(len(body), 1_000)


@given(st.sampled_from(sorted(PACKERS)), st.text("abc \n", min_size=1, max_size=500))
def test_mark_up_that_is_called_packed_is_taken_as_it_is(name: str, text: str) -> None:
    page = f"\ufeff <html>{text}".encode()
    assert unpack(page, [name], MOST) == page


@pytest.mark.parametrize(
    "body", [b"User-agent: *\nDisallow: /a\n", "https://news.test/خبر\n".encode(), "<p>".encode("utf-16")]
)
@pytest.mark.parametrize("name", ["gzip", "br", "khabar"])
def test_other_text_that_is_called_packed_too(name: str, body: bytes) -> None:
    assert unpack(body, [name], MOST) == body


def test_names_are_read_as_servers_write_them() -> None:
    packed = gzip.compress(PAGE)
    for names in ([" GZIP "], ["x-gzip"], ["identity", "gzip"], ["", "gzip"], ["gzip", "gzip"], []):
        assert unpack(packed, names, MOST) == PAGE, names


@pytest.mark.parametrize("behind", [b"\0" * 512, b"rubbish", gzip.compress(b"<p>")[:1]])
def test_what_stands_behind_gzip_is_no_part_of_it(behind: bytes) -> None:
    assert unpack(gzip.compress(PAGE) + behind, ["gzip"], MOST) == PAGE


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_and_frames_are_joined(name: str) -> None:
    pack = PACKERS[name]
    assert unpack(pack(PAGE[:20]) + pack(PAGE[20:]), [name], MOST) == PAGE


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_endless_empty_members_are_refused(name: str) -> None:
    with pytest.raises(Damaged, match="1000"):
        unpack(PACKERS[name](b"") * 100_000, [name], MOST)


def test_a_zstd_window_beyond_that_of_http_is_refused() -> None:
    packed = zstd.compress(PAGE * 200_000, options={zstd.CompressionParameter.window_log: 27})
    with pytest.raises(TransferFailed):
        unpack(packed, ["zstd"], 0)


def test_more_layers_than_two_are_refused_unread() -> None:
    with pytest.raises(BadContentEncoding):
        unpack(gzip.compress(PAGE), ["gzip"] * 3, MOST)


# -- bounds


@cache
def bomb(name: str) -> bytes:
    return PACKERS[name](b"<html>" + bytes(30 * MIB))


@pytest.mark.parametrize("name", sorted(PACKERS))
def test_a_bomb_is_stopped_at_the_bound(name: str) -> None:
    with pytest.raises(TooLarge):
        unpack(bomb(name), [name], MOST)


@pytest.mark.parametrize("name", sorted(PACKERS))
def test_a_body_of_the_greatest_size_passes_and_one_byte_more_does_not(name: str) -> None:
    packed = PACKERS[name](b"a" * 200_000)
    assert len(unpack(packed, [name], 200_000)) == 200_000
    with pytest.raises(TooLarge):
        unpack(packed, [name], 199_999)


@pytest.mark.parametrize("name", sorted(PACKERS))
def test_of_a_bomb_the_beginning_may_be_had(name: str) -> None:
    assert unpack(bomb(name), [name], 1_000, beginning=True) == b"<html>".ljust(1_000, b"\0")


# In a process of its own: peaks of this one are those of other tests.
_MEASURE = """
import re, sys
from pathlib import Path
from pipelines.unpacking import TooLarge, unpack

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

before = peak()
for path in map(Path, sys.argv[1:]):
    try:
        unpack(path.read_bytes(), [path.name], 5 * 1024 * 1024)
    except TooLarge:
        print(peak() - before)
"""


def test_bombs_take_little_more_memory_than_the_bound(tmp_path: Path) -> None:
    """In MiB; each of them unpacks to 30, and zstd alone would take windows of 128."""
    for name in PACKERS:
        (tmp_path / name).write_bytes(bomb(name))
    done = run([sys.executable, "-c", _MEASURE, *(str(tmp_path / name) for name in PACKERS)])
    grown = [int(line) for line in done.out.split()]
    assert len(grown) == len(PACKERS), done.err
    assert grown[-1] <= 24, grown


# -- gzip that nobody named


def test_a_page_in_gzip_that_nobody_named_is_unpacked() -> None:
    assert unpack(gzip.compress(PAGE), [], MOST) == PAGE
    assert unpack(gzip.compress(gzip.compress(PAGE)), ["gzip"], MOST) == PAGE


@pytest.mark.parametrize(
    "inside", [b"<?xml version='1.0'?><urlset></urlset>" * 30, b"%PDF-1.7" * 30, bytes(90)]
)
def test_other_gzip_that_nobody_named_is_what_was_asked_for(inside: bytes) -> None:
    packed = gzip.compress(inside)
    assert unpack(packed, [], MOST) == packed


def test_a_cut_page_in_gzip_that_nobody_named_is_cut() -> None:
    with pytest.raises(Truncated):
        unpack(gzip.compress(PAGE * 9)[:-3], [], MOST)
