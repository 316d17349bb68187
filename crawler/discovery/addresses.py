"""What the address of a page says by itself: article, list, page about the site, or nothing to visit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from pipelines.normalize import letters, weighed
from pipelines.tables import read_table

_PREFIXES = ("www.", "m.", "amp.", "mobile.")
# A day or month with something behind it; without, it is an archive of that time.
_DATED = re.compile(
    r"/(?:19|20)\d\d[/_-]?(?:0?[1-9]|1[0-2])(?:[/_-]?[0-3]?\d)?/(?=[^/])|"
    r"/(?:19|20)\d\d[_-][01]?\d[_-][0-3]?\d[_-](?=[^/])"
)
_ARCHIVE = re.compile(
    r"/(?:19|20)\d\d(?:[/_-](?:0?[1-9]|1[0-2])(?:[/_-][0-3]?\d)?)?(?:[/_-]archives?)?(?:\.\w{2,5})?/?$"
)
# "/mailto:us@example.org": a scheme that a template put a slash before.
_LOST_SCHEME = re.compile(r"/(?:mailto|javascript|tel|whatsapp|data):", re.IGNORECASE)
_YEAR = re.compile(r"/(?:19|20)\d\d/(?=[^/]*[^\W\d_])")
_LONG_NUMBER = re.compile(r"\d{5,}")
_NUMBER = re.compile(r"(?<![^\W_])(?!(?:19|20)\d\d(?!\d))\d{4}(?![^\W_])")
_ENDING = re.compile(r"\.([a-z]{2,5}\d?)$", re.IGNORECASE)
# Not simply what is no letter: the vowel signs of Hindi and Arabic would part words, too.
_WORD_BREAKS = re.compile(r"""[\s\d_\-+,.;:|~!?()'"«»&=*]+""")
_NUMBERED_WORD = re.compile(r"(?<![^\W_])([^\W\d_]+)\d+(?![^\W_])")
# An id of mixed letters and digits, as "ASM2Q5HKNM2Q"; a word before its number ("euro2024") is none.
_MIXED = re.compile(r"(?<![^\W_])(?=[a-z0-9]*\d[a-z]+\d)[a-z0-9]{8,}(?![^\W_])", re.IGNORECASE)
_ID_KEY = re.compile(r"(?:id|no|num|key|code)$")
# Scripts without spaces write a whole headline as one word.
_UNSPACED_LETTERS = 30
# Where the thing itself is named; what stands before are folders.
_TAIL = 3


@dataclass(frozen=True, slots=True)
class Address:
    """What an address shows. `points` speak for an article when positive, for a list when negative."""

    points: int
    is_list: bool
    is_archive: bool  # a day, month or year: a list, and mostly an old one
    is_service: bool
    names_article: bool  # a parameter holds an article's id
    depth: int
    has_query: bool


def same_site(one: str, other: str) -> bool:
    """Whether two URLs are of one publisher's host: its bare, www, mobile and AMP hosts are the same.

    >>> same_site("https://www.example.org/", "https://m.example.org/a")
    True
    >>> same_site("https://www.example.org/", "https://sport.example.org/")
    False
    """
    first, second = urlsplit(one), urlsplit(other)
    return _site(first) == _site(second)


def _site(parts: SplitResult) -> tuple[str, int | None]:
    name = parts.hostname or ""
    for prefix in _PREFIXES:
        if "." in name.removeprefix(prefix):
            name = name.removeprefix(prefix)
    return name, parts.port


def is_never(url: str) -> bool:
    """Whether the address leads to no article and to no list: keywords, people, forms, files, actions."""
    parts = urlsplit(url)
    folders = _segments(parts)
    ending = _ENDING.search(parts.path)
    return (
        not words("closed_folders").isdisjoint(folders)
        or _below(folders, "never_folders")
        or bool(ending and ending[1].lower() in words("never_endings"))
        or bool(_LOST_SCHEME.search(unquote(parts.path)))
        or any(key in words("never_keys") or "://" in value for key, value in _pairs(parts.query))
        or any(match[1] in ("tag", "tags") for match in _NUMBERED_WORD.finditer(" ".join(folders[-1:])))
    )


def read_address(url: str) -> Address:
    """What `url` shows by itself.

    >>> read_address("https://example.org/news/1234567").points
    3
    >>> read_address("https://example.org/category/arts-and-culture").is_list
    True
    """
    parts = urlsplit(url)
    path, folders = unquote(parts.path), _segments(parts)
    is_archive = bool(_ARCHIVE.search(path))
    is_list = is_archive or _below(folders, "list_folders")
    named = _query_points(_pairs(parts.query))
    points = _path_points(path, folders) + named - 4 * is_list
    one_word = len(folders) < 2 and not parts.query and points == 0
    return Address(
        points=points - one_word,
        is_list=is_list or named < 0,
        is_archive=is_archive,
        is_service=bool(folders) and _ENDING.sub("", folders[-1]) in words("service_pages"),
        names_article=named > 0,
        depth=len(folders),
        has_query=bool(parts.query),
    )


def _segments(parts: SplitResult) -> list[str]:
    return [part for part in unquote(parts.path).casefold().split("/") if part]


def _below(folders: list[str], listed: str) -> bool:
    """Whether a folder of the list holds this page, and not a story in a folder below."""
    places = [place for place, folder in enumerate(folders) if folder in words(listed)]
    if not places:
        return False
    last = folders[-1]
    return places[-1] >= len(folders) - 2 or not (_LONG_NUMBER.search(last) or _slug_points(last) == 3)


def _path_points(path: str, folders: list[str]) -> int:
    if not folders:
        return 0
    tail = folders[-_TAIL:]
    slug = max(map(_slug_points, tail[-2:]))
    if _DATED.search(path):
        return 3 + slug
    if any(_LONG_NUMBER.search(part) for part in tail):
        return 3 + (slug > 0)
    year = 2 if _YEAR.search(path) else 0
    number = 2 if any(map(_NUMBER.search, tail[-2:])) else 0
    mixed = 2 if any(map(_MIXED.search, tail[-2:])) else 0
    return max(year, number, mixed) + slug


def _slug_points(segment: str) -> int:
    """A phrase of several words is a headline; the name of a section has one or two."""
    parts = [word for word in _WORD_BREAKS.split(_ENDING.sub("", segment)) if word]
    if len(parts) >= 4 or any(weighed(part) >= _UNSPACED_LETTERS for part in parts):
        return 3
    return 1 if len(parts) == 3 else 0


def _query_points(pairs: list[tuple[str, str]]) -> int:
    if any(key in words("article_keys") and value for key, value in pairs):
        return 3
    if any(_ID_KEY.search(key) and _is_id(value) and key not in words("list_keys") for key, value in pairs):
        return 2
    return -2 if any(key in words("list_keys") for key, _ in pairs) else 0


def _is_id(value: str) -> bool:
    return bool(_LONG_NUMBER.search(value) or _MIXED.search(value))


def _pairs(query: str) -> list[tuple[str, str]]:
    split = (pair.partition("=") for pair in query.split("&") if pair)
    return [(unquote(key).casefold(), unquote(value)) for key, _, value in split]


@cache
def words(name: str) -> frozenset[str]:
    """A word list of `addresses.toml`; lists of texts are folded to their letters."""
    listed = _table()[name]
    if isinstance(listed, str):
        return frozenset(word.casefold() for word in listed.split())
    return frozenset(map(letters, listed))


@cache
def _table() -> dict[str, Any]:
    return read_table("crawler.discovery", "addresses.toml")
