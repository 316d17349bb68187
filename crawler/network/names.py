"""Looks names up: in threads of its own, with a time limit, and each name once at a time.

A host whose DNS is slow holds up nobody else: a lookup that is given up goes on in its thread until the C
library is tired of it, and whoever asks for the name meanwhile waits for that one.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from threading import Thread
from typing import Any, TypeAlias

from scrapy.utils.datatypes import LocalCache
from twisted.internet._idna import _idnaBytes
from twisted.python.threadpool import ThreadPool

from crawler.network.failures import FetchFailed, NoNameAnswer, NoSuchName

Addresses: TypeAlias = tuple[str, ...]

# The C library does not tell for how long an answer holds; what it says is checked at each connection.
KEPT_SECONDS = 300.0
_UNKNOWN = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class _DaemonThread(Thread):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more, daemon=True)


class Names:
    """`seconds` a lookup may take, `threads` at most; `kept` answers, each for `kept_seconds`."""

    def __init__(self, seconds: float, threads: int, kept: int, kept_seconds: float = KEPT_SECONDS) -> None:
        self._seconds = seconds
        self._kept_seconds = kept_seconds
        self._known: LocalCache[str, tuple[float, Addresses]] = LocalCache(kept)
        self._running: dict[str, asyncio.Future[Addresses | FetchFailed]] = {}
        self._pool = ThreadPool(0, threads, "names")
        # A lookup that nobody waits for any longer does not keep the process from ending.
        self._pool.threadFactory = _DaemonThread
        self._pool.start()

    async def addresses(self, host: str) -> Addresses:
        """IPv4 and IPv6 addresses of `host` in the system's order; raises `NoSuchName`, `NoNameAnswer`."""
        until, known = self._known.get(host, (0.0, ()))
        if time.monotonic() < until:
            return known
        try:
            async with asyncio.timeout(self._seconds):
                found = await asyncio.shield(self._running.get(host) or self._ask(host))
        except TimeoutError:
            raise NoNameAnswer from None
        if isinstance(found, FetchFailed):
            raise type(found)
        return found

    def _ask(self, host: str) -> asyncio.Future[Addresses | FetchFailed]:
        loop = asyncio.get_running_loop()
        future = self._running[host] = loop.create_future()

        def tell(_success: bool, found: Addresses | FetchFailed) -> None:
            with suppress(RuntimeError):  # the run is over
                loop.call_soon_threadsafe(self._answered, host, future, found)

        self._pool.callInThreadWithCallback(tell, _looked_up, host)
        return future

    def _answered(
        self, host: str, future: asyncio.Future[Addresses | FetchFailed], found: Addresses | FetchFailed
    ) -> None:
        del self._running[host]
        if not isinstance(found, FetchFailed):
            self._known[host] = (time.monotonic() + self._kept_seconds, found)
        if not future.done():
            future.set_result(found)


def _looked_up(host: str) -> Addresses | FetchFailed:
    """Runs in a thread; returns what went wrong, since nobody may be left to be told."""
    try:
        # No address of a family that this machine does not have.
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except socket.gaierror as error:
        return NoSuchName() if error.errno in _UNKNOWN else NoNameAnswer()
    except (OSError, ValueError):  # a name that cannot be one
        return NoSuchName()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def ascii_name(host: str) -> str:
    """The name as the DNS has it: Python's own encoding follows the rules of 2003, which name other hosts.

    >>> ascii_name("straße.example"), ascii_name("Paper.example")
    ('xn--strae-oqa.example', 'paper.example')
    """
    if host.isascii():
        return host.lower()
    try:
        return _idnaBytes(host).decode("ascii")
    except UnicodeError:  # names with emoji, as Scrapy takes them
        return host.encode("idna").decode("ascii")
