"""Requests to a host that asked for a pause, that is dead or that had its share do not leave.

Nearer to the network than Scrapy's retries: an answer is understood before it could be asked for again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from scrapy import Request, signals
from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.python.failure import Failure

from crawler.middlewares.robots import ROBOTS_BYTES
from crawler.network.addresses import PrivateName
from crawler.network.failures import FetchFailed
from crawler.politeness.answers import retry_after
from crawler.politeness.hosts import Refusal
from crawler.politeness.politeness import Politeness, host_of
from crawler.politeness.refusals import HostUnavailable

# What is the host's fault, as Scrapy names it; the last three are what it leaves as it is.
_FAILURES = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    FetchFailed,
    ResponseDataLossError,
    ConnectError,
    ConnectionClosed,
    OSError,
)
_ASKS_FOR_A_PAUSE = (429, 503)


class PolitenessMiddleware:
    """Feeds what happens to a host into `Politeness`, and refuses what that refuses."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._politeness = Politeness.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        # The one moment between an answer and the next request of the slot.
        crawler.signals.connect(middleware.response_downloaded, signal=signals.response_downloaded)
        return middleware

    def process_request(self, request: Request) -> None:
        host = host_of(request.url)
        if refusal := self._politeness.admit(host, counted=_is_counted(request)):
            raise HostUnavailable(host, refusal.reason, refusal.seconds)
        # A redirect to another host keeps the slot, and with it the pace, of the first one.
        request.meta[Downloader.DOWNLOAD_SLOT] = host

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Learn from the answer, and take back what waits for a host that wants a pause."""
        host = host_of(request.url)
        said = response.headers.get("Retry-After")
        pause = retry_after(said.decode("latin-1") if said else None, datetime.now(UTC))
        latency = request.meta.get("download_latency")
        self._take_back(host, self._politeness.answered(host, response.status, latency, pause))

    def process_response(self, request: Request, response: Response) -> Response:
        """An answer that asks for a pause says nothing about the page; it is not retried at once."""
        host = host_of(request.url)
        if response.status in _ASKS_FOR_A_PAUSE and (pause := self._politeness.pause(host)):
            raise HostUnavailable(host, pause.reason, pause.seconds, status=response.status)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = host_of(request.url)
        if isinstance(exception, _FAILURES):
            self._take_back(host, self._politeness.failed(host))
        elif isinstance(exception, PrivateName) or not isinstance(exception, IgnoreRequest):
            # Any other of these was raised before the request left.
            self._politeness.ended(host)

    def _take_back(self, host: str, refusal: Refusal | None) -> None:
        """Requests that Scrapy has queued for the host go back to where they came from."""
        if refusal is None:
            return
        for request, waiting in self._politeness.queued(host):
            self._politeness.turned_away(host, counted=_is_counted(request))
            refused = HostUnavailable(host, refusal.reason, refusal.seconds)
            waiting.errback(Failure(refused))  # type: ignore[no-untyped-call]  # Twisted leaves it unannotated


def _is_counted(request: Request) -> bool:
    """robots.txt is asked for whatever the budget is."""
    return ROBOTS_BYTES not in request.meta
