"""Web servers on loopback addresses that answer as a test says, and remember who asked for what, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

PAGE = b"<!DOCTYPE html><html><head><title>A page</title></head><body><p>A page.</p></body></html>"


@dataclass(frozen=True)
class Answer:
    """What a server sends."""

    status: int = 200
    body: bytes = PAGE
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0  # before it is sent


@dataclass(frozen=True)
class Asked:
    """A request that reached a server; `at` is monotonic."""

    host: str
    path: str
    at: float
    agent: str | None


Answers = Callable[[str], Answer]


def site(robots: Answer | None = None, page: Answer | None = None) -> Answers:
    """One answer for robots.txt (404 unless given), one for all else."""
    return lambda path: (robots or Answer(404)) if path == "/robots.txt" else (page or Answer())


def rules(*lines: str) -> Answer:
    """A robots.txt."""
    return Answer(body="\n".join(lines).encode(), headers=(("Content-Type", "text/plain"),))


@dataclass
class Hosts:
    """One server an address, while the context lasts; `answers` may change while they run."""

    answers: dict[str, Answers]
    log: list[Asked] = field(default_factory=list)
    _servers: dict[str, ThreadingHTTPServer] = field(default_factory=dict)

    def __enter__(self) -> Self:
        for address in self.answers:
            server = ThreadingHTTPServer((address, 0), self._handler(address))
            server.daemon_threads = True
            self._servers[address] = server
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def netloc(self, address: str) -> str:
        return f"{address}:{self._servers[address].server_port}"

    def url(self, address: str, path: str) -> str:
        return f"http://{self.netloc(address)}{path}"

    @property
    def allowed(self) -> str:
        """For NEWS_ALLOW_PRIVATE."""
        return ",".join(map(self.netloc, self.answers))

    def asked(self, address: str, *, robots: bool = False) -> list[str]:
        """Paths asked for, in order: robots.txt or all else."""
        return [
            entry.path
            for entry in self.log
            if entry.host == address and entry.path.startswith("/robots.txt") is robots
        ]

    def _handler(self, address: str) -> type[BaseHTTPRequestHandler]:
        hosts = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                entry = Asked(address, self.path, time.monotonic(), self.headers.get("User-Agent"))
                hosts.log.append(entry)
                answer = hosts.answers[address](self.path)
                time.sleep(answer.seconds)
                self.send_response(answer.status)
                for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # the crawler hung up
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        return Handler
