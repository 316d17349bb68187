from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipelines.records import Page
from pipelines.store import raw
from pipelines.store.errors import StoreError
from pipelines.store.raw import RawStore, read_response
from tests.helpers_store import page

BODIES = [
    "<html><body><p>خبر اليوم ۱۲۳</p></body></html>".encode(),
    "<p>اصلاح‌طلبان</p>\r\n\r\nWARC/1.1\r\n".encode(),
    bytes(range(256)) * 40,
    b"",
    b"\r\n\r\n\x00\x1f\x8b\x08",
    gzip.compress(b"<p>packed twice</p>", mtime=0),
]


def store_all(
    folder: Path, pages: list[Page], run_id: str = "run-1", max_bytes: int = raw.MAX_FILE_BYTES
) -> list[tuple[Path, int]]:
    store = RawStore(folder, run_id, max_bytes=max_bytes)
    places = [store.write(each) for each in pages]
    store.close()
    return [(folder / name, offset) for name, offset in places]


def sample(count: int = 3) -> list[Page]:
    return [page(url=f"https://sahifa.test/news/{n}", body=f"خبر {n} ".encode() * 50) for n in range(count)]


@pytest.mark.parametrize("body", BODIES)
def test_bytes_come_back_as_they_were(tmp_path: Path, body: bytes) -> None:
    for path, offset in store_all(tmp_path, [page(body=body), page(body=b"other"), page(body=body)])[::2]:
        assert read_response(path, offset).body == body


@settings(deadline=None, max_examples=25)
@given(bodies=st.lists(st.binary(max_size=2000), min_size=1, max_size=4))
def test_any_bytes_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    places = store_all(tmp_path_factory.mktemp("raw"), [page(body=body) for body in bodies])
    assert [read_response(*place).body for place in places] == bodies


def test_address_and_status_come_back(tmp_path: Path) -> None:
    pages = [
        page(url="https://sahifa.test/%D8%AE?a=1&b=%20", http_status=203),
        page(url="https://sahifa.test/أخبار/۱", http_status=299),
        page(url="http://[::1]:8080/x", http_status=None),
    ]
    found = [read_response(*place) for place in store_all(tmp_path, pages)]
    assert [(each.url, each.http_status) for each in found] == [
        ("https://sahifa.test/%D8%AE?a=1&b=%20", 203),
        ("https://sahifa.test/أخبار/۱", 299),
        ("http://[::1]:8080/x", 200),
    ]


@pytest.mark.parametrize(
    "value",
    [
        "text/html; charset=windows-1256",
        "",
        "a: b: c",
        'W/"é"',
        "خبر".encode().decode("latin-1"),
        "%41%20",
        "\xa0x",
    ],
)
def test_a_header_comes_back_as_it_was(tmp_path: Path, value: str) -> None:
    (place,) = store_all(tmp_path, [page(headers=(("x-said", value),))])
    assert ("x-said", value) in read_response(*place).headers


def test_repeated_headers_keep_their_order(tmp_path: Path) -> None:
    headers = (("set-cookie", "b=2"), ("etag", "x"), ("set-cookie", "a=1"))
    (place,) = store_all(tmp_path, [page(headers=headers)])
    assert read_response(*place).headers[:3] == headers


def test_headers_describe_the_body_that_is_stored(tmp_path: Path) -> None:
    headers = (("content-encoding", "br"), ("content-length", "7"), ("transfer-encoding", "chunked"))
    (place,) = store_all(tmp_path, [page(headers=headers, body=b"decoded already")])
    found = read_response(*place)
    assert found.headers == (("content-length", "15"),)
    assert found.body == b"decoded already"


def test_other_tools_read_the_file(tmp_path: Path) -> None:
    pages = [page(url=f"https://sahifa.test/{n}", body=body) for n, body in enumerate(BODIES)]
    (path, _) = store_all(tmp_path, pages)[0]
    with path.open("rb") as file:
        records = [
            (
                record.rec_type,
                record.rec_headers.get_header("WARC-Target-URI"),
                record.content_stream().read(),
            )
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    assert records[0][0] == "warcinfo"
    assert records[1:] == [("response", each.url, each.body) for each in pages]


def test_other_tools_find_the_record_at_its_offset(tmp_path: Path) -> None:
    pages = sample()
    for each, (path, offset) in zip(pages, store_all(tmp_path, pages), strict=True):
        with path.open("rb") as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file)))
            assert record.rec_headers.get_header("WARC-Date") == "2026-11-21T08:30:15.123456Z"
            assert record.content_stream().read() == each.body


def test_each_record_is_a_gzip_member_of_its_own(tmp_path: Path) -> None:
    pages = sample()
    places = store_all(tmp_path, pages)
    data = places[0][0].read_bytes()
    ends = [offset for _, offset in places[1:]] + [len(data)]
    for each, (_, offset), end in zip(pages, places, ends, strict=True):
        assert each.body in gzip.decompress(data[offset:end])


def test_a_page_can_be_read_while_the_file_is_open(tmp_path: Path) -> None:
    store = RawStore(tmp_path, "run-1")
    for each in sample():
        name, offset = store.write(each)
        assert read_response(tmp_path / name, offset).body == each.body
    store.close()


def test_no_file_is_made_for_nothing(tmp_path: Path) -> None:
    RawStore(tmp_path / "raw", "run-1").close()
    assert not (tmp_path / "raw").exists()


def test_full_files_are_followed_by_new_ones(tmp_path: Path) -> None:
    pages = sample(12)
    places = store_all(tmp_path, pages, max_bytes=2000)
    assert len({path for path, _ in places}) > 2
    assert sorted(tmp_path.iterdir()) == sorted({path for path, _ in places})
    assert [read_response(*place).body for place in places] == [each.body for each in pages]
    for path in tmp_path.iterdir():
        with path.open("rb") as file:
            assert next(iter(ArchiveIterator(file))).rec_type == "warcinfo"


def test_runs_do_not_share_files(tmp_path: Path) -> None:
    ((first, _),) = store_all(tmp_path, sample(1), "run-1")
    ((second, _),) = store_all(tmp_path, sample(1), "run-2")
    assert first != second


def test_the_same_run_goes_on_where_it_was(tmp_path: Path) -> None:
    ((first, start),) = store_all(tmp_path, sample(1))
    ((second, offset),) = store_all(tmp_path, [page(body=b"later")])
    assert (first, True) == (second, offset > start)
    assert read_response(first, start).body == sample(1)[0].body
    assert read_response(second, offset).body == b"later"


# -- damage


def assert_refused(path: Path, offset: int) -> None:
    with pytest.raises(StoreError) as refusal:
        read_response(path, offset)
    assert str(path) in str(refusal.value)
    assert str(offset) in str(refusal.value)


def test_only_offsets_of_responses_are_answered(tmp_path: Path) -> None:
    places = store_all(tmp_path, sample())
    path, known = places[0][0], {offset for _, offset in places}
    size = path.stat().st_size
    for offset in {
        *range(-1, size + 2, 7),
        0,
        *(o + 1 for o in known),
        *(o - 1 for o in known),
        size,
        10**9,
    } - known:
        assert_refused(path, offset)


def test_a_file_cut_short_is_refused_at_the_record_it_cuts(tmp_path: Path) -> None:
    places = store_all(tmp_path, [page(body=body) for body in (b"whole", bytes(range(256)) * 40)])
    path, last = places[-1]
    data = path.read_bytes()
    for end in range(last, len(data) - 30, 3):
        path.write_bytes(data[:end])
        assert_refused(path, last)
    assert read_response(*places[0]).body == b"whole"


def test_flipped_bytes_never_come_back_as_a_page(tmp_path: Path) -> None:
    ((path, offset),) = store_all(tmp_path, [page(body=bytes(range(256)) * 4)])
    data = path.read_bytes()
    for place in range(offset + 12, len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        assert_refused(path, offset)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert_refused(tmp_path / "khabar-run-0-00000.warc.gz", 0)


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("سطر\n" * 100)
    assert_refused(path, 0)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.warc.gz"
    path.touch()
    assert_refused(path, 0)
