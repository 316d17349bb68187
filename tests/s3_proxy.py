"""Between a client and the S3 server: passes requests on; to chosen ones does what networks and stores do."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

CONDITIONS = ("if-match", "if-none-match")
# What the store answers instead of doing it: status and code.
ANSWERS = {
    "error": (500, "InternalError"),
    "slow": (503, "SlowDown"),
    "denied": (403, "AccessDenied"),
    "unknown": (501, "NotImplemented"),
}
# "cut": the connection ends in the middle of the request; "drop": the store does it, the answer is lost;
# "short": the answer is cut; "hold": the store does it at `Proxy.release`, whoever still waits for it.
KINDS = ("error", "slow", "cut", "drop")


@dataclass(frozen=True)
class Asked:
    number: int
    method: str
    path: str
    conditions: bool


@dataclass
class Proxy:
    """`fault` names the kind of each request's accident; `after` is called when the store has done one."""

    upstream: int
    fault: Callable[[Asked], str | None] = lambda asked: None
    after: Callable[[], None] = lambda: None
    strip: bool = False  # the store never sees conditions, and so ignores them
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    holding: Event = field(default_factory=Event)
    release: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def note(self, method: str, path: str, conditions: bool) -> tuple[Asked, str | None]:
        with self._lock:
            asked = Asked(len(self.asked), method, path, conditions)
            self.asked.append(asked)
        return asked, self.fault(asked)

    def restart(self) -> None:
        """As new, and the store is well."""
        self.fault, self.after, self.strip = lambda asked: None, lambda: None, False
        self.asked.clear()
        for event in (self.holding, self.release, self.released):
            event.clear()

    @contextmanager
    def serving(self) -> Iterator[Proxy]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        server.daemon_threads = True
        self.port = server.server_address[1]
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one packet

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
        """No log."""

    def handle_expect_100(self) -> bool:
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def _pass_on(self) -> None:
        conditions = any(name in self.headers for name in CONDITIONS) and self.command == "PUT"
        _, fault = self.proxy.note(self.command, self.path, conditions)
        length = int(self.headers.get("content-length") or 0)
        if fault == "cut":
            self.rfile.read(length // 2)
            return self._hang_up()
        body = self.rfile.read(length)
        if fault in ANSWERS:
            status, code = ANSWERS[fault]
            return self._answer(status, {}, f"<Error><Code>{code}</Code></Error>".encode())
        if fault == "hold":
            self.proxy.holding.set()
            self.proxy.release.wait(60)
        done = self._ask(body)
        self.proxy.after()
        if fault == "hold":
            self.proxy.released.set()
        if fault in ("drop", "hold"):
            return self._hang_up()
        if fault == "short":
            return self._answer(*done, cut=True)
        return self._answer(*done)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815  their names there

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers.pop("expect", None)
        if self.proxy.strip and self.command == "PUT":
            headers = {name: value for name, value in headers.items() if name not in CONDITIONS}
        store = http.client.HTTPConnection("127.0.0.1", self.proxy.upstream, timeout=60)
        try:
            store.request(self.command, self.path, body, headers)
            answer = store.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            store.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        own = next((value for name, value in headers.items() if name.lower() == "content-length"), None)
        self.send_header("Content-Length", own if own and self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()
        if cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
