"""Which parameters of a query name the article, and which the reader's way to it or its dress."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from pipelines.tables import read_table

_MAYBE_ID = re.compile(r"(?=[^\d]*\d)[\w.-]{1,64}")
_SESSION = re.compile(r"[0-9A-Fa-f]{26,64}")
# A number that is no year, a slug of four words, a code of letters and digits, or a day in folders: what the
# path of a section does not have.
_ARTICLE_PATH = re.compile(
    r"/[^/]*?(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{4,}|"
    r"/(?:[^/_-]+[_-]+){3,}[^/_-]|"
    r"/(?=[^/%]*[A-Za-z]\d)(?=[^/%]*\d[A-Za-z])[^/%]{8,}(?:/|$)|"
    r"/(?:19|20)\d\d/(?:[01]?\d|[a-z]{3})/(?:[0-3]?\d/)?[^/]*[^/\d]"
)


class _Names:
    """The lists of parameters.toml, ready for look-up."""

    def __init__(self) -> None:
        table = read_table("pipelines.urls", "parameters.toml")
        self.prefixes = tuple(table["prefixes"])
        self.trackers = frozenset(table["trackers"])
        self.weak = frozenset(table["weak"])
        self.sessions = frozenset(table["sessions"])
        channels = table["channels"]
        self.channels = frozenset((name, value) for name in channels["names"] for value in channels["values"])
        self.views = frozenset((name, value) for name, values in table["views"].items() for value in values)
        self.identity = frozenset(table["identity"]["names"])
        self.pagers = frozenset(table["identity"]["pagers"])


@cache
def _names() -> _Names:
    return _Names()


def names_article(path: str) -> bool:
    """Whether `path` alone tells an article from all others of its site.

    >>> [names_article(path) for path in ("/news/4711", "/a/rain-in-the-hills", "/news/2026/", "/index.php")]
    [True, True, False, False]
    """
    return _ARTICLE_PATH.search(path) is not None


def identifying(pairs: Iterable[str], path: str) -> list[str]:
    """Those of the escaped `name=value` pairs that tell what is asked for; `path` is where they are asked."""
    kept = [pair for pair in pairs if not is_tracker(pair)]
    strong = [pair for pair in kept if not _is_weak(pair)]
    if strong or names_article(path):
        return strong
    return [pair for pair in kept if _MAYBE_ID.fullmatch(pair.partition("=")[2])]


def is_tracker(pair: str) -> bool:
    """Whether the pair says how the reader came, whatever else the address says."""
    names, (name, _, value) = _names(), pair.lower().partition("=")
    return name in names.trackers or name.startswith(names.prefixes) or (name, value) in names.channels


def _is_weak(pair: str) -> bool:
    name, _, value = pair.partition("=")
    if name.lower() in _names().sessions:
        return _SESSION.fullmatch(value) is not None
    return name.lower() in _names().weak


def is_view(pair: str) -> bool:
    """Whether the pair asks for an article in another dress: AMP, for printing, for telephones."""
    name, _, value = pair.lower().partition("=")
    return (name, value) in _names().views


def is_identity(name: str) -> bool:
    """Whether parameters of this name usually tell one article, or one language of it, from another."""
    return name.lower() in _names().identity


def is_pager(name: str) -> bool:
    """Whether parameters of this name usually number the pages of one article."""
    return name.lower() in _names().pagers
