"""Serves the newsroom over real sockets: one server per outlet, all on the same port."""

from __future__ import annotations

import errno
import json
import socket
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from demo.content import CONTENT, load
from demo.model import Outlet
from demo.pages import Page, Site

_TRIES = 50


class PortBusyError(OSError):
    """The port cannot be had on one of the outlets' addresses."""


class RequestLog:
    """One JSON line per request; shared by all outlets, hence the lock."""

    def __init__(self, file: Path | None) -> None:
        self._lock = threading.Lock()
        self._stream: TextIO | None = None
        if file is not None:
            self._stream = file.open("a", encoding="utf-8", buffering=1, newline="\n")

    def write(self, record: dict[str, object]) -> None:
        """Append a record; nothing happens without a file or after closing."""
        line = json.dumps(record, ensure_ascii=False)
        with self._lock:
            if self._stream is not None:
                self._stream.write(line + "\n")

    def close(self) -> None:
        """Close the file; late requests are dropped rather than raise."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None


class OutletServer(ThreadingHTTPServer):
    """The server of one outlet; its site is set once the common port is known."""

    daemon_threads = True
    request_queue_size = 128
    site: Site

    def __init__(self, outlet: Outlet, port: int, log: RequestLog) -> None:
        self.outlet = outlet
        self.log = log
        super().__init__((outlet.address, port), Handler)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of a host name, which may ask the network."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.outlet.address, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no event worth a traceback."""


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD from the site's pages, with validators and keep-alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: OutletServer

    def version_string(self) -> str:
        """Name no Python version, so that headers are the same everywhere."""
        return "newsroom"

    def do_GET(self) -> None:
        """Send the page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send the page's headers alone."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        page = self.server.site.page(self.path)
        tag = f'"{sha256(page.body).hexdigest()[:20]}"'
        if page.status == 200 and self._is_fresh(tag, page.modified):
            self.send_response(304)
            self._send_validators(page, tag)
            self.end_headers()
            return
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        if page.location is not None:
            self.send_header("Location", page.location)
        if page.status == 200:
            self._send_validators(page, tag)
        self.end_headers()
        if with_body:
            self.wfile.write(page.body)

    def _send_validators(self, page: Page, tag: str) -> None:
        self.send_header("ETag", tag)
        modified = format_datetime(page.modified.astimezone(UTC), usegmt=True)
        self.send_header("Last-Modified", modified)

    def _is_fresh(self, tag: str, modified: datetime) -> bool:
        """Whether the client's copy still holds; If-None-Match outranks the date (RFC 9110)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            known = {part.strip().removeprefix("W/") for part in tags.split(",")}
            return tag in known or "*" in known
        since = _parsed(self.headers.get("If-Modified-Since"))
        return since is not None and modified.replace(microsecond=0) <= since

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002  the base class calls it so
        """Write the request to the newsroom's log instead of standard error."""
        headers = getattr(self, "headers", None)
        get = headers.get if headers is not None else dict[str, str]().get
        self.server.log.write(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "address": self.server.outlet.address,
                "method": self.command,
                "path": getattr(self, "path", None),
                "status": int(code),
                "user_agent": get("User-Agent"),
                "if_none_match": get("If-None-Match"),
                "if_modified_since": get("If-Modified-Since"),
            }
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        """Keep standard error for faults of the newsroom itself."""


def _parsed(value: str | None) -> datetime | None:
    """An HTTP date, or None for one that is absent or malformed, which counts as absent."""
    try:
        moment = parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def bind_all(outlets: Sequence[Outlet], port: int, log: RequestLog) -> list[OutletServer]:
    """Bind every outlet to one port; with port 0, to a port that is free on all addresses."""
    for left in reversed(range(_TRIES if port == 0 else 1)):
        servers: list[OutletServer] = []
        chosen = port
        try:
            for outlet in outlets:
                servers.append(OutletServer(outlet, chosen, log))
                chosen = servers[0].server_port
        except OSError as error:
            for server in servers:
                server.server_close()
            if left == 0 or error.errno != errno.EADDRINUSE:
                reason = error.strerror or str(error)
                message = f"cannot listen on {outlet.address}:{chosen}: {reason}"
                raise PortBusyError(message) from error
        else:
            return servers
    raise PortBusyError("no port is free on all addresses")


class Newsroom:
    """All outlets, served while the context lasts; port 0 stands for any free port."""

    def __init__(self, port: int = 0, log: Path | None = None, content: Path = CONTENT) -> None:
        self.port = port
        self.outlets = load(content)
        self._log_file = log
        self._log = RequestLog(None)
        self._servers: list[OutletServer] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def starts(self) -> dict[str, str]:
        """Home page of each outlet by its name."""
        return {outlet.name: outlet.start(self.port) for outlet in self.outlets}

    def start(self) -> None:
        """Listen on all addresses and answer from background threads."""
        self._log = RequestLog(self._log_file)
        try:
            self._servers = bind_all(self.outlets, self.port, self._log)
        except OSError:
            self._log.close()
            raise
        self.port = self._servers[0].server_port
        for server in self._servers:
            server.site = Site(server.outlet, self.port)
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Close all sockets; connections that are kept alive end with their threads."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._servers, self._threads = [], []
        self._log.close()
