"""One spelling of an address. w3lib escapes, resolves and sorts; what names the reader's way is dropped here.

courlan's `clean_url` does not stand here: it joins 669 more of the 193,768 keys of the links of the measuring
pages, and by eye nine in ten of those are different pages (`cid`, `list_uids`, `keywords`, `galleryid`, an
address within the path, `spip.php?article8517`). What it drops rightly is in parameters.toml, name by name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit, urlunsplit

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
# What is left of `&amp;` at the beginning of a name.
_AMPERSAND = re.compile(r"(?<![^&])(?:amp%3B)+", re.IGNORECASE)


@lru_cache(maxsize=256)  # a page's own address is asked for again with what it says of itself
def canonical_url(url: str) -> str:
    """`url` spelled one way: unwrapped, host folded, trackers, sessions and fragment gone, query sorted.

    It may be shown and fetched: scheme and host stay what they are. Raises `BadUrl`.

    >>> canonical_url("HTTP://Example.org:80/a?utm_source=x&b=2&a=1#top")
    'http://example.org/a?a=1&b=2'
    """
    parts = urlsplit(checked_url(url))
    parts = _sorted(parts._replace(netloc=_host(parts.netloc), query=_asked_once(parts.query)))
    while (query := _AMPERSAND.sub("", parts.query)) != parts.query:
        parts = _sorted(parts._replace(query=query))
    path = _without_sessions(parts.path)
    pairs = (_bare(pair) for pair in parts.query.split("&"))
    query = "&".join(identifying(filter(None, pairs), path))
    spelled = urlunsplit((parts.scheme, parts.netloc, path, query, ""))
    inner = unwrapped(spelled)
    return spelled if inner == spelled else canonical_url(inner)


def _without_sessions(path: str) -> str:
    """One session may stand before another, and be seen as one only when that is gone."""
    without = _SLASHES.sub("/", _PATH_SESSION.sub("", path)).rstrip(";")
    return without if without == path else _without_sessions(without)


def _sorted(parts: SplitResult) -> SplitResult:
    return urlsplit(str(canonicalize_url(urlunsplit(parts))))


def _host(netloc: str) -> str:
    """Without the dot that says a name is complete."""
    name, colon, port = netloc.partition(":") if "[" not in netloc else (netloc, "", "")
    return f"{name.rstrip('.')}{colon}{port}"


def _asked_once(query: str) -> str:
    """Without a second question mark before what sharing tools append."""
    first, *others = query.split("?")
    return first + "".join(f"{'&' if is_tracker(part) else '?'}{part}" for part in others)


def _bare(pair: str) -> str:
    """A name without a value has no sign: w3lib adds one, and `?4711=` may be no page where `?4711` is."""
    name, _, value = pair.partition("=")
    return pair if value else name
