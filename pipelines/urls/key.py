"""The key of an article: all addresses under which one host serves it, whatever its dress."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

from courlan import extract_domain

from pipelines.urls.canonical import canonical_url
from pipelines.urls.parameters import is_view, names_article

_VIEW_HOSTS = ("www.", "m.", "mobile.", "amp.", "wap.")
_INDEX = re.compile(r"/(?:index\.(?:html?|php|shtml|jsp|aspx?|cfm)|default\.(?:html?|aspx?))$", re.IGNORECASE)
_TRAILING = re.compile(r"(?:/|%20|;)+$")
# /amp/ before the path and within publishers' own folders; /amp, .amp and print views behind it.
_BEFORE = re.compile(r"^/(?:platform/amp|google-amp|amphtml|\.amp|amp|print)(?=/)")
_BEHIND = re.compile(
    r"/(?:amp|amphtml|print|printversion|printable)$|\.amp$|\.amp(?=\.html?$)|/amp(?=\.html?$)"
)
# Longer than a code of a language. Of 14,848 articles of Saudi papers 287 stood twice in the list for
# `?weekly` and `?live`, each with the same text.
_FLAG = re.compile(r"[A-Za-z_-]{4,}")
# A letter and the marks on it, which may be written as one character or as several.
_LETTERS = re.compile(r"[A-Za-z]?(?:%[89A-F][0-9A-F])+")


# A page's own address is asked for at every step of its way: a few at a time are all that is needed.
@lru_cache(maxsize=1_000)
def article_key(url: str) -> str:
    """What `url` has in common with every other address of the same article; equal keys are one article.

    It looks like a URL and is one to `checked_url`, yet it is for comparing, not for fetching: scheme and
    host may be none that the server knows. With a port that is not the scheme's they stay as they are.
    Raises `BadUrl`.

    >>> article_key("http://m.example.org/news/4711/amp/?outputType=amp")
    'https://example.org/news/4711'
    """
    parts = urlsplit(canonical_url(url))
    scheme, netloc = parts.scheme, parts.netloc
    if parts.port is None:
        scheme, netloc = "https", site_host(netloc)
    path = _path(parts.path)
    query = "&".join(_naming(parts.query.split("&"), path))
    key = urlunsplit((scheme, netloc, path, query, ""))
    # What stood between may have kept dots or a semicolon from meaning what they mean at the end.
    if (";" in parts.path or "/." in path) and (spelled := canonical_url(key)) != key:
        return article_key(spelled)
    return key


def _naming(pairs: list[str], path: str) -> list[str]:
    """Without views and, where the path tells the article, without words that have no value (`?weekly`)."""
    named = [pair for pair in pairs if not is_view(pair)]
    return [pair for pair in named if not (_FLAG.fullmatch(pair) and names_article(path))]


@lru_cache(maxsize=10_000)
def site_host(host: str) -> str:
    """`host` without the labels of its views: www, m, mobile, amp and wap."""
    domain = extract_domain(f"http://{host}/")
    for prefix in _VIEW_HOSTS:
        rest = host.removeprefix(prefix)
        if rest != host and "." in rest and (domain is None or f".{rest}".endswith(f".{domain}")):
            return site_host(rest)
    return host


def _path(path: str) -> str:
    path = _LETTERS.sub(_composed, path)
    while (folded := _folded(path)) != path:
        path = folded
    return path


def _folded(path: str) -> str:
    path = _TRAILING.sub("", _INDEX.sub("", path))
    for view in (_BEFORE, _BEHIND):
        without = view.sub("", path)
        if without != path and names_article(without):
            return without
    return path or "/"


def _composed(found: re.Match[str]) -> str:
    try:
        text = unquote_to_bytes(found[0]).decode()
    except UnicodeDecodeError:
        return found[0]
    composed = unicodedata.normalize("NFC", text)
    # A few signs are composed to ASCII (U+037E to a semicolon), which means something else in a URL.
    return quote(composed, safe="") if not any(map(str.isascii, composed.removeprefix(text[0]))) else found[0]
