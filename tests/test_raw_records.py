"""Beside each response stand its request and how it was fetched, in files that any tool reads."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecord
from scrapy import Request
from scrapy.http import HtmlResponse
from warcio.cli import main as warcio

from crawler.frontier import asked_of
from pipelines.records import Page
from pipelines.store.fetch_records import Asked
from pipelines.store.raw import RawStore, packed, read_response
from pipelines.store.warc_files import mend_tail
from tests.conftest import DemoCrawl
from tests.helpers_store import page

ASKED = Asked(
    headers=(
        ("User-Agent", "Khabar/1"),
        ("Authorization", "Basic c2VjcmV0"),
        ("Cookie", "session=secret"),
        ("Referer", "http://reader:secret@sahifa.test/"),
        ("X-Name", "caf\xe9"),
    ),
    ip="192.0.2.7",
    seconds=0.1234,
    redirected_from=("http://reader:secret@sahifa.test/old", "http://sahifa.test/older"),
    retries=1,
)


def stored(folder: Path, pages: list[Page], asked: Asked | None = ASKED) -> Path:
    store = RawStore(folder, "run-1")
    name = ""
    for each in pages:
        name, _ = store.append(packed(each, asked))
    store.close()
    return folder / name


def records(path: Path) -> list[tuple[str, dict[str, str], bytes]]:
    with path.open("rb") as file:
        return [_plain(each) for each in ArchiveIterator(file, parse_http=False)]


def _plain(record: WarcRecord) -> tuple[str, dict[str, str], bytes]:
    return record.headers["WARC-Type"], dict(record.headers), record.reader.read()


def test_each_response_has_its_request_and_its_metadata(tmp_path: Path) -> None:
    sent = page(
        url="https://sahifa.test/a/b?c=d", url_requested="https://sahifa.test/x", discovered_via="feed"
    )
    info, response, request, metadata = records(stored(tmp_path, [sent]))
    assert [info[0], response[0], request[0], metadata[0]] == ["warcinfo", "response", "request", "metadata"]
    for each in (request, metadata):
        assert each[1]["WARC-Concurrent-To"] == response[1]["WARC-Record-ID"]
        assert each[1]["WARC-Target-URI"] == sent.url
        assert each[1]["WARC-Date"] == response[1]["WARC-Date"]
        assert each[1]["WARC-Block-Digest"].startswith("sha1:")
    assert {"WARC-Block-Digest", "WARC-Payload-Digest"} <= response[1].keys()
    assert response[1]["WARC-IP-Address"] == "192.0.2.7"
    assert request[2] == (
        b"GET /a/b?c=d HTTP/1.1\r\nHost: sahifa.test\r\nUser-Agent: Khabar/1\r\n"
        b"Authorization: ***\r\nCookie: ***\r\n"
        b"Referer: http://***@sahifa.test/\r\nX-Name: caf\xe9\r\n\r\n"
    )
    assert metadata[2].decode().splitlines() == [
        "fetchTimeMs: 123",
        "discoveredVia: feed",
        "requestedUri: https://sahifa.test/x",
        "redirectedFrom: http://***@sahifa.test/old",
        "redirectedFrom: http://sahifa.test/older",
        "retries: 1",
    ]


@pytest.mark.parametrize("asked", [None, Asked(), ASKED], ids=["nothing known", "little", "all"])
def test_the_offset_is_the_responses(tmp_path: Path, asked: Asked | None) -> None:
    store = RawStore(tmp_path, "run-1")
    pages = [page(url=f"https://sahifa.test/{n}", body=b"<p>%d" % n * 99) for n in range(3)]
    places = [store.append(packed(each, asked)) for each in pages]
    store.close()
    assert [read_response(tmp_path / name, at).body for name, at in places] == [each.body for each in pages]


def _warcio(*arguments: str) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            code = warcio(list(arguments))
        except SystemExit as end:
            code = end.code  # type: ignore[assignment]  # an int where warcio ends itself
    return int(code or 0), said.getvalue()


def test_other_tools_find_nothing_wrong_with_what_a_crawl_wrote(demo_crawl: DemoCrawl) -> None:
    (path,) = (demo_crawl.output / "raw").glob("*.warc.gz")
    assert _warcio("check", "-v", str(path))[0] == 0
    code, said = _warcio("index", "-f", "offset,warc-type,warc-target-uri", str(path))
    kinds = re.findall(r'"warc-type": "(\w+)"', said)
    assert code == 0
    assert kinds[0] == "warcinfo"
    assert kinds[1:] == ["response", "request", "metadata"] * (len(kinds) // 3)
    assert [each[0] for each in records(path)] == kinds
    for kind, headers, block in records(path):
        if kind == "request":
            assert block.startswith(b"GET /")
            assert b"user-agent: khabar" in block.lower()
        if kind == "metadata":
            assert b"fetchTimeMs: " in block
        if kind == "response":
            assert headers["WARC-IP-Address"].startswith("127.0.0.")


def test_wrong_bytes_are_found_by_other_tools(tmp_path: Path) -> None:
    """So that the check above can fail."""
    path = tmp_path / "x.warc"
    plain = b"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
    path.write_bytes(
        plain
        + b"WARC-Date: 2026-11-20T08:15:00Z\r\nWARC-Block-Digest: sha1:"
        + b"A" * 32
        + b"\r\nContent-Length: 2\r\n\r\nab\r\n\r\n"
    )
    assert _warcio("check", str(path))[0] != 0


def test_a_kill_between_the_records_leaves_a_file_that_reads(tmp_path: Path) -> None:
    whole = stored(tmp_path, [page(body=b"one"), page(body=b"two")]).read_bytes()
    three = len(packed(page(body=b"two"), ASKED))
    for cut in range(1, three, 40):
        path = tmp_path / "khabar-run-1-00000.warc.gz"
        path.write_bytes(whole[:-cut])
        mend_tail(path)
        kinds = [kind for kind, _, _ in records(path)]
        assert kinds == ["warcinfo", "response", "request", "metadata", "response", "request"][: len(kinds)]
        assert len(kinds) >= 4


def test_what_is_known_of_a_request() -> None:
    meta = {"download_latency": 0.5, "redirect_urls": ["http://a.test/"], "retry_times": 2}
    request = Request("http://b.test/x", headers={"Accept": "text/html"}, meta=meta)
    response = HtmlResponse("http://b.test/x", body=b"x", request=request)
    assert asked_of(response) == Asked(
        (("Accept", "text/html"),), seconds=0.5, redirected_from=("http://a.test/",), retries=2
    )
    assert asked_of(HtmlResponse("http://b.test/x", body=b"x")) is None
