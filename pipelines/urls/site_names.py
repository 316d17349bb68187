"""Names of sites: which may be one, and what a host is called that has no site file."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

# Names make files and folders, and some systems keep these for devices, whatever follows a dot.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NAME_RULE = "letters a-z, digits, '-', '.' and '_', at most 64, and no device's name such as 'con'"
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")
_NOT_SLUG = re.compile(r"[^a-z0-9._-]+")
_MAX_SLUG = 55  # of 64, with what tells hosts apart whose slugs are the same


def is_site_name(value: str) -> bool:
    """Whether a site may have this name; it makes files and folders."""
    return _NAME.fullmatch(value) is not None and not _DEVICE.match(value)


def site_name(url: str) -> str:
    """The name of a site that has no file: its host, or a slug of it that no other host has.

    >>> site_name("https://www.example.org/"), site_name("http://_x.test/")
    ('example.org', 'x.test-b1eeb25c')
    """
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    slug = _NOT_SLUG.sub("-", host).strip("-._")
    if slug == host and is_site_name(slug):
        return slug
    mark = hashlib.sha256(host.encode()).hexdigest()[:8]
    name = f"{slug[:_MAX_SLUG]}-{mark}"
    return name if is_site_name(name) else f"host-{mark}"
