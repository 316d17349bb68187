"""Which places and pages of a new site are looked at: few, and those that say most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from pipelines.store.links import Link
from pipelines.tables import read_table
from pipelines.urls import same_publisher

# Among so many newest articles the sections are picked: further down they are old.
_NEW = 30
# Of the front page: topic pages lie deeper.
_SECTION_DEPTH = 2


@cache
def _words() -> dict[str, Any]:
    return read_table("crawler.newsite", "places.toml")


def feeds_of_articles(urls: Iterable[str]) -> list[str]:
    """The feeds whose address does not say that they are of comments."""
    return [url for url in urls if not _segments(url) & set(_words()["comments"])]


def news_first(urls: Iterable[str]) -> list[str]:
    """Sitemaps, those for news before those of the archive."""
    return sorted(dict.fromkeys(urls), key=lambda url: "news" not in urlsplit(url).path.lower())


def likely_sections(urls: Iterable[str], start: str) -> list[str]:
    """Of the places a front page links to, those below it whose address may be a section's."""
    folder = _folder(start)
    return [
        url
        for url in urls
        if url.startswith(folder)
        and 1 <= len(_path(url.removeprefix(folder))) <= _SECTION_DEPTH
        and not urlsplit(url).query
        and not _segments(url) & set(_words()["not_news"].split())
    ]


def to_look_at(links: Sequence[Link], start: str) -> list[Link]:
    """Articles of the site, newest first; of the newest, each section once before any comes twice."""
    own: dict[str, Link] = {}
    for link in links:
        if same_publisher(link.url, start) and link.url != start:
            own.setdefault(link.key, link)
    newest = sorted(own.values(), key=lambda link: link.hint or "", reverse=True)
    return list(_spread(newest[:_NEW])) + newest[_NEW:]


def _spread(links: Iterable[Link]) -> Iterator[Link]:
    seen: set[str] = set()
    later: list[Link] = []
    for link in links:
        section = _section(link.url)
        if section in seen:
            later.append(link)
        else:
            seen.add(section)
            yield link
    yield from later


def _section(url: str) -> str:
    """The first folder of an address that is no number; the last part is the article's own."""
    return next((folder for folder in _path(urlsplit(url).path)[:-1] if not folder.isdecimal()), "")


def _folder(start: str) -> str:
    """The front page as a folder that others lie in."""
    parts = urlsplit(start)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def _path(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _segments(url: str) -> set[str]:
    return set(_path(urlsplit(url).path.lower()))
