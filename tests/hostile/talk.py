"""What servers do on the bare connection."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

from tests.hostile.cases import Raw, Where

# Longer than a crawl under test waits for anything.
_PATIENCE = 120.0
_DRIP = 0.5


def says(make: Callable[[Where], bytes], *, reset: bool = False) -> Callable[[Where], Raw]:
    """An answer written as it is; the connection is closed behind it, with RST if so asked."""

    def at(where: Where) -> Raw:
        def talk(connection: socket.socket) -> None:
            connection.sendall(make(where))
            if reset:
                time.sleep(0.2)  # what was sent should have been read: RST throws away what was not
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

        return Raw(talk)

    return at


def drips(first: bytes, drop: bytes) -> Callable[[Where], Raw]:
    """A beginning, and then a drop now and then."""

    def at(where: Where) -> Raw:
        def talk(connection: socket.socket) -> None:
            connection.sendall(first)
            end = time.monotonic() + _PATIENCE
            while time.monotonic() < end:
                time.sleep(_DRIP)
                connection.sendall(drop)

        return Raw(talk)

    return at


def floods(head: bytes, piece: bytes, times: int) -> Callable[[Where], Raw]:
    """A beginning, and then the same piece so often."""

    def at(where: Where) -> Raw:
        def talk(connection: socket.socket) -> None:
            connection.sendall(head)
            for _ in range(times):
                connection.sendall(piece)

        return Raw(talk)

    return at


def _is_silent(connection: socket.socket) -> None:
    """Until the other side has had enough, or we have."""
    connection.settimeout(_PATIENCE)
    connection.recv(1)


silence = Raw(_is_silent)


def page_of(where: Where) -> bytes:
    """The page of the place's story."""
    return where.page.encode()
