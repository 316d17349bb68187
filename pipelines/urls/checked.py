"""What may be asked for: an http(s) address with a host, escaped, without credentials and fragment."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import safe_url_string

# Sitemaps allow 2,048 and browsers little more; an Arabic letter takes six of them.
_MAX_CHARS = 4_096
_MAX_SHOWN = 200
_NETLOC = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::\d+)?")
# In what should be one URL and is none: nobody knows where its host begins.
_UP_TO_THE_LAST = re.compile(r"^(?!mailto:)(?:[a-z][a-z0-9+.-]*:/*)?.*@", re.IGNORECASE | re.DOTALL)
# Marks of layout that come along when an address is pasted between texts. Within one they are its spelling.
_LAYOUT = "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# The last white space of Unicode is U+3000.
_AROUND = _LAYOUT + "".join(filter(str.isspace, map(chr, range(0x3001))))


class BadUrl(ValueError):
    """Not an http(s) URL with a host; the message names the URL, without its password, and what is wrong."""


def checked_url(url: str) -> str:
    """`url` escaped and without user:password and fragment; raises `BadUrl`."""
    text = trimmed(url)
    try:
        return _checked(text)
    except ValueError as error:
        shown = _UP_TO_THE_LAST.sub("***@", text)[:_MAX_SHOWN]
        raise BadUrl(f"bad URL {shown!r}: {error}") from None


def given_url(url: str) -> str:
    """`checked_url` of what the user gives: credentials are refused there, not dropped; raises `BadUrl`."""
    checked = checked_url(url)
    if "@" in urlsplit(trimmed(url)).netloc:
        raise BadUrl(f"bad URL {checked!r}: it has a user or password, which is never sent; give it without")
    return checked


def trimmed(url: str) -> str:
    """`url` without white space, BOM and marks of direction around it."""
    return url.strip(_AROUND)


def without_credentials(url: str) -> str:
    """An absolute `url` as it is, without user and password.

    >>> without_credentials("https://reader:secret@example.org/a@b")
    'https://example.org/a@b'
    """
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


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
    if len(safe) > _MAX_CHARS:  # else what passed once would not pass when read again
        raise ValueError(f"longer than {_MAX_CHARS} characters when escaped")
    return safe
