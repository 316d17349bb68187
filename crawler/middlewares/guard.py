"""No request leaves for a private address or by another scheme than http and https."""

from __future__ import annotations

import ipaddress
import socket
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

# NAT64 and IPv4-compatible addresses.
_IPV4_AT_THE_END = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


class ForbiddenAddress(IgnoreRequest):
    """The request's address may not be fetched; the message says why."""


class AllowList:
    """NEWS_ALLOW_PRIVATE: hosts, with or without a port, that may be asked although they are private.

    >>> AllowList("127.0.0.2, [::1]:80").covers("::1", 80), AllowList("127.0.0.2:81").covers("127.0.0.2", 80)
    (True, False)
    """

    def __init__(self, text: str) -> None:
        self._allowed = frozenset(filter(None, (part.strip().lower() for part in text.split(","))))

    def covers(self, host: str, port: int) -> bool:
        """Whether `host` (an IPv6 address without brackets) may be asked at `port`."""
        shown = f"[{host}]" if ":" in host else host
        return bool({host, shown, f"{shown}:{port}"} & self._allowed)


class GuardMiddleware:
    """Refuses private addresses spelled in a URL, in any of their spellings, redirects included."""

    def __init__(self, allowed: str) -> None:
        self._allowed = AllowList(allowed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.get("NEWS_ALLOW_PRIVATE") or "")

    def process_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            raise ForbiddenAddress(f"scheme {parts.scheme} is not fetched")
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if is_private(host) and not self._allowed.covers(host, port):
            raise ForbiddenAddress(f"{host} is a private address")


def is_private(host: str) -> bool:
    """Whether `host` spells an address that is not on the public internet.

    >>> [is_private(h) for h in ("127.0.0.1", "2130706433", "0x7f.1", "::ffff:10.0.0.1", "example.org")]
    [True, True, True, True, False]
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address):
        address = _embedded(address) or address
    return address is not None and (not address.is_global or address.is_multicast)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a mapped, 6to4, NAT64 (RFC 6052) or compatible (RFC 4291) one leads to."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if any(address in network for network in _IPV4_AT_THE_END):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:  # decimal, octal, hexadecimal and short spellings, as the C library reads them
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
