"""Archives of strangers: whatever their bytes are, records follow one another and pages are read back."""

from __future__ import annotations

import gzip
import io

from pipelines.archive.read import Archived, NotWarc, Passed, archived_pages
from tests.fuzz import checks
from tests.helpers_warc import HTML, record


def run_archive(data: bytes) -> str:
    """Reads the bytes as a file, and each page from its offset."""
    try:
        found = list(archived_pages(io.BytesIO(data), "x", "run"))
    except NotWarc:
        return "no archive"
    offsets = [each.page.warc_offset if isinstance(each, Archived) else each.offset for each in found]
    ends = [each.end for each in found]
    assert offsets == sorted(offsets, key=int), "records go back"  # type: ignore[arg-type]  # none of ours is None
    assert ends == sorted(ends), "ends go back"
    for number, each in enumerate(found):
        if isinstance(each, Passed):
            checks.check_strings(each.detail)
            continue
        checks.check_strings((each.page.url, each.page.site))
        shared = number and offsets[number - 1] == offsets[number]
        if not shared and each.page.warc_offset is not None:
            again = next(archived_pages(io.BytesIO(data), "x", "run", each.page.warc_offset))
            assert again == each, "another page stands there"
    reasons = {each.reason for each in found if isinstance(each, Passed)}
    return f"{min(len(found), 9)} {' '.join(sorted(reasons))}"


def archives() -> list[bytes]:
    """Packed in every way, with chunks and codings."""
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(HTML, mtime=0)
    parts = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<p>a\r\n5;x\r\nbcdef\r\n0\r\n\r\n"
    some = [
        record(),
        record(packed),
        record(parts),
        record(kind="revisit"),
        record(b"HTTP/1.0 404 No\r\n\r\n"),
    ]
    members = [gzip.compress(each, mtime=0) for each in some]
    plain = b"".join(some)
    return [plain, b"".join(members), gzip.compress(plain, mtime=0), *some, members[0][:-9] + members[1]]
