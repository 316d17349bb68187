"""Home and section pages: which links lead to articles, which to sections and feeds. Runs in a worker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.discovery.addresses import Address, is_never, read_address, same_site, words
from crawler.discovery.anchors import MAX_ANCHORS, Anchor, read_anchors
from crawler.discovery.pagination import next_pages
from crawler.discovery.records import MAX_LINKS, MAX_PLACES, Discovered, make_link, make_place
from crawler.discovery.shapes import SiteShapes, shape_of_key
from crawler.discovery.traps import trap
from pipelines.normalize import letters
from pipelines.page.decode import decode
from pipelines.page.precheck import precheck
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.store.links import Link
from pipelines.urls import canonical_url

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
# Folders of feeds that list no articles, or the same ones again.
_OTHER_FEEDS = frozenset("comments podcast podcasts".split())
# From here on a link is taken for an article's: of 381 links of 63 sites labelled by hand, 98 % of the
# articles are found and 86 % of what is found are articles.
_ARTICLE = 2
# A headline has more letters than the name of a section; a long one is nothing else.
_HEADLINE_LETTERS = 25
_LONG_HEADLINE_LETTERS = 40
_NAME_LETTERS = 12
# Links that stand alike, or whose addresses look alike, are of one kind when most of them are.
_GROUP = 3
_MOST = 0.7
_FEW = 0.2


@dataclass(frozen=True, slots=True)
class _Target:
    """One address of the page with all anchors that lead to it."""

    key: str
    url: str
    anchors: tuple[Anchor, ...]
    address: Address
    shape: str
    verdict: bool | None

    @property
    def size(self) -> int:
        return max(anchor.size for anchor in self.anchors)

    @property
    def furniture(self) -> bool:
        return all(anchor.furniture for anchor in self.anchors)


def read_hub(
    body: bytes, url: str, content_type: str | None, shapes: Mapping[str, tuple[int, int]] | None = None
) -> Discovered:
    """Links of a hub page on its own site; nothing when the page may not be parsed.

    `shapes` is what `SiteShapes.as_counts` kept of this site. Beyond `MAX_LINKS` the most article-like
    links stay; sections come the likeliest first, pages the newest first.
    """
    if precheck(body, DEFAULT_POLICY):
        return Discovered()
    root = parse(decode(body, content_type).text)
    here = make_place(url, url)
    if root is None or here is None:
        return Discovered()
    base = make_place(next((e.get("href") for e in root.iter("base") if e.get("href")), None), here) or here
    anchors = [anchor for anchor in read_anchors(root, base) if same_site(anchor.url, here)]
    pages = next_pages(root, anchors, here, base)
    targets = _targets(anchors, here, pages, SiteShapes(shapes))
    scores = _scores(targets)
    links, dropped = _articles(targets, scores)
    return Discovered(
        links=links,
        feeds=_feeds(root, base),
        sections=_sections(targets, scores),
        pages=pages,
        dropped=dropped + _unread(root),
    )


def _unread(root: HtmlElement) -> int:
    """Addresses of a page that has more than are read."""
    return max(len({anchor.get("href") for anchor in root.iter("a")}) - MAX_ANCHORS, 0)


def _targets(
    anchors: Iterable[Anchor], here: str, pages: tuple[str, ...], shapes: SiteShapes
) -> list[_Target]:
    """Addresses that may be articles or lists: neither this page nor the pages behind it."""
    together: dict[str, list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        together[anchor.url].append(anchor)
    by_key: dict[str, list[Anchor]] = defaultdict(list)
    for url, some in together.items():
        by_key[canonical_url(url)] += some
    for key in {canonical_url(url) for url in (here, *pages)}:
        by_key.pop(key, None)
    return [_target(key, some, shapes) for key, some in by_key.items() if not is_never(key) and not trap(key)]


def _target(key: str, anchors: list[Anchor], shapes: SiteShapes) -> _Target:
    shape = shape_of_key(key)
    return _Target(key, anchors[0].url, tuple(anchors), read_address(key), shape, shapes.verdict(key, shape))


def _scores(targets: list[_Target]) -> list[int]:
    """Points of each target; `_ARTICLE` of them and more make an article."""
    alone = [_points(target) for target in targets]
    by_place = _votes(targets, alone, lambda target: target.anchors[0].place)
    by_shape = _votes(targets, alone, lambda target: target.shape)
    return [sum(some) for some in zip(alone, by_place, by_shape, strict=True)]


def _points(target: _Target) -> int:
    points = target.address.points + _text_points(target.size)
    if target.size >= _NAME_LETTERS:
        points += any(anchor.heading for anchor in target.anchors)
        points += any(anchor.dated for anchor in target.anchors)
    if target.address.is_service or any(_names_service(anchor) for anchor in target.anchors):
        points -= 4
    if any(anchor.label or anchor.relations & {"tag", "author", "category"} for anchor in target.anchors):
        points -= 2
    return points - 2 * target.furniture


def _text_points(size: int) -> int:
    if size >= _HEADLINE_LETTERS:
        return 3 if size >= _LONG_HEADLINE_LETTERS else 2
    return 0 if size >= _NAME_LETTERS or size == 0 else -1


def _names_service(anchor: Anchor) -> bool:
    return anchor.size < _LONG_HEADLINE_LETTERS and letters(anchor.text) in words("service_texts")


def _votes(targets: list[_Target], alone: list[int], kind: Callable[[_Target], Hashable]) -> list[int]:
    """+1 for each target whose kind are mostly articles, -1 where hardly one is."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for target, points in zip(targets, alone, strict=True):
        groups[kind(target)].append(points >= _ARTICLE)
    share = {name: sum(some) / len(some) for name, some in groups.items() if len(some) >= _GROUP}
    shares = (share.get(kind(target), (_MOST + _FEW) / 2) for target in targets)
    return [(part >= _MOST) - (part <= _FEW) for part in shares]


def _articles(targets: list[_Target], scores: list[int]) -> tuple[tuple[Link, ...], int]:
    """The most article-like ones, in the order of the page, and how many the cap left out."""
    chosen = [pair for pair in zip(targets, scores, strict=True) if _is_article(*pair)]
    dropped = max(len(chosen) - MAX_LINKS, 0)
    if len(chosen) > MAX_LINKS:
        best = sorted(chosen, key=lambda pair: -pair[1] - 2 * bool(pair[0].verdict))[:MAX_LINKS]
        kept = {target.key for target, _ in best}
        chosen = [pair for pair in chosen if pair[0].key in kept]
    links = (make_link(target.url, target.url, "section") for target, _ in chosen)
    return tuple(filter(None, links)), dropped


def _is_article(target: _Target, points: int) -> bool:
    """What the site's own pages taught counts first; a menu's entry needs its own merits as well."""
    if target.verdict is False:
        return False
    if target.verdict and not (target.furniture and target.size < _HEADLINE_LETTERS):
        return True
    return points >= _ARTICLE


def _sections(targets: list[_Target], scores: list[int]) -> tuple[str, ...]:
    """Lists of articles, the likeliest first."""
    ranked = [
        (_hub_rank(target), target.url)
        for target, points in zip(targets, scores, strict=True)
        if not _is_article(target, points) and _may_be_list(target)
    ]
    ranked.sort(key=lambda pair: -pair[0])
    return tuple(url for _, url in ranked)[:MAX_PLACES]


def _may_be_list(target: _Target) -> bool:
    if target.address.is_service or any(_names_service(anchor) for anchor in target.anchors):
        return False
    if target.verdict is False:
        return True
    return not target.address.names_article and urlsplit(target.key).query.count("&") < 2


def _hub_rank(target: _Target) -> int:
    address = target.address
    rank = (
        2 * any(anchor.furniture for anchor in target.anchors) + 2 * address.is_list - 2 * address.has_query
    )
    rank += max(0, 3 - address.depth) + (0 < target.size < _HEADLINE_LETTERS)
    return rank - 4 * address.is_archive - 3 * (target.verdict is False) - max(0, address.points)


def _feeds(root: HtmlElement, base: str) -> tuple[str, ...]:
    found = [
        place
        for element in root.iter("link")
        if (element.get("type") or "").partition(";")[0].strip().lower() in _FEED_TYPES
        and (place := make_place(element.get("href"), base))
        and _OTHER_FEEDS.isdisjoint(urlsplit(place).path.lower().split("/"))
    ]
    return tuple(dict.fromkeys(found))[:MAX_PLACES]
