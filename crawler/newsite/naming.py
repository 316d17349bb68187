"""What an address tells of a site: its name."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pipelines.urls.domain import suffixes
from pipelines.urls.site_names import is_site_name

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_HOSTS_OF_ALL = ("www", "m")
_MAX_CHARS = 64


def name_of(url: str) -> str:
    """A name for the site that starts at `url`: its domain, then what tells an edition from the others.

    >>> [name_of(f"https://{u}") for u in ("www.ahram.org.eg", "arabic.rt.com", "www.bbc.com/arabic")]
    ['ahram', 'rt-arabic', 'bbc-arabic']
    """
    parts = urlsplit(url)
    host = suffixes()(parts.hostname or "")
    before = [label for label in host.subdomain.split(".") if label and label not in _HOSTS_OF_ALL]
    folders = [
        folder for folder in parts.path.split("/") if folder and "." not in folder and "%" not in folder
    ]
    known = [host.domain if host.suffix or not before else "", *reversed(before), *folders]
    slug = _NOT_SLUG.sub("-", "-".join(filter(None, known)).lower())
    name = slug.strip("-")[:_MAX_CHARS].strip("-") or "site"
    return name if is_site_name(name) else f"{name}-site"


def place_of(url: str) -> str:
    """What of a front page's address tells it from others: host without "www.", and path."""
    parts = urlsplit(url)
    return parts.netloc.lower().removeprefix("www.") + parts.path.rstrip("/")
