"""One reading of what the page states about itself: candidates with their source, decided on elsewhere.

Sources in the order of trust: JSON-LD, meta properties (OpenGraph, article:*), microdata, named meta
(Dublin Core and the like), <time>, headings. Nothing is judged here; nothing travels as an open dict.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml.html import HtmlElement

from pipelines.body.blocks import INLINE, INVISIBLE
from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.json_ld import read_json_ld, unescaped
from pipelines.normalize import clean_text

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON may spell them; UTF-8 and Arrow refuse them

_NOT_LETTERS = re.compile(r"[^a-z]")
# The many other names for one thing: "w-published-date", "citation_publication_date".
_PUBLISHED = re.compile(
    r".{0,20}(?:published|publish|publication|publishing)(?:date|time|datetime|on|at)?(?:utc|iso|local)?|"
    r".{0,20}(?:date|time)(?:of)?(?:published|publication|created|issued)|.{0,20}(?:pubdate|releasedate|createdate)"
)
_ROOT = re.compile(r"https?://[^/?#]+/?")
_TITLED = re.compile(
    r"(?:^|[\s_-])(?:title|headline|heading|titre|titel|titulo|titolo)(?:$|[\s_-])", re.IGNORECASE
)
_MAX_TITLE_CHARS = 300
_MAX_LINKS = 2_000
_MAX_HEADLINES, _MAX_HEADLINE_CHARS = 100, 4_000
_MAX_HOME_IMAGES = 5
_MAX_NAME_CHARS = 60
_MAX_MARKED_CHARS = 1_000
# Far more than an honest page states. What is done with statements may grow with the square of their number.
_MAX_OF_A_FIELD = 500
_MOST = {"heading": _MAX_LINKS} | dict.fromkeys(
    ("title", "h1", "publisher", "site_name", "canonical", "description"), 100
)
# Nor is any as long, as it is written.
_MAX_VALUE_CHARS = 10_000
_MAX_CHARS = {"body": 300_000} | dict.fromkeys(("title", "page_title", "h1", "canonical"), 5_000)
# What is read of an element's text beyond a line that is shown.
_MAX_SHOWN = 20_000

# meta name/property (lower case) -> field. Order within a field is the order of trust.
_META = {
    "og:title": "title",
    "twitter:title": "title",
    "dc.title": "title",
    "headline": "title",
    "article:author": "author",
    "author": "author",
    "dc.creator": "author",
    "dc:creator": "author",
    "parsely-author": "author",
    "sailthru.author": "author",
    "byl": "author",
    "article:published_time": "published",
    "article:published": "published",
    "og:published_time": "published",
    "datepublished": "published",
    "date.published": "published",
    "publish-date": "published",
    "publishdate": "published",
    "publication_date": "published",
    "pubdate": "published",
    "parsely-pub-date": "published",
    "sailthru.date": "published",
    "cxenseparse:recs:publishtime": "published",
    "dc.date.issued": "published",
    "dcterms.created": "published",
    "dcterms.date": "published",
    "dc.date": "published",
    "date": "published",
    "article:modified_time": "modified",
    "article:modified": "modified",
    "og:updated_time": "modified",
    "datemodified": "modified",
    "dcterms.modified": "modified",
    "last-modified": "modified",
    "revised": "modified",
    "article:section": "section",
    "section": "section",
    "article:tag": "tag",
    "keywords": "tag",
    "news_keywords": "tag",
    "og:description": "description",
    "description": "description",
    "twitter:description": "description",
    "og:image": "image",
    "og:image:url": "image",
    "twitter:image": "image",
    "og:site_name": "publisher",
    "application-name": "publisher",
    "og:type": "type",
    "og:locale": "locale",
    "content-language": "locale",
    "language": "locale",
    "article:content_tier": "access",
    "tdm-policy": "tdm_policy",
    "og:url": "canonical",
    "robots": "robots",
    "tdm-reservation": "tdm",
}
_ORDER = {f"meta:{name}": at for at, name in enumerate(_META)}
_NAMED = ("property", "name", "itemprop", "http-equiv")
_ITEMPROPS = {
    "headline": "title",
    "datepublished": "published",
    "datecreated": "published",
    "datemodified": "modified",
    "author": "author",
    "articlesection": "section",
}


def read_statements(root: HtmlElement) -> Statements:
    """Candidates of every source. Values are cleaned of layout characters and never empty."""
    found = [
        *read_json_ld(root),
        *_meta(root),
        *_microdata(root),
        *_times(root),
        *_links(root),
        *_headings(root),
        *_home_links(root),
    ]
    return Statements(tuple(_bounded(found)))


def _bounded(found: Iterable[Candidate]) -> Iterator[Candidate]:
    """What is left of the values when cleaned; the most trusted of each field, none longer than it may be."""
    counts: Counter[str] = Counter()
    for said in found:
        if counts[said.field] < _MOST.get(said.field, _MAX_OF_A_FIELD):
            longest = _MAX_CHARS.get(said.field, _MAX_VALUE_CHARS)
            if value := _plain(said.value[:longest]):
                counts[said.field] += 1
                yield Candidate(said.field, value, said.source)


def _plain(value: str) -> str:
    return clean_text(unescaped(_LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)))


def _meta(root: HtmlElement) -> Iterator[Candidate]:
    found = [candidate for element in root.iter("meta") for candidate in _named(element)]
    yield from sorted(found, key=lambda candidate: _ORDER.get(candidate.source, len(_ORDER)))
    for element in islice(root.iter("html", "body"), 2):
        if language := element.get("lang") or element.get("xml:lang"):
            yield Candidate("html_language", language, f"{element.tag}:lang")
    for element in root.iter("link"):
        rel, target = (element.get("rel") or "").lower().split(), element.get("href")
        for relation in ("canonical", "license"):
            if target and relation in rel:
                yield Candidate(relation, target, f"link:{relation}")
    titles = (e for e in root.iter("title") if next(e.iterancestors("svg"), None) is None)
    if (title := next(titles, None)) is not None:
        yield Candidate("page_title", str(title.text_content()), "title")


def _named(element: HtmlElement) -> Iterator[Candidate]:
    """What a <meta> element says, under whichever attribute it has its name."""
    value = element.get("content")
    name = next((said for key in _NAMED if (said := element.get(key))), "").lower()
    if not value:
        return
    if field := _META.get(name):
        yield Candidate(field, value, f"meta:{name}")
    elif _PUBLISHED.fullmatch(_NOT_LETTERS.sub("", name)):
        yield Candidate("page_published", value, f"meta:{name}")
    elif field := _ITEMPROPS.get(name):
        yield Candidate(field, value, f"itemprop:{name}")


def _microdata(root: HtmlElement) -> Iterator[Candidate]:
    seen = 0
    for element in root.iter("h1", "h2", "span", "div", "time", "a", "p", "address"):
        name = (element.get("itemprop") or (element.get("property") or "").rpartition(":")[2]).lower()
        field = next((_ITEMPROPS[word] for word in name.split() if word in _ITEMPROPS), None)
        if field is None or (element.get("itemtype") and field != "author"):
            continue
        seen += 1
        if seen > _MAX_OF_A_FIELD:
            return
        value = element.get("content") or element.get("datetime") or _person(element)
        if value and len(value) < _MAX_MARKED_CHARS:
            yield Candidate(field, value, f"itemprop:{name}")


def _person(element: HtmlElement) -> str:
    inside = islice(element.iter(), _MAX_MARKED_CHARS)
    named = next((e for e in inside if e.get("itemprop") == "name"), element)
    return named.get("content") or visible_text(named, _MAX_MARKED_CHARS)


def _times(root: HtmlElement) -> Iterator[Candidate]:
    for element in root.iter("time"):
        if (value := element.get("datetime")) and not element.get("itemprop"):
            yield Candidate("time", value, "time")


def _links(root: HtmlElement) -> Iterator[Candidate]:
    """Visible tags and authors, where the page marks them as such."""
    related = ((element, (element.get("rel") or "").lower().split()) for element in root.iter("a"))
    marked = ((element, name) for element, some in related for name in ("author", "tag") if name in some)
    for element, name in islice(marked, _MAX_OF_A_FIELD):
        yield Candidate(name, visible_text(element, _MAX_MARKED_CHARS), f"rel:{name}")


def _headings(root: HtmlElement) -> Iterator[Candidate]:
    for element in islice(root.iter("h1"), _MAX_HEADLINES):
        yield Candidate("h1", visible_text(element, _MAX_HEADLINE_CHARS), "h1")
    for element in islice(root.iter("h2", "h3", "div", "p", "span", "td", "b", "strong"), _MAX_LINKS):
        if element.tag in ("h2", "h3") or _TITLED.search(element.get("class") or element.get("id") or ""):
            text = visible_text(element, 4 * _MAX_TITLE_CHARS)
            if len(text) <= _MAX_TITLE_CHARS:
                yield Candidate("heading", text, element.tag)


def _home_links(root: HtmlElement) -> Iterator[Candidate]:
    """What the site calls itself where it links to its front page: text, or name of the logo."""
    for element in islice(root.iter("a"), _MAX_LINKS):
        target = (element.get("href") or "").strip()
        if target in ("/", "./") or _ROOT.fullmatch(target):
            images = (image.get("alt") or "" for image in islice(element.iter("img"), _MAX_HOME_IMAGES))
            for name in (visible_text(element, 4 * _MAX_NAME_CHARS), element.get("title") or "", *images):
                if 2 < len(name) < _MAX_NAME_CHARS:
                    yield Candidate("site_name", name, "home link")


def visible_text(element: HtmlElement, most: int = _MAX_SHOWN) -> str:
    """Text of the element as it is shown: without scripts and styles, parted where lines break.

    What stands behind about `most` characters is left out, where an empty element counts as one: of elements
    in elements each would be read for all that are around it.
    """
    pieces: list[str] = []
    for piece in _shown(element):
        if most < 0:
            break
        pieces.append(piece[:_MAX_SHOWN])
        most -= 1 + len(piece.strip())
    return clean_text("".join(pieces))


def _shown(element: HtmlElement) -> Iterator[str]:
    """Texts in their order, and spaces where an element begins or ends a line."""
    if not _is_shown(element):
        return
    yield _edge(element) + (element.text or "")
    inside = [(element, iter(element))]
    while inside:
        holder, children = inside[-1]
        child = next(children, None)
        if child is None:
            inside.pop()
            yield _edge(holder) + ((holder.tail or "") if inside else "")
        elif _is_shown(child):
            inside.append((child, iter(child)))
            yield _edge(child) + (child.text or "")
        else:
            yield child.tail or ""


def _is_shown(element: HtmlElement) -> bool:
    return isinstance(element.tag, str) and element.tag not in INVISIBLE


def _edge(element: HtmlElement) -> str:
    return "" if element.tag in INLINE else " "
