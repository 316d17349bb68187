"""The registered domain of an address, which is what a publisher owns."""

from __future__ import annotations

from functools import cache, lru_cache
from urllib.parse import urlsplit

from tldextract import TLDExtract


@cache
def suffixes() -> TLDExtract:
    """The public suffix list that comes with the library: nothing is fetched and nothing is kept on disk."""
    return TLDExtract(cache_dir=None, suffix_list_urls=())


def same_publisher(url: str, other: str) -> bool:
    """Whether two addresses are below one registered domain; of hosts without one, whether they are one host.

    >>> same_publisher("https://paper.co.uk/", "https://ar.paper.co.uk/1")
    True
    >>> same_publisher("https://paper.co.uk/", "https://other.co.uk/")
    False
    """
    return registered_domain(url) == registered_domain(other)


def registered_domain(url: str) -> str:
    """What the publisher of an address registered; of a host without it, the host.

    >>> registered_domain("https://ar.paper.co.uk/1"), registered_domain("http://127.0.0.1:8000/")
    ('paper.co.uk', '127.0.0.1')
    """
    return _domain((urlsplit(url).hostname or "").rstrip("."))


@lru_cache(maxsize=10_000)
def _domain(host: str) -> str:
    return suffixes()(host).top_domain_under_public_suffix or host.removeprefix("www.")
