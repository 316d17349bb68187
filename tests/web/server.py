"""A small web on loopback: one real server per host, and a log of every request that reached one.

The log is the suite's witness: what a crawler did is read from what the servers saw, not from what it says.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Protocol, Self

from demo.server import Handler, OutletServer, RequestLog, _parsed

_NETWORK = "127.0.5"
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Request:
    """What a host is asked; `number` counts its requests from 1 over all runs, `run` the crawls."""

    path: str
    headers: dict[str, str]
    number: int
    run: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host says. With a validator, a conditional request that matches it gets 304 instead."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    etag: str | None = None
    modified: datetime | None = None
    bare: bool = False  # a page that has no validator on a host whose pages have one
    silent: bool = False  # accept, read, and never say a word


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log. `at` is monotonic, `answered` too; `wall` is UTC. No status: nothing was said."""

    run: int
    host: str
    path: str
    status: int | None
    at: float
    answered: float
    wall: datetime
    headers: dict[str, str]
    sent: int

    @property
    def conditional(self) -> bool:
        """Whether the request offered a validator of an earlier answer."""
        return bool(self.headers.keys() & {"if-none-match", "if-modified-since"})


class Host(Protocol):
    """What a web needs of a host; `address` is set before it opens."""

    listens: bool
    address: str
    origin: str

    @property
    def name(self) -> str:
        """Site name."""

    def open(self, origin: str) -> None:
        """Learn where one stands, before the first request."""

    def respond(self, request: Request) -> Answer:
        """The answer to a request; called from many threads."""


@dataclass
class _Desk:
    """What the handlers of one host share."""

    host: Host
    web: Web
    asked: int = 0
    lock: Lock = field(default_factory=Lock)

    def number(self) -> int:
        """One more request has come."""
        with self.lock:
            self.asked += 1
            return self.asked


class _Answering(Handler):
    """Lets the host answer and writes down what happened."""

    server: _Server

    def _answer(self, *, with_body: bool) -> None:
        came, wall = time.monotonic(), datetime.now(UTC)
        desk = self.server.desk
        asked = {name.lower(): value for name, value in self.headers.items()}
        answer = desk.host.respond(Request(self.path, asked, desk.number(), desk.web.run))
        if answer.silent:
            self._note(None, came, wall, asked, 0)
            desk.web.closing.wait(self.timeout)
            self.close_connection = True
            return
        fresh = answer.status == 200 and self._fresh(answer)
        status, body = (304, b"") if fresh else (answer.status, answer.body)
        # Written down first: who reads the log when the crawl is over must find the last request in it.
        self._note(status, came, wall, asked, len(body))
        self.send_response(status)
        for name, value in self._headers(answer, body, fresh=fresh):
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _headers(self, answer: Answer, body: bytes, *, fresh: bool) -> list[tuple[str, str]]:
        found = list(answer.headers)
        if not fresh:
            found += [("Content-Type", answer.content_type), ("Content-Length", str(len(body)))]
        if answer.etag:
            found.append(("ETag", answer.etag))
        if answer.modified:
            found.append(("Last-Modified", format_datetime(answer.modified, usegmt=True)))
        return found

    def _fresh(self, answer: Answer) -> bool:
        """Whether the client's copy still holds; If-None-Match outranks the date (RFC 9110, 13.1.3)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return answer.etag in {part.strip().removeprefix("W/") for part in tags.split(",")}
        since = _parsed(self.headers.get("If-Modified-Since"))
        return since is not None and answer.modified is not None and answer.modified <= since

    def _note(
        self, status: int | None, came: float, wall: datetime, asked: dict[str, str], sent: int
    ) -> None:
        web, name = self.server.desk.web, self.server.desk.host.name
        web.note(Entry(web.run, name, self.path, status, came, time.monotonic(), wall, asked, sent))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The answer was written down before it was sent."""


class _Server(OutletServer):
    """The demo newsroom's server with another handler."""

    def __init__(self, desk: _Desk, port: int) -> None:
        self.desk = desk
        ThreadingHTTPServer.__init__(self, (desk.host.address, port), _Answering)

    def server_bind(self) -> None:
        """As the newsroom's server, without an outlet."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.desk.host.address, self.server_address[1]


class Web:
    """All hosts, served while the context lasts, each on an address of its own and all on one port."""

    def __init__(self, hosts: Sequence[Host], log: Path | None = None) -> None:
        self.hosts = tuple(hosts)
        self.run = 1  # the crawl under way: hosts change with it, and the log names it
        self.closing = Event()
        self.entries: list[Entry] = []
        self._log = RequestLog(log)
        self._lock = Lock()
        self._servers: list[_Server] = []
        self._threads: list[Thread] = []

    def __enter__(self) -> Self:
        self._servers = self._bound()
        port = self._servers[0].server_port
        for server in self._servers:
            host = server.desk.host
            host.open(f"http://{host.address}:{port}")
            if host.listens:
                thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
                thread.start()
                self._threads.append(thread)
            else:  # bound, so that the port was free, and closed again: connections are refused
                server.server_close()
        return self

    def _bound(self) -> list[_Server]:
        """A server per host, all on one port that is free on every address."""
        for last, host in enumerate(self.hosts, start=1):
            host.address = f"{_NETWORK}.{last}"
        for left in reversed(range(_TRIES)):
            servers: list[_Server] = []
            try:
                for host in self.hosts:
                    servers.append(_Server(_Desk(host, self), servers[0].server_port if servers else 0))
            except OSError as error:
                for server in servers:
                    server.server_close()
                if error.errno != errno.EADDRINUSE or not left:
                    raise
            else:
                return servers
        raise AssertionError("the last try returns or raises")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        for server in self._servers:
            if server.desk.host.listens:
                server.shutdown()
                server.server_close()
        for thread in self._threads:
            thread.join()
        self._log.close()

    def note(self, entry: Entry) -> None:
        """Add a line to the log, in memory and in the file."""
        with self._lock:
            self.entries.append(entry)
        self._log.write(
            {
                "run": entry.run,
                "host": entry.host,
                "path": entry.path,
                "status": entry.status,
                "at": round(entry.at, 4),
                "time": entry.wall.isoformat(timespec="milliseconds"),
                "bytes": entry.sent,
                "headers": {name: entry.headers[name] for name in sorted(entry.headers)},
            }
        )

    def starts(self) -> dict[str, str]:
        """Home page of each host by its name."""
        return {host.name: f"{host.origin}/" for host in self.hosts}
