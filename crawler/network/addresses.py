"""Which addresses are not on the public internet, and which of them may be asked nevertheless.

One rule for all who connect: the guard reads it off a URL, the resolver and the browser's gate apply it to
the very addresses that are connected to.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from scrapy.exceptions import IgnoreRequest

# NAT64 and IPv4-compatible addresses.
_IPV4_AT_THE_END = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


class ForbiddenAddress(IgnoreRequest):
    """The request's address may not be fetched; the message says why."""


class PrivateName(ForbiddenAddress):
    """`host` is a name all of whose addresses are private, which is known only where one connects."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} leads to the private address {address}")
        self.host = host


class AllowList:
    """NEWS_ALLOW_PRIVATE: hosts, with or without a port, that may be asked although they are private.

    >>> AllowList("127.0.0.2, [::1]:80").covers("::1", 80), AllowList("127.0.0.2:81").covers("127.0.0.2", 80)
    (True, False)
    """

    def __init__(self, text: str) -> None:
        self._allowed = frozenset(filter(None, (part.strip().lower() for part in text.split(","))))

    def covers(self, host: str, port: int) -> bool:
        """Whether `host` (a name or an address, IPv6 without brackets) may be asked at `port`."""
        shown = f"[{host}]" if ":" in host else host
        return bool({host, shown, f"{shown}:{port}"} & self._allowed)


def permitted(host: str, port: int, addresses: Iterable[str], allowed: AllowList) -> list[str]:
    """Those of the addresses of `host` that may be connected to; raises `PrivateName` when none may.

    >>> permitted("a.test", 80, ["10.0.0.1", "9.9.9.9"], AllowList(""))
    ['9.9.9.9']
    """
    found = list(addresses)
    if allowed.covers(host, port):
        return found
    passed = [each for each in found if not is_private(each) or allowed.covers(each, port)]
    if found and not passed:
        raise PrivateName(host, found[0])
    return passed


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
