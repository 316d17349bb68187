"""WARC files as other crawlers write them, record by record."""

from __future__ import annotations

import gzip

from tests.web import pages
from tests.web.outlets import story
from tests.web.pages import Furniture

DATE = "2026-11-20T08:15:00Z"
URL = "http://news.test/story"
HTML = "<html><body><p>سطر من الخبر</p></body></html>".encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def record(block: bytes = OK + HTML, kind: str = "response", **changes: str | None) -> bytes:
    """A record; keywords are header names with "_" for "-", None leaves one out."""
    fields: dict[str, str | None] = {
        "WARC-Type": kind,
        "WARC-Date": DATE,
        "WARC-Target-URI": URL,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"WARC/1.1\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def members(*records: bytes) -> bytes:
    return b"".join(map(gzip.compress, records))


def article(number: int, host: str = "news.test", more: str = "") -> tuple[str, bytes]:
    """The address and the page of an article; `more` is another paragraph at its end."""
    origin = f"http://{host}"
    address = f"{origin}/news/{100_000 + number}/"
    page = pages.article_page(origin, address, story("ar", number), Furniture(views=number))
    if more:
        last = story("ar", number).paragraphs[-1]
        assert last in page
        page = page.replace(last, f"{last}</p><p>{more}")
    return address, page.encode()


def capture(number: int, host: str = "news.test", date: str = DATE, more: str = "") -> bytes:
    """A response record of an article."""
    address, page = article(number, host, more)
    return record(OK + page, WARC_Target_URI=address, WARC_Date=date)
