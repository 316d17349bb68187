"""One spelling of an address. w3lib escapes, resolves and sorts; what names the reader's way is dropped here.

courlan's `clean_url` does not stand here: it joins 673 more of the 193,772 keys of the measuring pages'
links, and by eye 11 in 12 of those are different pages (`cid`, `list_uids`, `keywords`, `galleryid`, an
address within the path, `spip.php?article8517`). What it drops rightly is in parameters.toml, name by name.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from w3lib.url import canonicalize_url

from pipelines.urls.checked import checked_url
from pipelines.urls.parameters import identifying, is_tracker
from pipelines.urls.wrappers import unwrapped

# Java's in the path, and ASP.NET's: /(S(id))/, /(A(id)S(id))/.
_PATH_SESSION = re.compile(
    r";(?:jsessionid|phpsessid|sid)=[^/;]*|/\((?:[A-Z]\([0-9A-Za-z_-]+\))+\)(?=/)", re.IGNORECASE
)
# Not those after a colon: an address inside an address keeps its own.
_SLASHES = re.compile(r"(?<!:)/{2,}")
_AMPERSAND = re.compile(r"&(?:amp(?:;|%3B))+", re.IGNORECASE)


def canonical_url(url: str) -> str:
    """`url` spelled one way: unwrapped, host folded, trackers, sessions and fragment gone, query sorted.

    It may be shown and fetched: scheme and host stay what they are. Raises `BadUrl`.

    >>> canonical_url("HTTP://Example.org:80/a?utm_source=x&b=2&a=1#top")
    'http://example.org/a?a=1&b=2'
    """
    parts = urlsplit(unwrapped(checked_url(url)))
    mended = parts._replace(netloc=_host(parts.netloc), query=_mended(parts.query))
    parts = urlsplit(str(canonicalize_url(mended.geturl())))
    path = _SLASHES.sub("/", _PATH_SESSION.sub("", parts.path))
    pairs = (_bare(pair) for pair in parts.query.split("&"))
    return urlunsplit(
        (parts.scheme, parts.netloc, path, "&".join(identifying(filter(None, pairs), path)), "")
    )


def _host(netloc: str) -> str:
    """Without the dot that says a name is complete."""
    name, colon, port = netloc.partition(":") if "[" not in netloc else (netloc, "", "")
    return f"{name.rstrip('.')}{colon}{port}"


def _mended(query: str) -> str:
    """Without ampersands escaped as HTML, and without a second `?` before what sharing tools append."""
    first, *others = _AMPERSAND.sub("&", query).split("?")
    return first + "".join(f"{'&' if is_tracker(part) else '?'}{part}" for part in others)


def _bare(pair: str) -> str:
    """A name without a value has no sign: w3lib adds one, and `?4711=` may be no page where `?4711` is."""
    name, _, value = pair.partition("=")
    return pair if value else name
