"""No request leaves for a private address or by another scheme than http and https."""

from __future__ import annotations

import ipaddress
import socket
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest


class ForbiddenAddress(IgnoreRequest):
    """The request's address may not be fetched; the message says why."""


class GuardMiddleware:
    """Refuses private addresses spelled in a URL, in any of their spellings, redirects included."""

    def __init__(self, allowed: str) -> None:
        self._allowed = frozenset(filter(None, (part.strip() for part in allowed.split(","))))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.get("NEWS_ALLOW_PRIVATE") or "")

    def process_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            raise ForbiddenAddress(f"scheme {parts.scheme} is not fetched")
        host = (parts.hostname or "").rstrip(".")
        if is_private(host) and not {host, f"{host}:{parts.port}"} & self._allowed:
            raise ForbiddenAddress(f"{host} is a private address")


def is_private(host: str) -> bool:
    """Whether `host` spells an address that is not on the public internet.

    >>> [is_private(h) for h in ("127.0.0.1", "2130706433", "0x7f.1", "::ffff:10.0.0.1", "example.org")]
    [True, True, True, True, False]
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address is not None and not address.is_global


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:  # decimal, octal, hexadecimal and short spellings, as the C library reads them
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
