"""Reading archives: pages of any tool come out whole with their place, everything else with its reason."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
from backports import zstd
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given
from hypothesis import strategies as st

from pipelines.archive.read import Archived, NotWarc, Passed, archived_pages
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Page, Witness
from pipelines.store.raw import RawStore
from tests.helpers_warc import HTML, OK, URL, members, record


def read(data: bytes, start: int = 0) -> list[Archived | Passed]:
    return list(archived_pages(io.BytesIO(data), "x.warc.gz", "run-1", start))


def pages(data: bytes) -> list[Page]:
    return [each.page for each in read(data) if isinstance(each, Archived)]


def reasons(data: bytes) -> list[str]:
    return [each.reason if isinstance(each, Passed) else "page" for each in read(data)]


def the_page(block: bytes, **changes: str | None) -> Page:
    (page,) = pages(record(block, **changes))
    return page


def test_a_page_of_another_crawler_has_all_that_the_archive_says() -> None:
    page = the_page(
        b"HTTP/1.1 203 Fine\r\nContent-Type: text/html\r\nX-A: one\r\nX-a:  two\r\nX-B: caf\xe9\r\n\r\n"
        + HTML
    )
    assert (page.url, page.site, page.run_id, page.http_status) == (URL, "news.test", "run-1", 203)
    assert page.headers == (("content-type", "text/html"), ("x-a", "one"), ("x-a", "two"), ("x-b", "café"))
    assert page.body == HTML
    assert page.fetched_at == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
    assert (page.discovered_via, page.robots, page.warc_file, page.warc_offset) == (
        "warc", None, "x.warc.gz", 0,
    )  # fmt: skip


def test_our_own_pages_say_what_they_are(tmp_path: Path) -> None:
    page = Page(
        url=URL,
        body=HTML,
        headers=(("content-type", "text/html"), ("x-name", "caf\xe9")),
        fetched_at=datetime(2026, 11, 20, 8, 15, 30, 123456, tzinfo=UTC),
        site="news-of-test",
        run_id="run-0",
        url_requested="http://news.test/s",
        http_status=200,
        country="YE",
        site_language="ar",
        timezone="Asia/Aden",
        rules_off=("phrase.ar",),
        discovered_via="feed",
        discovered_at=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        robots="allowed",
        witness=Witness("عنوان", "2026-11-20", ("كاتبة",)),
    )
    store = RawStore(tmp_path, "20261120T081500-abcdef")
    name, offset = store.write(page)
    store.close()
    (found,) = pages((tmp_path / name).read_bytes())
    assert found.headers == page.headers
    for field in (
        "url", "body", "fetched_at", "site", "url_requested", "http_status", "country", "site_language",
        "timezone", "rules_off", "discovered_via", "discovered_at", "robots", "witness",
    ):  # fmt: skip
        assert getattr(found, field) == getattr(page, field), field
    assert (found.run_id, found.warc_offset) == ("run-1", offset)


THREE = [record(WARC_Target_URI=f"http://news.test/{number}") for number in range(3)]


@pytest.mark.parametrize(
    "data",
    [
        members(*THREE),
        b"".join(THREE),
        gzip.compress(b"".join(THREE)),
        members(THREE[0][:99], THREE[0][99:] + THREE[1], THREE[2]),
    ],
    ids=["a member a record", "not packed", "one gzip stream", "blocks of gzip"],
)
def test_each_page_is_read_back_from_its_offset(data: bytes) -> None:
    found = [each for each in read(data) if isinstance(each, Archived)]
    assert [each.page.url for each in found] == [f"http://news.test/{number}" for number in range(3)]
    for this, after in zip(found, [*found[1:], None], strict=True):
        assert this.page.warc_offset is not None
        again = read(data, this.page.warc_offset)
        assert again[0] == this
        assert after is None or this.end == after.page.warc_offset
    assert read(data, found[-1].end) == []


def test_offsets_are_those_of_fastwarc() -> None:
    data = members(record(b"a: b\r\n", "warcinfo"), *THREE, record(kind="request"), record(kind="revisit"))
    kinds = WarcRecordType.response
    theirs = [
        (each.stream_pos, each.headers["WARC-Target-URI"], each.reader.read())
        for each in ArchiveIterator(io.BytesIO(data), record_types=kinds)
    ]
    assert theirs == [(page.warc_offset, page.url, page.body) for page in pages(data)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (record(kind="request"), "not_response"),
        (record(kind="resource"), "not_response"),
        (record(kind="conversion"), "not_response"),
        (record(kind="metadata"), "not_response"),
        (record(kind="warcinfo"), "not_response"),
        (record(kind="revisit"), "revisit"),
        (record(b"20261120\n", WARC_Target_URI="dns:news.test", Content_Type="text/dns"), "not_http"),
        (record(WARC_Target_URI="ftp://news.test/a"), "not_http"),
        (record(WARC_Target_URI=None), "not_http"),
        (record(b"plain", Content_Type="text/plain"), "not_http"),
        (record(WARC_Target_URI="http://"), "bad_url"),
        (record(WARC_Target_URI="http://[news/"), "bad_url"),
        (record(b"HTTP/1.1 404 Not Found\r\n\r\n"), "http_404"),
        (record(b"HTTP/1.0 301\r\nLocation: /b\r\n\r\n"), "http_301"),
        (record(WARC_Date=None), "no_date"),
        (record(WARC_Date="last week"), "no_date"),
        (record(WARC_Truncated="length"), "truncated"),
        (record(WARC_Segment_Number="1"), "truncated"),
        (record(WARC_Block_Digest="sha1:" + "A" * 32), "damaged"),
        (record(OK + b"x" * (DEFAULT_POLICY.max_body_bytes + 1)), "too_large"),
        (record(OK + b"x" * (DEFAULT_POLICY.max_body_bytes * 2)), "too_large"),
        (record(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nff\r\nab"), "truncated"),
        (record(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n"), "truncated"),
        (
            record(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(HTML, mtime=0)[:-9]),
            "truncated",
        ),
        (
            record(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
                + gzip.compress(HTML, mtime=0)[:-8]
                + b"\0" * 8
            ),
            "damaged_body",
        ),
        (
            record(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n" + brotli.compress(b"x" * 2**26)),
            "too_large",
        ),
    ],
)
def test_a_record_that_is_no_page_has_its_reason_and_harms_no_other(data: bytes, reason: str) -> None:
    for whole in (members(data, record()), data + record(), gzip.compress(data + record())):
        assert reasons(whole) == [reason, "page"]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 \r\nA: b\r\n\r\n",
        b"HTTP/1.1 200 OK\nA: b\n\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\nA: b\r\n  folded\r\n\r\n",
        b"",
    ],
)
def test_any_status_line_is_read(head: bytes) -> None:
    page = the_page(head + HTML)
    assert page.body == HTML
    assert page.http_status == (200 if head else None)


def _chunked(body: bytes) -> bytes:
    return b"4\r\n%b\r\n%X;name=value\r\n%b\r\n0\r\n\r\n" % (body[:4], len(body) - 4, body[4:])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Encoding: gzip", gzip.compress(HTML, mtime=0)),
        (b"Content-Encoding: x-gzip", gzip.compress(HTML, mtime=0)),
        (b"Content-Encoding: deflate", zlib.compress(HTML)),
        (b"Content-Encoding: deflate", zlib.compress(HTML, wbits=-15)),
        (b"Content-Encoding: br", brotli.compress(HTML)),
        (b"Content-Encoding: zstd", zstd.compress(HTML)),
        (b"Transfer-Encoding: chunked", _chunked(HTML)),
        (b"Transfer-Encoding: gzip, chunked", _chunked(gzip.compress(HTML, mtime=0))),
        (b"Transfer-Encoding: chunked\r\nContent-Encoding: br", _chunked(brotli.compress(HTML))),
        # unpacked by the crawler that wrote it, with the headers as they were sent
        (b"Transfer-Encoding: chunked\r\nContent-Encoding: br\r\nContent-Length: 7", HTML),
        (b"Content-Encoding: utf-8", HTML),
    ],
)
def test_what_was_packed_for_the_way_is_unpacked(headers: bytes, body: bytes) -> None:
    page = the_page(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + body)
    assert (page.body, page.headers) == (HTML, ())


@pytest.mark.parametrize("body", [b"", b"\0\1\2\3" * 9, b"1234\r\n1234 is a number\r\n"])
def test_a_body_that_is_not_what_its_header_says_is_taken_as_it_is(body: bytes) -> None:
    headers = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: rot13\r\n\r\n"
    assert the_page(headers + body).body == body


@pytest.mark.parametrize(
    ("changes", "url", "moment"),
    [
        ({"WARC_Target_URI": f"<{URL}>"}, URL, "2026-11-20T08:15:00+00:00"),
        ({"WARC_Target_URI": "HTTP://News.test/خبر"}, "http://news.test/%D8%AE%D8%A8%D8%B1", None),
        ({"WARC_Target_URI": "http://reader:secret@news.test/story"}, URL, None),
        ({"WARC_Date": "2026-11-20T08:15:00.123456789Z"}, URL, "2026-11-20T08:15:00.123456+00:00"),
        ({"WARC_Date": "2026-11-20T08:15:00"}, URL, "2026-11-20T08:15:00+00:00"),
        ({"WARC_Date": None}, URL, "2026-11-19T23:00:00+00:00"),
    ],
)
def test_addresses_and_dates_as_archives_write_them(
    changes: dict[str, str | None], url: str, moment: str | None
) -> None:
    page = the_page(b"HTTP/1.1 200 OK\r\nDate: Thu, 19 Nov 2026 23:00:00 GMT\r\n\r\n" + HTML, **changes)
    assert page.url == url
    assert moment is None or page.fetched_at.isoformat() == moment


@pytest.mark.parametrize("kind", ["sha1", "sha256", "md5"])
@pytest.mark.parametrize("write", [bytes.hex, lambda digest: base64.b32encode(digest).decode()])
def test_digests_of_any_writing_are_checked(kind: str, write: object) -> None:
    assert callable(write)
    block = OK + HTML
    said = f"{kind}:{write(hashlib.new(kind, block).digest())}"
    assert reasons(record(block, WARC_Block_Digest=said)) == ["page"]
    assert reasons(record(block.replace(b"200", b"201"), WARC_Block_Digest=said)) == ["damaged"]
    assert reasons(record(block, WARC_Block_Digest="crc9:00")) == ["page"]


def _damaged() -> Iterator[tuple[str, bytes, int]]:
    """(what, a file of three records whose second is damaged, where that begins)"""
    first, second, third = map(gzip.compress, THREE)
    yield "a member cut short", first + second[:-20] + third, len(first)
    yield "a member with wrong bytes", first + second[:40] + b"\0\0\0\0" + second[44:] + third, len(first)
    yield "garbage between members", first + b"\xff" * 70 + third, len(first)
    wrong = THREE[1].replace(b"Content-Length: ", b"Content-Length: 9")
    yield "a length beyond the member", members(THREE[0], wrong, THREE[2]), len(first)
    plain = len(THREE[0])
    yield "a length beyond the file", THREE[0] + wrong + THREE[2], plain
    less = re.sub(rb"Content-Length: \d+", b"Content-Length: 7", THREE[1])
    yield "a length too short", THREE[0] + less + THREE[2], plain
    none = THREE[1].replace(b"Content-Length: ", b"X-Length: ")
    yield "no length", THREE[0] + none + THREE[2], plain
    yield "no header", THREE[0] + b"lost bytes\r\n" + THREE[2], plain
    absurd = THREE[1].replace(b"Content-Length: ", b"Content-Length: 99999999")
    yield "an absurd length in a stream", gzip.compress(THREE[0] + absurd + THREE[2], mtime=0), plain


@pytest.mark.parametrize(
    ("data", "at"), [case[1:] for case in _damaged()], ids=[case[0] for case in _damaged()]
)
def test_a_damaged_record_is_named_and_the_next_is_read(data: bytes, at: int) -> None:
    one, damaged, three = read(data)
    assert isinstance(one, Archived)
    assert isinstance(three, Archived)
    assert isinstance(damaged, Passed)
    assert (damaged.reason, damaged.offset, damaged.end) == ("damaged", at, three.page.warc_offset)
    assert (one.page.url, three.page.url) == ("http://news.test/0", "http://news.test/2")


@pytest.mark.parametrize(
    "data",
    [members(*THREE), b"".join(THREE), gzip.compress(b"".join(THREE))],
    ids=["a member a record", "not packed", "one gzip stream"],
)
def test_a_file_that_ends_too_early_gives_what_is_whole(data: bytes) -> None:
    for cut in range(len(data) - 5, len(data) - 20, -3):
        found = read(data[:cut])
        assert isinstance(found[0], Archived)
        assert [each.reason for each in found if isinstance(each, Passed)] == ["damaged"]


@pytest.mark.parametrize(
    "data", [b"", b"PK\3\4 no archive", gzip.compress(b"a text", mtime=0), b"\x1f\x8b\x08"]
)
def test_what_is_no_archive_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotWarc, match=r"^x\.warc\.gz: "):
        read(data)


def test_endless_damage_is_given_up() -> None:
    piece = b"WARC/1.0\r\nContent-Length: 77\r\n\r\n"
    found = read(record() + piece * 3_000)
    assert 100 < len(found) < 2_000
    assert found[-1].end == len(record()) + len(piece) * 3_000
    packed = read(gzip.compress(record() + piece * 3_000))
    assert len(packed) < 20


@given(st.data())
def test_whatever_is_changed_nothing_is_lost_beyond_it(data: st.DataObject) -> None:
    archive = members(*THREE) if data.draw(st.booleans()) else b"".join(THREE)
    at = data.draw(st.integers(0, len(archive) - 1))
    changed = archive[:at] + bytes([data.draw(st.integers(0, 255))]) + archive[at + 1 :]
    try:
        found = read(changed)
    except NotWarc:
        assert at < len(archive) / 3
        return
    assert found[0].end > 0
    ends = [0, *(each.end for each in found)]
    assert ends == sorted(ends)
    assert len([each for each in found if isinstance(each, Archived)]) >= 1
    for each in found:
        if isinstance(each, Archived) and each.page.warc_offset is not None:
            assert read(changed, each.page.warc_offset)[0] == each
