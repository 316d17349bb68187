"""A small set of pages to replay, and a client that keeps its connection."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.replay import Replay, folded

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
ARABIC = "http://sahifa.test/أخبار/خبر عاجل"
ESCAPED = "http://sahifa.test/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/%D8%AE%D8%A8%D8%B1%20%D8%B9%D8%A7%D8%AC%D9%84"


def html(text: str, encoding: str = "utf-8") -> bytes:
    return f"<!DOCTYPE html><html><body><p>{text}</p></body></html>\r\n".encode(encoding)


PAGES: list[tuple[dict[str, object], bytes]] = [
    ({"id": "arabic", "url": ARABIC}, html("خبر عاجل")),
    ({"id": "secure", "url": "https://secure.test/story?b=2&a=1#top"}, html("a secure story")),
    (
        {
            "id": "windows",
            "url": "http://old.test/1.html",
            "headers": {
                "content-type": "text/html; charset=windows-1256",
                "content-encoding": "gzip",
                "Last-Modified": "Sat, 01 Feb 2025 10:00:00 GMT",
            },
        },
        html("صفحة قديمة", "windows-1256"),
    ),
    ({"id": "twin-1", "url": "http://twin.test"}, html("first twin")),
    ({"id": "twin-2", "url": "http://TWIN.test:80/#x"}, html("second twin")),
    ({"id": "twin-3", "url": "http://twin.test/"}, html("third twin")),
    ({"id": "slash", "url": "https://secure.test/folder/"}, html("a folder")),
    ({"id": "no-slash", "url": "https://secure.test/folder"}, html("a file")),
    ({"id": "double", "url": "https://secure.test//double.php?id=1"}, html("two slashes")),
    ({"id": "nameless", "url": ""}, html("no URL")),
    ({"id": "other-scheme", "url": "urn:isbn:1"}, html("no URL that HTTP could ask for")),
    ({"id": "rules", "url": "http://old.test/robots.txt"}, html("a page in place of rules")),
]
BODIES = [body for _, body in PAGES]


def write_set(folder: Path, pages: list[tuple[dict[str, object], bytes]]) -> None:
    folder.mkdir(parents=True)
    for entry, body in pages:
        (folder / f"{entry['id']}.html.gz").write_bytes(gzip.compress(body))
    lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry, _ in pages]
    (folder / "gold.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")


def write_sets(data: Path) -> Path:
    """`PAGES` in two sets."""
    write_set(data / "first", PAGES[:3])
    write_set(data / "second", PAGES[3:])
    return data


class Client:
    """One connection through the proxy; `http.client` reads no environment, unlike its betters."""

    def __init__(self, port: int, url: str, ca_file: Path) -> None:
        parts = urlsplit(folded(url) or url)
        self.target = folded(url) or url
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=str(ca_file))
            tunnel = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
            tunnel.set_tunnel(parts.hostname or "", parts.port or 443)
            self.connection: http.client.HTTPConnection = tunnel
            self.target = self.target.partition(parts.netloc)[2]
        else:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def ask(
        self, method: str = "GET", target: str | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        self.connection.request(method, target or self.target)
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()


def fetch(replay: Replay, url: str, method: str = "GET") -> tuple[int, http.client.HTTPMessage, bytes]:
    with Client(replay.port, url, replay.ca_file) as client:
        return client.ask(method)


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        return connection.makefile("rb").read()
