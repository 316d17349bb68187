"""No request leaves for a private address or by another scheme than http and https."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.network.addresses import AllowList, ForbiddenAddress, is_private
from crawler.network.proxies import operators_proxies


class GuardMiddleware:
    """Refuses what a URL says of itself: private addresses in any spelling, redirects included.

    Names are looked at where they are looked up (`crawler.network.resolver`).
    """

    def __init__(self, allowed: str) -> None:
        self._allowed = AllowList(allowed)
        self._proxies = operators_proxies()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.get("NEWS_ALLOW_PRIVATE") or "")

    def process_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            raise ForbiddenAddress(f"scheme {parts.scheme} is not fetched")
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if self._allowed.covers(host, port):
            return
        if is_private(host):
            raise ForbiddenAddress(f"{host} is a private address")
        if (host, port) in self._proxies:  # the resolver lets connections to it pass
            raise ForbiddenAddress(f"{host} is the operator's proxy")
