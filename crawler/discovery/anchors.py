"""The links of a page with how they stand on it: text, heading, menu, card. One pass over the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from crawler.discovery.records import make_place
from pipelines.normalize import letters, weighed

_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_FURNITURE_TAGS = frozenset("nav footer header".split())
_FURNITURE_ROLES = frozenset("navigation menu menubar banner contentinfo search".split())
_MENU_WORDS = frozenset(
    "nav navbar navigation menu submenu menubar topbar masthead breadcrumb breadcrumbs crumbs".split()
)
# These surround a card as well as the page: "entry-header" holds a headline.
_EDGE_WORDS = frozenset(
    "header footer toolbar social share sharing login sitemap copyright legal tags".split()
)
_CARD_WORDS = frozenset(
    "card teaser story article post item news entry headline headlines tease promo listing list-item".split()
)
_PAGER_WORDS = frozenset(
    "pagination paging pager paginator pages pagenavi pagenav navigation-pages wp-pagenavi page-numbers "
    "nav-links loadmore load-more posts-navigation".split()
)
_LABEL_WORDS = frozenset("category cat tag tags author byline kicker section-name rubric label badge".split())
_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*")
# Text of an anchor beyond this says no more; both bound what a page of nested anchors may cost.
_MAX_PIECES = 60
_MAX_CHARS = 400
_MAX_STEPS = 1_000
# Levels above an anchor that describe how it repeats.
_LEVELS = 3
# More than any honest page: the gate of bytes lets 50,000 tags pass.
MAX_ANCHORS = 10_000


@dataclass(frozen=True, slots=True)
class _Around:
    """What the containers of an element say of it."""

    furniture: bool = False
    pager: bool = False
    heading: bool = False
    card: HtmlElement | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """One `<a href>`: its address, its text (or its picture's), and where it stands."""

    url: str
    text: str
    size: int  # letters, an ideograph as three
    furniture: bool
    pager: bool
    heading: bool
    dated: bool
    label: bool
    relations: frozenset[str]
    place: tuple[str, ...]


def read_anchors(root: HtmlElement, base: str) -> list[Anchor]:
    """Anchors with an http(s) address, in the order of the page."""
    around: dict[HtmlElement, _Around] = {}
    found: list[HtmlElement] = []
    dated: set[HtmlElement] = set()
    for element in root.iter():
        state = around[element] = _inside(element, around.get(element.getparent(), _NOWHERE))
        if element.tag == "time" and state.card is not None:
            dated.add(state.card)
        if element.tag == "a" and element.get("href"):
            found.append(element)
    places = _places(found, base)
    return [
        _anchor(element, url, around[element], dated)
        for element in found
        if (url := places.get(element.get("href")))
    ]


def _places(found: list[HtmlElement], base: str) -> dict[str, str]:
    """Address of each href; beyond `MAX_ANCHORS` different ones the page says nothing."""
    hrefs = islice(dict.fromkeys(element.get("href") for element in found), MAX_ANCHORS)
    return {href: place for href in hrefs if (place := make_place(href, base))}


_NOWHERE = _Around()


def _inside(element: HtmlElement, outer: _Around) -> _Around:
    """The state of `outer`, changed by what this element is; most elements change nothing."""
    tag, named = element.tag, _names(element)
    is_card = not named.isdisjoint(_CARD_WORDS)
    furniture = outer.furniture or tag in _FURNITURE_TAGS or not named.isdisjoint(_MENU_WORDS)
    furniture = furniture or (not is_card and not named.isdisjoint(_EDGE_WORDS))
    furniture = furniture or (element.get("role") or "").lower() in _FURNITURE_ROLES
    card = tag in ("article", "li") or (tag != "a" and is_card)
    if tag == "article" or (tag == "header" and outer.card is not None):
        furniture = outer.furniture  # the header of a card holds its headline
    pager = outer.pager or not named.isdisjoint(_PAGER_WORDS)
    heading = outer.heading or tag in _HEADINGS
    if not card and (furniture, pager, heading) == (outer.furniture, outer.pager, outer.heading):
        return outer
    return _Around(furniture, pager, heading, element if card else outer.card)


def _names(element: HtmlElement) -> set[str]:
    """Words of class and id: "main-nav" is itself, "main" and "nav"."""
    said = f"{element.get('class') or ''} {element.get('id') or ''}".strip()
    if not said or element.tag in ("body", "html"):
        return set()
    whole = _WORDS.findall(said[:_MAX_CHARS].lower())
    return {*whole, *(part for word in whole for part in word.split("-"))}


def _anchor(element: HtmlElement, url: str, around: _Around, dated: set[HtmlElement]) -> Anchor:
    text = _text(element)
    return Anchor(
        url=url,
        text=text,
        size=weighed(letters(text)),
        furniture=around.furniture,
        pager=around.pager,
        heading=around.heading
        or any(child.tag in _HEADINGS for child in islice(element.iter(), _MAX_PIECES)),
        dated=around.card in dated,
        label=not _names(element).isdisjoint(_LABEL_WORDS),
        relations=frozenset((element.get("rel") or "").lower().split()),
        place=tuple(_place(element)),
    )


def _text(element: HtmlElement) -> str:
    pieces = " ".join(islice(_pieces(element), _MAX_PIECES))
    said = " ".join(pieces[:_MAX_CHARS].split())
    return (
        said
        or " ".join((element.get("title") or element.get("aria-label") or _alt(element)).split())[:_MAX_CHARS]
    )


def _pieces(element: HtmlElement) -> Iterator[str]:
    """Text in the order of the page, without scripts: themes put JSON-LD into their cards."""
    for event, node in islice(iterwalk(element, events=("start", "end")), _MAX_STEPS):
        text = node.tail if event == "end" and node is not element else None
        if event == "start" and node.tag not in ("script", "style"):
            text = node.text
        if text:
            yield text[:_MAX_CHARS]


def _alt(element: HtmlElement) -> str:
    pictures = (child.get("alt") or "" for child in islice(element.iter("img"), 1))
    return next(pictures, "")


def _place(element: HtmlElement) -> Iterator[str]:
    """Tags and first classes from the anchor upwards: what repeats on a page shares them."""
    step: HtmlElement | None = element
    for _ in range(_LEVELS):
        if step is None or step.tag in ("body", "html"):
            return
        yield f"{step.tag}.{next(iter((step.get('class') or '').split()), '')}"
        step = step.getparent()
