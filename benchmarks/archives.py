"""WARC files as a news archive has them, of pages that are at hand: for tests and for the benchmark of scale.

Each page is a request and a response; every so often a page comes again as it was, unchanged as a revisit, or
under another host's address. The files are as foreign as an archive's: nothing in them says whose pages they
are.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

Given = tuple[str, bytes, dict[str, str]]
# Address, body, headers, time and kind of a record.
Capture = tuple[str, bytes, dict[str, str], datetime, str]

_BEGIN = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
_BETWEEN = timedelta(seconds=17)
# Every so many pages one comes again, as it was or under another address, or is said to be as it was.
_AGAIN, _ELSEWHERE, _REVISIT = 31, 37, 23
_TORN_BYTES = 200


def build(folder: Path, pages: Sequence[Given], files: int, *, torn: bool = False) -> list[Path]:
    """`files` archives of the pages in `folder`, the last one cut within its last record if `torn`."""
    folder.mkdir(parents=True, exist_ok=True)
    captures = list(_captures(pages))
    paths = [folder / f"NEWS-20260302-{number:05d}.warc.gz" for number in range(files)]
    for number, path in enumerate(paths):
        _write(path, captures[number::files])
    if torn:
        with paths[-1].open("r+b") as file:
            file.truncate(paths[-1].stat().st_size - _TORN_BYTES)
    return paths


def _captures(pages: Iterable[Given]) -> Iterator[Capture]:
    moment = _BEGIN
    for number, (url, body, headers) in enumerate(pages, 1):
        kinds = ["response"]
        kinds += ["response"] * (number % _AGAIN == 0) + ["revisit"] * (number % _REVISIT == 0)
        for kind in kinds:
            moment += _BETWEEN
            yield url, body, headers, moment, kind
        if number % _ELSEWHERE == 0:
            moment += _BETWEEN
            yield f"http://mirror.test/{number}", body, headers, moment, "response"


def _write(path: Path, captures: Iterable[Capture]) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="WARC/1.0")
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "an archive's crawler"}))
        for capture in captures:
            _write_capture(writer, capture)


def _write_capture(writer: WARCWriter, capture: Capture) -> None:
    url, body, headers, moment, kind = capture
    dated = {"WARC-Date": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
    asked = StatusAndHeaders("GET / HTTP/1.1", [("User-Agent", "an archive's")], is_http_request=True)
    writer.write_record(
        writer.create_warc_record(url, "request", http_headers=asked, warc_headers_dict=dict(dated))
    )
    said = [("Content-Type", headers.get("content-type") or "text/html")]
    if kind == "revisit":
        answer = StatusAndHeaders("304 Not Modified", said, protocol="HTTP/1.1")
        digest = "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        record = writer.create_revisit_record(url, digest, url, dated["WARC-Date"], http_headers=answer)
    else:
        answer = StatusAndHeaders("200 OK", said, protocol="HTTP/1.1")
        record = writer.create_warc_record(
            url, "response", payload=io.BytesIO(body), length=len(body), http_headers=answer,
            warc_headers_dict=dated,
        )  # fmt: skip
    writer.write_record(record)
