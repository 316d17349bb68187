"""Requests that left and gave no page, under the names they have in the ledger: `str()` is the reason."""

from __future__ import annotations

from scrapy.exceptions import CannotResolveHostError, IgnoreRequest


class FetchFailed(Exception):
    """The host's fault; asking once more at once would end the same."""


class TlsFailed(FetchFailed):
    """The host is not proved to be the one that was asked for."""

    def __init__(self, why: str) -> None:
        super().__init__(f"tls: {why}")


class HeadTooLarge(FetchFailed):
    """The headers of the answer are longer than a browser reads."""

    def __init__(self) -> None:
        super().__init__("head_too_large")


class NoSuchName(FetchFailed):
    """The DNS says that there is no such host, or none with an address."""

    def __init__(self) -> None:
        super().__init__("dns: no such name")


class NoNameAnswer(FetchFailed, CannotResolveHostError):
    """The DNS did not answer, or not in time. Scrapy's class makes that one be retried at once."""

    def __init__(self) -> None:
        super().__init__("dns: no answer")


class RedirectRefused(IgnoreRequest):
    """A redirect that is not followed: `redirect_loop`, `bad_scheme` or `bad_redirect`."""
