"""How a URL ended that gave no page: the state and the reason that the ledger keeps."""

from __future__ import annotations

from enum import StrEnum

from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet.error import ConnectError, ConnectionClosed, TCPTimedOutError

from crawler.network.failures import FetchFailed, RedirectRefused
from pipelines.records import State
from pipelines.unpacking import TransferFailed

_GONE = (404, 410)


class WhyFailed(StrEnum):
    """Reasons of the state `failed`, beside those of `crawler.network.failures` and `http_` with a status."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    CONNECTION_LOST = "connection_lost"
    DATA_LOSS = "data_loss"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    BAD_CONTENT_ENCODING = "bad_content_encoding"
    TOO_LARGE = "too_large"


# The first that fits.
_NAMED: tuple[tuple[type[BaseException], WhyFailed], ...] = (
    (DownloadConnectionRefusedError, WhyFailed.REFUSED),
    (DownloadTimeoutError, WhyFailed.TIMEOUT),
    (TCPTimedOutError, WhyFailed.TIMEOUT),
    (ResponseDataLossError, WhyFailed.DATA_LOSS),
    (DownloadCancelledError, WhyFailed.TOO_LARGE),  # Scrapy gives up a download for nothing else
    (DownloadFailedError, WhyFailed.CONNECTION_LOST),
    (ConnectionClosed, WhyFailed.CONNECTION_LOST),
    (ConnectError, WhyFailed.UNREACHABLE),
)


def end_of(error: BaseException | None) -> tuple[State, str]:
    """State and reason; an error that nobody foresaw is named by its class."""
    if isinstance(error, HttpError):
        status = error.response.status
        return (State.GONE if status in _GONE else State.FAILED), f"http_{status}"
    if isinstance(error, FetchFailed | RedirectRefused):
        return State.FAILED, str(error)
    if isinstance(error, IgnoreRequest):
        return State.FORBIDDEN, str(error) or "forbidden"
    if isinstance(error, TransferFailed):
        return State.FAILED, WhyFailed(error.reason)
    named = (reason for kind, reason in _NAMED if isinstance(error, kind))
    return State.FAILED, next(named, type(error).__name__)
