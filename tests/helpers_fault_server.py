"""Serves hostile cases on loopback, each on a host of its own: a host in trouble is given up as a whole."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.helpers_clean import paragraphs, story
from tests.hostile.cases import Case, Raw, Where

_NETWORK = "127.0.6"
_MAX_HEAD = 65_536


class FaultServer:
    """One address for each case while the context lasts; `asked` counts the requests by case path.

    A case of `refused` has an address, too, at which nobody listens.
    """

    def __init__(self, cases: Sequence[Case], refused: Sequence[str] = ()) -> None:
        self.asked: Counter[str] = Counter()
        self._desks = {case.path: _Desk(self, case, number) for number, case in enumerate(cases, start=1)}
        self._closed = {path: _closed_port() for path in refused}

    def __enter__(self) -> Self:
        for desk in self._desks.values():
            threading.Thread(target=desk.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for desk in self._desks.values():
            desk.shutdown()
            desk.server_close()

    @property
    def allowed(self) -> str:
        """For NEWS_ALLOW_PRIVATE."""
        return ",".join((*(desk.netloc for desk in self._desks.values()), *self._closed.values()))

    def urls(self) -> dict[str, str]:
        """Addresses by case path."""
        served = {path: desk.where.url for path, desk in self._desks.items()}
        return served | {path: f"http://{netloc}/{path}" for path, netloc in self._closed.items()}

    def texts(self) -> dict[str, str]:
        """The texts of the stories by case path."""
        return {path: desk.where.text for path, desk in self._desks.items()}


class _Desk(socketserver.ThreadingTCPServer):
    """The host of one case."""

    daemon_threads = True
    block_on_close = False  # some are still talking when all is over
    request_queue_size = 16

    def __init__(self, server: FaultServer, case: Case, number: int) -> None:
        super().__init__((f"{_NETWORK}.{number}", 0), _Talk)
        self.asked, self.case = server.asked, case
        host, port = self.server_address[0], self.server_address[1]
        self.netloc = f"{host!s}:{port}"
        origin = f"http://{self.netloc}"
        told = _paragraphs(case.path, number)
        self.where = Where(
            url=f"{origin}/{case.path}",
            origin=origin,
            canary="",
            port=int(port),
            page=story(f"New park number {number} opens on the quay", paragraphs(*told)),
            text="\n\n".join(told),
        )
        self.served = case.served(self.where)  # bombs are made before anybody waits for them

    def handle_error(self, request: object, client_address: object) -> None:
        """The crawler hung up, which is what most of these are for."""


class _Talk(socketserver.BaseRequestHandler):
    """One request on a connection, and what the case answers."""

    server: _Desk
    request: socket.socket

    def handle(self) -> None:
        path = self._asked()
        case, where = self.server.case, self.server.where
        if path is None:
            return
        if path != f"/{case.path}":
            self.request.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        self.server.asked[case.path] += 1
        served = self.server.served
        with suppress(OSError):
            if isinstance(served, Raw):
                served.talk(self.request)
            else:
                self.request.sendall(_answer(case, where, served))

    def _asked(self) -> str | None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
            more = self.request.recv(_MAX_HEAD)
            if not more:
                return None
            head += more
        return head.split(b" ")[1].decode("latin-1")


def _answer(case: Case, where: Where, body: bytes) -> bytes:
    headers = (*case.filled(where), ("Content-Length", str(len(body))), ("Connection", "close"))
    lines = (f"HTTP/1.1 {case.status} Whatever", *(f"{name}: {value}" for name, value in headers))
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\n" + body


def _paragraphs(name: str, number: int) -> tuple[str, ...]:
    """A story of its own: no page of another case says the same."""
    return (
        f"The council of the harbour town said on Monday that park number {number} will open next spring.",
        f"Work on quay {name} began {number} years ago and cost {number + 2} million dollars, half of it.",
        f"Residents of house {number * 7} asked for shade, benches and a path for bicycles beside {name}.",
        f"The first {number * 3} trees were planted in January, and a nursery promised {number * 11} more.",
    )


def _closed_port() -> str:
    """A host and port where nobody listens; bound once, so that it was free."""
    with socket.socket() as probe:
        probe.bind((f"{_NETWORK}.250", 0))
        host, port = probe.getsockname()
        return f"{host}:{port}"
