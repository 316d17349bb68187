"""The operator's proxy, as Scrapy finds it too: in the environment.

It is allowed although it is private. Names of pages are then looked up by the proxy, not by us.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

_DEFAULT_PORTS = {"http": 80, "https": 443}


def proxy_for(scheme: str, host: str) -> SplitResult | None:
    """The proxy that is asked for a page of `host`; None for a direct connection."""
    url = getproxies().get(scheme)
    return None if not url or proxy_bypass(host) else _split(url)


def operators_proxies() -> frozenset[tuple[str, int]]:
    """Host and port of each proxy of the environment."""
    return frozenset(filter(None, map(_place, filter(None, map(getproxies().get, _DEFAULT_PORTS)))))


def _place(url: str) -> tuple[str, int] | None:
    try:
        parts = _split(url)
        return (parts.hostname or "").rstrip("."), parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)
    except ValueError:  # Scrapy does not use it either
        return None


def _split(url: str) -> SplitResult:
    return urlsplit(url if "://" in url else f"http://{url}")
