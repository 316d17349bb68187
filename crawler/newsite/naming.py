"""What an address tells of a site: its name, its country, and whether another address is of the same site."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

from tldextract import TLDExtract

from pipelines.metadata.candidates import Statements
from pipelines.metadata.setting import setting_of
from pipelines.records import Page

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_COUNTRY = re.compile(r"[A-Z]{2}")
_HOSTS_OF_ALL = ("www", "m")
_MAX_CHARS = 64


@cache
def _suffixes() -> TLDExtract:
    """The public suffix list that comes with the library: nothing is fetched and nothing is kept on disk."""
    return TLDExtract(cache_dir=None, suffix_list_urls=())


def name_of(url: str) -> str:
    """A name for the site that starts at `url`: its domain, then what tells an edition from the others.

    >>> [name_of(f"https://{u}") for u in ("www.ahram.org.eg", "arabic.rt.com", "www.bbc.com/arabic")]
    ['ahram', 'rt-arabic', 'bbc-arabic']
    """
    parts = urlsplit(url)
    host = _suffixes()(parts.hostname or "")
    before = [label for label in host.subdomain.split(".") if label and label not in _HOSTS_OF_ALL]
    folders = [
        folder for folder in parts.path.split("/") if folder and "." not in folder and "%" not in folder
    ]
    known = [host.domain if host.suffix or not before else "", *reversed(before), *folders]
    slug = _NOT_SLUG.sub("-", "-".join(filter(None, known)).lower())
    return slug.strip("-")[:_MAX_CHARS].strip("-") or "site"


def country_of(url: str) -> str | None:
    """ISO 3166 code of the country whose domain `url` is in, unless that domain is sold to everybody.

    >>> [country_of(u) for u in ("https://a.com.eg/", "https://a.co.uk/", "https://a.tv/", "https://a.com/")]
    ['EG', 'GB', None, None]
    """
    page = Page(
        url=url, body=b"", headers=(), fetched_at=datetime.min.replace(tzinfo=UTC), site="", run_id=""
    )
    country = setting_of(page, Statements(())).place.country
    return country if country and _COUNTRY.fullmatch(country) else None


def same_site(url: str, other: str) -> bool:
    """Whether two addresses are below one registered domain; of hosts without one, whether they are one host.

    >>> same_site("https://paper.co.uk/", "https://ar.paper.co.uk/1")
    True
    >>> same_site("https://paper.co.uk/", "https://other.co.uk/")
    False
    """
    return _domain(url) == _domain(other)


def _domain(url: str) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return _suffixes()(host).top_domain_under_public_suffix or host


def place_of(url: str) -> str:
    """What of a front page's address tells it from others: host without "www.", and path."""
    parts = urlsplit(url)
    return parts.netloc.lower().removeprefix("www.") + parts.path.rstrip("/")
