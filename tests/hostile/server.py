"""A loopback web that may misbehave: many addresses on one port, and servers that nobody may ask.

It writes down who was asked for what; that log, and not what a crawler says of itself, tells where it went.
"""

from __future__ import annotations

import os
import selectors
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Event, Lock, Thread, get_native_id
from types import TracebackType
from typing import Any, Self

from tests.hostile.cases import Headers, Raw

_TRIES = 50
_BACKLOG = 128
_NICENESS = 15
# Where the servers stand that nobody may ask; in all spellings that `wires.PRIVATE` has.
CANARY = "127.0.9.9"
# All of the network's addresses but this are taken in their order.
NETWORK = "127.0.6"
FIRST = f"{NETWORK}.1"
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host says; without a type of its own a body is served as it is."""

    body: bytes | Raw
    headers: Headers = ()
    status: int = 200


Respond = Callable[[str], Answer]


class _Talk(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server: Any

    def do_GET(self) -> None:
        address = self.connection.getsockname()[0]
        self.server.note(address, self.path)
        answer: Answer = self.server.hosts[address](self.path)
        if isinstance(answer.body, Raw):
            self.close_connection = True
            answer.body.talk(self.connection)
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value.encode().decode("latin-1"))  # any letters, as bytes
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's name
        """The web has a log of its own."""


class HostileWeb:
    """Serves `hosts` (address -> what it answers to a path) while the context lasts, all on `port`.

    `asked` counts requests by address and path, `canaries` the connections to servers that nobody may ask:
    one on the web's port at an address of its own and one at the first host's address, on `other_port`.
    """

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self.hosts: Mapping[str, Respond] = {}
        self.asked: Counter[tuple[str, str]] = Counter()
        self.canaries: list[str] = []
        self.port = self.other_port = 0
        self._lock, self._closing = Lock(), Event()
        self._listeners: dict[socket.socket, bool] = {}  # whether it is a canary

    def __enter__(self) -> Self:
        for left in reversed(range(_TRIES)):
            try:
                self._listen()
                break
            except OSError:
                self._close()
                if not left:
                    raise
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def _listen(self) -> None:
        self.port = 0
        for address in (CANARY, *self.addresses):
            self.port = self._bind(address, self.port, canary=address == CANARY)
        self.other_port = self._bind(self.addresses[0], 0, canary=True)
        if socket.has_ipv6:
            try:
                self._bind("::1", self.port, canary=True)
            except OSError:  # a machine without it needs no guard
                return

    def _bind(self, address: str, port: int, *, canary: bool) -> int:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listeners[listener] = canary
        listener.bind((address, port))
        listener.listen(_BACKLOG)
        bound: int = listener.getsockname()[1]
        return bound

    def _accept(self) -> None:
        # Other machines take none of the crawler's time; threads that are begun here are no more urgent.
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICENESS)
        with selectors.DefaultSelector() as selector:
            for listener in self._listeners:
                selector.register(listener, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in selector.select(_LOOK_SECONDS):
                    listener = key.fileobj
                    assert isinstance(listener, socket.socket)  # we registered it
                    connection, peer = listener.accept()
                    Thread(
                        target=self._serve, args=(connection, peer, self._listeners[listener]), daemon=True
                    ).start()

    def _serve(self, connection: socket.socket, peer: Any, canary: bool) -> None:
        with connection:
            if canary:
                self.canaries.append(f"{connection.getsockname()} from {peer}")
                return
            try:
                _Talk(connection, peer, self)  # type: ignore[arg-type]  # it reads no more than we have
            except OSError:  # the crawler cut it, as it should
                return

    def note(self, address: str, path: str) -> None:
        """One more request has come."""
        with self._lock:
            self.asked[address, path] += 1

    def requests(self, address: str) -> int:
        """How often a host was asked, robots.txt included."""
        return sum(times for (there, _), times in self.asked.items() if there == address)

    def _close(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._thread.join()
        self._close()
