"""What may be asked for: an http(s) address with a host, escaped, without credentials and fragment."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import safe_url_string

# Sitemaps allow 2,048 and browsers little more; an Arabic letter takes six of them.
_MAX_CHARS = 4_096
_MAX_SHOWN = 200
_NETLOC = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::\d+)?")
_CREDENTIALS = re.compile(r"(?<=//)[^/?#]*@")


class BadUrl(ValueError):
    """Not an http(s) URL with a host; the message names the URL, without its password, and what is wrong."""


def checked_url(url: str) -> str:
    """`url` escaped and without user:password and fragment; raises `BadUrl`."""
    text = url.strip()
    try:
        return _checked(text)
    except ValueError as error:
        shown = _CREDENTIALS.sub("***@", text)[:_MAX_SHOWN]
        raise BadUrl(f"bad URL {shown!r}: {error}") from None


def _checked(text: str) -> str:
    if len(text) > _MAX_CHARS:
        raise ValueError(f"longer than {_MAX_CHARS} characters")
    parts = urlsplit(text)
    scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    if scheme not in ("http", "https"):
        raise ValueError("it must begin with http:// or https://")
    if not host:
        raise ValueError("it names no host")
    host = f"[{host}]" if "[" in parts.netloc else host
    own_port = port is not None and (scheme, port) not in (("http", 80), ("https", 443))
    netloc = f"{host}:{port}" if own_port else host
    safe = str(safe_url_string(urlunsplit((scheme, netloc, parts.path or "/", parts.query, ""))))
    if not _NETLOC.fullmatch(urlsplit(safe).netloc):
        raise ValueError("it names no host")
    return safe
