"""WARC records beside a response: the request that it answers, and how the fetch went."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines.masking import hidden
from pipelines.records import Page

# What lets somebody in is nobody's business later.
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The request whose answer a page is; `ip` is the server's, None behind a proxy."""

    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    ip: str | None = None
    seconds: float | None = None
    redirected_from: tuple[str, ...] = ()
    retries: int = 0


def records_beside(page: Page, asked: Asked, response_id: str, date: str) -> tuple[bytes, bytes]:
    """The request and the metadata of the response record `response_id`, of the same `date`; not packed."""
    common = {"WARC-Date": date, "WARC-Target-URI": page.url, "WARC-Concurrent-To": response_id}
    request = common | {
        "WARC-Type": "request",
        "Content-Type": "application/http; msgtype=request",
        "WARC-Payload-Digest": _digest(b""),
    }
    metadata = common | {"WARC-Type": "metadata", "Content-Type": "application/warc-fields"}
    return _record(request, _request(page.url, asked)), _record(metadata, _fetch(page, asked))


def _request(url: str, asked: Asked) -> bytes:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = () if any(name.lower() == "host" for name, _ in asked.headers) else (("Host", parts.netloc),)
    lines = [f"{asked.method} {target} HTTP/1.1"]
    lines += [f"{name}: {_shown(name, value)}" for name, value in (*host, *asked.headers)]
    return "\r\n".join((*lines, "", "")).encode("latin-1", "replace")


def _shown(name: str, value: str) -> str:
    return "***" if name.lower() in _SECRET else hidden(value)


def _fetch(page: Page, asked: Asked) -> bytes:
    """Names as other crawlers have them, where there are any."""
    said: list[tuple[str, str]] = []
    if asked.seconds is not None:
        said.append(("fetchTimeMs", f"{asked.seconds * 1000:.0f}"))
    if page.discovered_via:
        said.append(("discoveredVia", page.discovered_via))
    if page.url_requested and page.url_requested != page.url:
        said.append(("requestedUri", page.url_requested))
    said += [("redirectedFrom", hidden(url)) for url in asked.redirected_from]
    if asked.retries:
        said.append(("retries", str(asked.retries)))
    return "".join(f"{name}: {value}\r\n" for name, value in said).encode()


def _record(fields: dict[str, str], block: bytes) -> bytes:
    fields |= {
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid4()}>",
        "WARC-Block-Digest": _digest(block),
        "Content-Length": str(len(block)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"".join((b"WARC/1.1\r\n", lines.encode(), b"\r\n", block, b"\r\n\r\n"))


def _digest(data: bytes) -> str:
    """As the records of responses have it."""
    return f"sha1:{base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()}"
