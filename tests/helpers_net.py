"""What the tests of the network share: servers that note all of a request, a canary, a table of names."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.crawling import Finished, scrapy
from tests.helpers_hosts import Answer

_FAKE_NAMES = Path(__file__).with_name("fake_names")


@dataclass(frozen=True)
class Seen:
    """A request that reached a server."""

    path: str
    headers: dict[str, str]

    @property
    def url(self) -> str:
        """Host and path, as they were asked for."""
        return self.headers.get("host", "") + self.path


@dataclass
class Server:
    """An HTTP server on loopback that notes what it is asked; a connection carries one request."""

    address: str
    answer: Callable[[Seen], Answer | bytes] = lambda _: Answer()
    port: int = 0
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[Server]:
        """Serve while the context lasts."""
        kind = _SixServer if ":" in self.address else _Server
        server = kind((self.address, self.port), _handler(self))
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    @property
    def netloc(self) -> str:
        """As NEWS_ALLOW_PRIVATE takes it."""
        return f"{self.address}:{self.port}"

    def headers_of(self, path: str) -> dict[str, str]:
        """Those of the one request for `path`."""
        (found,) = (each.headers for each in self.seen if each.path == path)
        return found


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """The crawler hung up, mostly since it did not like the certificate."""


class _SixServer(_Server):
    address_family = socket.AF_INET6


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            if server.tls is not None:
                self.request = server.tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def do_GET(self) -> None:
            seen = Seen(self.path, {name.lower(): value for name, value in self.headers.items()})
            server.seen.append(seen)
            answer = server.answer(seen)
            if isinstance(answer, bytes):
                self.wfile.write(answer)
                return
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def do_CONNECT(self) -> None:
            """As a proxy that has no way out."""
            server.seen.append(Seen(self.path, {k.lower(): v for k, v in self.headers.items()}))
            self.send_error(502)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@contextmanager
def canary(port: int, *addresses: str) -> Iterator[list[str]]:
    """Listens at `port` of the addresses where nobody may come; yields who was connected to."""
    hit: list[str] = []
    listeners = [_listening(address, port, hit) for address in addresses]
    try:
        yield hit
    finally:
        for listener in listeners:
            listener.close()


def _listening(address: str, port: int, hit: list[str]) -> socket.socket:
    listener = socket.create_server(
        (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET
    )

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                hit.append(address)
                connection.close()

    threading.Thread(target=accept, daemon=True).start()
    return listener


def names(folder: Path, **table: dict[str, Any] | str | list[str]) -> dict[str, str]:
    """Environment of a process for which `NAME.test`, or a name with dots, has these addresses.

    What is given is one address, some, or an entry of the table (tests/fake_names).
    """
    entries = {}
    for name, given in table.items():
        addresses = [given] if isinstance(given, str) else given
        entry = given if isinstance(given, dict) else {"answers": [addresses]}
        entries[name if "." in name else f"{name}.test"] = entry
    file = folder / "names.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(_FAKE_NAMES), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "KHABAR_TEST_NAMES": str(file)}


def looked_up(folder: Path) -> list[str]:
    """Names that were looked up, in order."""
    log = folder / "names.log"
    return log.read_text(encoding="utf-8").split() if log.exists() else []


def crawl_urls(folder: Path, urls: list[str], env: dict[str, str], **settings: object) -> Finished:
    """`scrapy crawl urls` into `folder`/output, at ease."""
    (folder / "urls.txt").write_text("\n".join(urls), encoding="utf-8")
    given = {"NEWS_OUTPUT": folder / "output", "NEWS_WORKERS": 1, "DOWNLOAD_DELAY": 0, **settings}
    pairs = [part for name, value in given.items() for part in ("-s", f"{name}={value}")]
    return scrapy("crawl", "urls", "-a", f"file={folder / 'urls.txt'}", *pairs, **env)


def ends(folder: Path) -> dict[str, tuple[str, str | None]]:
    """State and reason of each URL, by the URL as it was asked for."""
    with closing(sqlite3.connect(folder / "output" / ".state" / "ledger.sqlite")) as db:
        return {
            url: (state, reason) for url, state, reason in db.execute("SELECT url, state, reason FROM urls")
        }
