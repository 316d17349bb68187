"""rel=canonical, when it may be believed: sites state the front page, a hub, or the article before."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from courlan import extract_domain

from pipelines.urls.canonical import canonical_url
from pipelines.urls.key import article_key, site_host
from pipelines.urls.parameters import is_identity, is_pager, names_article

# A headline where an address belongs, and what a template prints for a value it lacks.
_NO_ADDRESS = re.compile(r"(?!https?:|/)[^/]*\s|.*\{\{", re.IGNORECASE | re.DOTALL)
_LACKS_VALUE = re.compile(r"/(?:(?:undefined|null|none|nan)(?:[/.]|$)|\[object)", re.IGNORECASE)
_LANGUAGE = {"lang", "language", "hl", "locale"}
_CODE = re.compile(r"[a-z]{2}(?:[-_][a-z]{2,4})?", re.IGNORECASE)
# What may follow an article's path on its further pages and in its views.
_TAIL = re.compile(
    r"/?(?:(?:page|slide|seite|part|p|foto|img)[-/]?)?\d{0,3}/?|/?(?:amp|print|full|all|[a-z]*ansicht)/?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{4,}")
_ID = re.compile(r"(?<!\d)\d{5,}(?!\d)")
_WORD = re.compile(r"[^\W\d_]{3,}")
# Hosts that show pages to editors before readers.
_WORKSHOP = re.compile(
    r"(?:^|[.-])(?:stag(?:e|ing)|dev|test|uat|qa|preview|preprod|cms|admin|origin|backend|local)(?:[.-]|\d)"
)


def credible_canonical(stated: str | None, fetched: str) -> str | None:
    """The page's own canonical URL when it may be believed, as `canonical_url` writes it; else None.

    Believed: the same address spelled otherwise, and another path on the same site. Not believed: other
    sites, the front page, a section above the page, an address that lost the id, another language or article.
    """
    said = (stated or "").strip()
    if not said or _NO_ADDRESS.match(said):
        return None
    try:
        here_url = canonical_url(fetched)
        target = canonical_url(urljoin(here_url, said))
        if target == here_url or article_key(target) == article_key(here_url):
            return target
    except ValueError:
        return None
    here, there = urlsplit(here_url), urlsplit(target)
    if not _same_site(here, there) or _names_nothing(there) or any(broken(here, there) for broken in _BROKEN):
        return None
    return target


def _same_site(here: SplitResult, there: SplitResult) -> bool:
    if here.port != there.port:
        return False
    one, other = site_host(here.hostname or ""), site_host(there.hostname or "")
    return one == other or (here.path == there.path and names_article(here.path) and _editions(one, other))


def _editions(one: str, other: str) -> bool:
    """Whether both are hosts of one domain, neither in another language nor for editors."""
    domain = extract_domain(f"http://{one}/")
    if domain is None or extract_domain(f"http://{other}/") != domain:
        return False
    labels = (one.partition(".")[0], other.partition(".")[0])
    return not any(map(_CODE.fullmatch, labels)) and not _WORKSHOP.search(other)


def _names_nothing(there: SplitResult) -> bool:
    """The front page, or a template that lacked a value."""
    return (there.path == "/" and not there.query) or _LACKS_VALUE.search(there.path) is not None


def _hub_above(here: SplitResult, there: SplitResult) -> bool:
    """A folder of the page's own path that is not the same article with its number of page behind."""
    above = there.path.rstrip("/")
    if there.query or not here.path.startswith(f"{above}/"):
        return False
    return not (_TAIL.fullmatch(here.path.removeprefix(above)) and names_article(there.path))


def _lost_id(here: SplitResult, there: SplitResult) -> bool:
    """The same path without the parameters that told the article, or with other values of them."""
    if here.path != there.path:
        return False
    asked, stated = _values(here.query), _values(there.query)
    if any(asked[name] != stated[name] and not is_pager(name) for name in asked.keys() & stated.keys()):
        return True
    lost = asked.keys() - stated.keys()
    if lost and not stated and not names_article(here.path):
        return True
    return any(is_identity(name) and not (is_pager(name) and names_article(here.path)) for name in lost)


def _other_language(here: SplitResult, there: SplitResult) -> bool:
    """Another language in the query, or another code of two letters as first folder."""
    asked, stated = _values(here.query), _values(there.query)
    if any(asked[name] != stated.get(name) for name in asked.keys() & _LANGUAGE):
        return True
    one, other = here.path.split("/")[1], there.path.split("/")[1]
    return one != other and all(map(_CODE.fullmatch, (one, other)))


def _other_article(here: SplitResult, there: SplitResult) -> bool:
    """Paths of one pattern with other numbers, or slugs without a common word; one number is one article."""
    one, other = unquote(here.path), unquote(there.path)
    if set(_ID.findall(one)) & set(_ID.findall(other)):
        return False
    slugs = [
        frozenset(_WORD.findall(path.rstrip("/").rpartition("/")[2].casefold())) for path in (one, other)
    ]
    if min(map(len, slugs)) >= 3:
        return slugs[0].isdisjoint(slugs[1]) and one.isascii() == other.isascii()
    return one != other and _NUMBER.sub("0", one) == _NUMBER.sub("0", other)


def _slug(path: str) -> frozenset[str]:
    return frozenset(_WORD.findall(path.rstrip("/").rpartition("/")[2].casefold()))


def _values(query: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {name.lower(): value for name, _, value in pairs}


_BROKEN: tuple[Callable[[SplitResult, SplitResult], bool], ...] = (
    _hub_above,
    _lost_id,
    _other_language,
    _other_article,
)
