"""The resolver of every connection that Twisted makes: it gives private addresses to nobody.

The endpoint connects to what it is given here and asks nobody else: there is no lookup between the check and
the connection, and a second answer of the DNS counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.utils.datatypes import LocalCache
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution
from zope.interface import implementer  # type: ignore[import-untyped]  # it has no stubs

from crawler.network.addresses import AllowList, ForbiddenAddress, permitted
from crawler.network.failures import FetchFailed, NoSuchName
from crawler.network.names import KEPT_SECONDS, Names, ascii_name
from crawler.network.proxies import operators_proxies

_KINDS = (IPv4Address, IPv6Address)


@implementer(IHostnameResolver)
class GuardingResolver:
    """TWISTED_DNS_RESOLVER; also tells why a name led nowhere, for which Twisted has no way."""

    def __init__(self, reactor: Any, allowed: AllowList, names: Names, kept: int) -> None:
        self._reactor = reactor
        self._allowed = allowed
        self._names = names
        self._proxies = operators_proxies()
        self._failures: LocalCache[tuple[str, int], ForbiddenAddress | FetchFailed] = LocalCache(kept)

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        settings = crawler.settings
        kept = settings.getint("DNSCACHE_SIZE")
        seconds = KEPT_SECONDS if settings.getbool("DNSCACHE_ENABLED") else 0.0
        threads = settings.getint("CONCURRENT_REQUESTS")
        names = Names(settings.getfloat("DNS_TIMEOUT"), threads, kept, seconds)
        return cls(reactor, AllowList(settings.get("NEWS_ALLOW_PRIVATE") or ""), names, kept)

    def install_on_reactor(self) -> None:
        """As Scrapy asks for it."""
        self._reactor.installNameResolver(self)

    def why(self, host: str, port: int) -> ForbiddenAddress | FetchFailed | None:
        """Why the last lookup for a connection to `host` and `port` gave no address."""
        return self._failures.get((ascii_name(host), port))

    def resolveHostName(  # noqa: N802  # Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803  # as above
        hostName: str,  # noqa: N803  Twisted's
        portNumber: int = 0,  # noqa: N803  Twisted's
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803  Twisted's
        transportSemantics: str = "TCP",  # noqa: N803  Twisted's
    ) -> _Resolution:
        """Tell every address that may be connected to; `portNumber` is 0 for the tunnel of a proxy."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        kinds = tuple(addressTypes or _KINDS)
        deferred_from_coro(self._tell(resolutionReceiver, ascii_name(hostName), portNumber, kinds))
        return resolution

    async def _tell(self, receiver: Any, host: str, port: int, kinds: tuple[type[IAddress], ...]) -> None:
        self._failures.pop((host, port), None)
        try:
            found = self._passed(host, port, await self._names.addresses(host))
        except (ForbiddenAddress, FetchFailed) as error:
            self._failures[host, port] = error
            found = []
        for text in found:
            address = (IPv6Address if ":" in text else IPv4Address)("TCP", text, port)
            if isinstance(address, kinds):
                receiver.addressResolved(address)
        receiver.resolutionComplete()

    def _passed(self, host: str, port: int, addresses: Sequence[str]) -> list[str]:
        if self._is_proxy(host.rstrip("."), port):
            return list(addresses)
        if not (passed := permitted(host.rstrip("."), port, addresses, self._allowed)):
            raise NoSuchName
        return passed

    def _is_proxy(self, host: str, port: int) -> bool:
        """The guard refuses pages at the proxy's own place, so this connection is for the proxy."""
        return any(host == name and port in (number, 0) for name, number in self._proxies)


@implementer(IHostResolution)
class _Resolution:
    """A lookup under way; nobody cancels it, the request's own time limit ends the waiting."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Not supported by Twisted's own either."""
        raise NotImplementedError
