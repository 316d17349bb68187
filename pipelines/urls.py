"""URL identity: one key per article. w3lib escapes and sorts; what names the reader's way is dropped here."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

# Sitemaps allow 2,048 and browsers little more; an Arabic letter takes six of them.
_MAX_CHARS = 4_096
_MAX_SHOWN = 200
_NETLOC = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::\d+)?")
_CREDENTIALS = re.compile(r"(?<=//)[^/?#]*@")
# Whole names or prefixes that only trackers have: `gallery`, `cid` and `uid` may tell articles apart.
_TRACKER = re.compile(
    r"(?:utm|mtm|itm|hsa|oly|vero|pk|at|ga|mc|guce|_x_tr)_\w+|_hsenc|_hsmi|_ga|_gl|"
    r"(?:fbc|gc|dc|yc|ysc|twc|ttc)lid|(?:msclk|igsh|srslt)id|gclsrc|[gw]braid|igsh|mkt_tok|"
    r"fb_(?:action_ids|action_types|ref|source)|__twitter_impression|guccounter|"
    r"ref|ref_src|ref_url|referr?er|source|campaign|xtor|cmpid|icid|ncid|ocid|s_cid|"
    r"phpsessid|jsessionid|sessionid|session_id|aspsessionid\w*",
    re.IGNORECASE,
)
_PATH_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")


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


def canonical_url(url: str) -> str:
    """The identity of what `url` names: scheme and host folded, trackers and fragment gone, query sorted.

    >>> canonical_url("HTTP://Example.org:80/a?utm_source=x&b=2&a=1#top")
    'http://example.org/a?a=1&b=2'
    """
    parts = urlsplit(str(canonicalize_url(checked_url(url).replace("&amp;", "&"))))
    path = _SLASHES.sub("/", _PATH_SESSION.sub("", parts.path))
    named = [pair for pair in parts.query.split("&") if not _TRACKER.fullmatch(pair.partition("=")[0])]
    return urlunsplit((parts.scheme, parts.netloc, path, "&".join(filter(None, named)), ""))


def credible_canonical(stated: str | None, fetched: str) -> str | None:
    """The page's own canonical URL when it may be believed: same host, and not just the front page."""
    if not stated:
        return None
    try:
        target = canonical_url(urljoin(fetched, stated))
        there, here = urlsplit(target), urlsplit(canonical_url(fetched))
    except ValueError:
        return None
    if _site(there.hostname) != _site(here.hostname) or there.port != here.port:
        return None
    if here.query and not there.query and there.path == here.path:
        return None  # templates forget the id: every article of the site would be the same
    if there.path in ("", "/") and not there.query and (here.path not in ("", "/") or here.query):
        return None
    return target


def _site(host: str | None) -> str:
    name = (host or "").lower()
    for prefix in ("www.", "m.", "amp.", "mobile."):
        name = name.removeprefix(prefix)
    return name
