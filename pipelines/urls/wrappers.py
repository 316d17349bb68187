"""Addresses that only carry another one: AMP caches and the redirects that networks put before links."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import SplitResult, unquote_plus, urlsplit

from pipelines.tables import read_table
from pipelines.urls.checked import BadUrl, checked_url

# https://developers.google.com/amp/cache/overview: kind of content, s for https, then the address.
_CACHED = re.compile(r"/(?:c|v|wp/c|wp/v)/(s/)?([^/]+\.[^/]+/.*)")
_VIEWED = re.compile(r"/amp/(s/)?([^/]+\.[^/]+/.*)")


class _Wrappers:
    """The lists of wrappers.toml, ready for look-up."""

    def __init__(self) -> None:
        table = read_table("pipelines.urls", "wrappers.toml")
        self.caches = tuple(table["amp_caches"])
        self.viewers = frozenset(table["amp_viewers"])
        self.shims: dict[tuple[str, str], set[str]] = {}
        for host, path, name in table["shims"]:
            self.shims.setdefault((host, path), set()).add(name)


@cache
def _wrappers() -> _Wrappers:
    return _Wrappers()


def unwrapped(url: str) -> str:
    """The address that a checked `url` carries, or `url` itself when it carries none.

    >>> unwrapped("https://www-example-org.cdn.ampproject.org/c/s/www.example.org/a")
    'https://www.example.org/a'
    """
    while inner := _inner(urlsplit(url)):
        try:
            url = checked_url(inner)  # shorter each time, so this ends
        except BadUrl:
            return url
    return url


def _inner(parts: SplitResult) -> str | None:
    known, host = _wrappers(), parts.netloc.rstrip(".")
    if names := known.shims.get((host, parts.path)):
        return _carried(parts.query, names)
    if host in known.caches or host.endswith(tuple(f".{cache}" for cache in known.caches)):
        return _in_path(_CACHED, parts)
    return _in_path(_VIEWED, parts) if host in known.viewers else None


def _carried(query: str, names: set[str]) -> str | None:
    """The one address among the parameters."""
    pairs = (pair.partition("=") for pair in query.split("&"))
    values = [value for name, _, value in pairs if name in names]
    if len(values) != 1:
        return None
    address = unquote_plus(values[0], errors="surrogateescape")
    return address if address.startswith(("http://", "https://")) else None


def _in_path(pattern: re.Pattern[str], parts: SplitResult) -> str | None:
    if not (found := pattern.fullmatch(parts.path)):
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"http{'s' if found[1] else ''}://{found[2]}{query}"
