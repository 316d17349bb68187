"""The proxy on loopback that all traffic of the browser passes: private addresses are refused at connect.

Asking the browser what it is about to fetch is not enough: redirects, workers and new windows are not asked
about, and a name says nothing about the address it leads to.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit

from crawler.network.addresses import AllowList, ForbiddenAddress, is_private, permitted
from crawler.network.failures import FetchFailed
from crawler.network.names import Names
from crawler.network.proxies import proxy_for

logger = logging.getLogger(__name__)

# The head of a request, and what one connection may bring: scripts of a page have a few MiB.
_MAX_HEAD_BYTES = 64 * 1024
_MAX_CONNECTION_BYTES = 64 * 1024 * 1024
_HEAD_SECONDS = 30
_CONNECT_SECONDS = 15
_CHUNK_BYTES = 64 * 1024
# Lookups at a time, and answers that are remembered: pages ask for scripts of many hosts.
_LOOKUPS, _NAMES_KEPT = 64, 1_000
# About the connection to us, not about the request.
_HOP_HEADERS = (b"connection:", b"proxy-connection:", b"proxy-authorization:")


class Gate:
    """An HTTP proxy; `allowed` are the hosts (or host:port) on private addresses that may be asked."""

    def __init__(self, allowed: str, names: Names | None = None) -> None:
        self._allowed = AllowList(allowed)
        self._names = names or Names(_CONNECT_SECONDS, _LOOKUPS, _NAMES_KEPT)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.refused = 0

    async def open(self) -> str:
        """Listen; the address that the browser is told."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_MAX_HEAD_BYTES)
        return "http://127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())

    async def close(self) -> None:
        """Stop listening and end what is open."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._pass_on(reader, writer)
        except ForbiddenAddress as refusal:  # no answer: the browser would take one for the host's
            self.refused += 1
            logger.debug("refused: %s", refusal)
        except (OSError, ValueError, EOFError, FetchFailed, asyncio.LimitOverrunError) as error:
            logger.debug("connection lost: %s", error)
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        method, target, *_ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        tunnel = method == "CONNECT"
        place = urlsplit(f"//{target}" if tunnel else target)
        if not tunnel and place.scheme != "http":
            raise ForbiddenAddress(f"scheme {place.scheme} is not fetched")
        proxy = proxy_for("https" if tunnel else "http", place.hostname or "")
        there, out = await self._connect(place, 443 if tunnel else 80, proxy)
        try:
            if tunnel and proxy is None:
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                out.write(_head(head, place, proxy, tunnel=tunnel))
            await _both_ways((reader, out), (there, writer))
        finally:
            out.close()

    async def _connect(
        self, place: SplitResult, port: int, proxy: SplitResult | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = (place.hostname or "").rstrip("."), place.port or port
        if is_private(host) and not self._allowed.covers(host, port):
            raise ForbiddenAddress(f"{host} is a private address")
        async with asyncio.timeout(_CONNECT_SECONDS):
            if proxy is not None:  # the operator's own: names are looked up there
                return await asyncio.open_connection(proxy.hostname, proxy.port or 80)
            return await self._direct(host, port)

    async def _direct(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the very address that was looked at: a second answer of the DNS counts for nothing."""
        failed: OSError | None = None
        for address in permitted(host, port, await self._names.addresses(host), self._allowed):
            try:
                return await asyncio.open_connection(address, port)
            except OSError as error:
                failed = error
        raise failed or OSError(f"{host} has no address")


def _head(head: bytes, place: SplitResult, proxy: SplitResult | None, *, tunnel: bool) -> bytes:
    """The request's head as the next hop wants it; plain requests have a connection each."""
    first, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    fields = [field for field in fields if not field.lower().startswith(_HOP_HEADERS)]
    if proxy is None:
        method, _, version = first.split(b" ")
        path = place._replace(scheme="", netloc="", fragment="").geturl() or "/"
        first = b" ".join([method, path.encode("ascii"), version])
    elif proxy.username is not None:
        secret = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
        fields.append(b"Proxy-Authorization: Basic " + base64.b64encode(secret))
    if not tunnel:
        fields.append(b"Connection: close")
    return b"\r\n".join([first, *fields, b"", b""])


async def _both_ways(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Pass bytes on until both ends have closed or one connection brought too much."""
    async with asyncio.TaskGroup() as group:
        for reader, writer in ways:
            group.create_task(_pipe(reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    left = _MAX_CONNECTION_BYTES
    with suppress(OSError):
        while left > 0 and (data := await reader.read(_CHUNK_BYTES)):
            writer.write(data)
            await writer.drain()
            left -= len(data)
    writer.close()
