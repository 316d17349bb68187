"""Downloads as Scrapy does, when there is room for the page.

The guarding resolver must be there, headers are bounded, failures have names.
"""

from __future__ import annotations

from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader import Downloader
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web._newclient import Request as TwistedRequest
from twisted.web.iweb import IResponse

from crawler.backlog import Backlog
from crawler.network.addresses import ForbiddenAddress
from crawler.network.failures import FetchFailed, HeadTooLarge, TlsFailed
from crawler.network.resolver import GuardingResolver
from crawler.network.tls import NamingPolicy

# Chromium's bound; each line counts for 32 bytes more, as in HTTP/2 (RFC 9113, 6.5.2).
MAX_HEAD_BYTES = 256 * 1024
_LINE_OVERHEAD = 32


class GuardedHandler(HTTP11DownloadHandler):
    """Of http and https; raises `ForbiddenAddress` and `FetchFailed` where Scrapy has no name."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._backlog = Backlog.of(crawler)
        self._pool._factory = _BoundedFactory  # noqa: SLF001  # as Scrapy sets its own
        self._contextFactory: Any = NamingPolicy(self._contextFactory)

    async def download_request(self, request: Request) -> Response:
        """As Scrapy's own."""
        resolver = _resolver()
        if await self._backlog.room(request):
            self._begin_anew(request)
        try:
            return await super().download_request(request)
        except CannotResolveHostError:
            parts = urlsplit(request.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            if "proxy" not in request.meta and (why := resolver.why(parts.hostname or "", port)):
                raise why.with_traceback(None) from None
            raise
        except DownloadFailedError as error:
            if named := _named(error):
                raise named.with_traceback(None) from None
            raise

    def _begin_anew(self, request: Request) -> None:
        """The delay of the host goes by when it was asked, not by when it was its turn to be."""
        engine = self._crawler.engine
        assert engine is not None  # it asked for the download
        slot = engine.downloader.slots.get(request.meta.get(Downloader.DOWNLOAD_SLOT, ""))
        if slot is not None:
            slot.lastseen = monotonic()


def _resolver() -> GuardingResolver:
    """The reactor's; without it nothing is fetched."""
    from twisted.internet import reactor  # noqa: PLC0415  # its import installs one

    resolver = reactor.nameResolver
    if not isinstance(resolver, GuardingResolver):
        raise ForbiddenAddress("TWISTED_DNS_RESOLVER is not the guarding resolver")
    return resolver


def _named(error: DownloadFailedError) -> FetchFailed | None:
    """The failure of ours, or of OpenSSL, that Twisted wrapped up."""
    reasons: list[Failure] = getattr(error.__cause__, "reasons", [])
    for reason in reasons:
        if isinstance(reason.value, FetchFailed):
            return reason.value
        if isinstance(reason.value, SSL.Error):
            return TlsFailed(_said(reason.value))
    return None


def _said(error: SSL.Error) -> str:
    """OpenSSL's own words: a list of (library, function, reason)."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return ", ".join(str(entry[-1]) for entry in queue) or "no handshake"


class _BoundedParser(_LenientHTTPClientParser):
    """Gives up where the head of an answer is longer than it may be, 1xx answers before it included."""

    _head_bytes = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802  # Twisted's name
        self._head_bytes += len(line) + _LINE_OVERHEAD
        if self._head_bytes > MAX_HEAD_BYTES:
            self._give_up()
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802  # as above
        self._give_up()

    def _give_up(self) -> None:
        # At once: over TLS the end of a connection is talked about, and the host would go on.
        connection: Any = self.transport
        connection._producer.abortConnection()  # noqa: SLF001  # as Scrapy does
        raise HeadTooLarge


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Has the parser above; set as Scrapy sets its own, since Twisted names the class in its code."""

    def request(self, request: TwistedRequest) -> Deferred[IResponse]:
        answer = super().request(request)
        assert self._parser is not None
        self._parser.__class__ = _BoundedParser
        return answer


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: N802  # as above
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]  # Twisted's
