"""URL identity: one key per article. courlan drops trackers, w3lib sorts and escapes; neither does all."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

from courlan import clean_url
from w3lib.url import canonicalize_url, safe_url_string


class BadUrl(ValueError):
    """Not an http(s) URL with a host; the message names the URL and what is wrong."""


def checked_url(url: str) -> str:
    """`url` escaped and without user:password and fragment; raises `BadUrl`."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadUrl(f"bad URL {text!r}: {error}") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise BadUrl(f"bad URL {text!r}: it must begin with http:// or https://")
    if not host or any(char.isspace() for char in host):
        raise BadUrl(f"bad URL {text!r}: it names no host")
    netloc = f"[{host}]" if ":" in host else host
    if port and (parts.scheme.lower(), port) not in (("http", 80), ("https", 443)):
        netloc += f":{port}"
    bare = urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, ""))
    return str(safe_url_string(bare))


def canonical_url(url: str) -> str:
    """The identity of what `url` names: scheme and host folded, trackers and fragment gone, query sorted.

    >>> canonical_url("HTTP://Example.org:80/a?utm_source=x&b=2&a=1#top")
    'http://example.org/a?a=1&b=2'
    """
    checked = checked_url(url)
    return str(canonicalize_url(clean_url(checked) or checked))


def credible_canonical(stated: str | None, fetched: str) -> str | None:
    """The page's own canonical URL when it may be believed: same host, and not just the front page."""
    if not stated:
        return None
    try:
        target = canonical_url(urljoin(fetched, stated))
    except ValueError:
        return None
    there, here = urlsplit(target), urlsplit(fetched)
    if _site(there.hostname) != _site(here.hostname) or there.port != here.port:
        return None
    if there.path in ("", "/") and not there.query and (here.path not in ("", "/") or here.query):
        return None
    return target


def _site(host: str | None) -> str:
    name = (host or "").lower()
    for prefix in ("www.", "m.", "amp.", "mobile."):
        name = name.removeprefix(prefix)
    return name
