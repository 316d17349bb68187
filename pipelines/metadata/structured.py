"""One reading of what the page states about itself: candidates with their source, decided on elsewhere.

Sources in the order of trust: JSON-LD, meta properties (OpenGraph, article:*), microdata, named meta
(Dublin Core and the like), <time>, headings. Nothing is judged here; nothing travels as an open dict.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, repeat

from lxml.html import HtmlElement

from pipelines.body.blocks import INLINE, INVISIBLE
from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.json_ld import read_json_ld, unescaped
from pipelines.normalize import clean_text
from pipelines.page.outline import Outline

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON may spell them; UTF-8 and Arrow refuse them

_NOT_LETTERS = re.compile(r"[^a-z]")
# The many other names for one thing: "w-published-date", "citation_publication_date".
_PUBLISHED = re.compile(
    r".{0,20}(?:published|publish|publication|publishing)(?:date|time|datetime|on|at)?(?:utc|iso|local)?|"
    r".{0,20}(?:date|time)(?:of)?(?:published|publication|created|issued)|.{0,20}(?:pubdate|releasedate|createdate)"
)
_ROOT = re.compile(r"https?://[^/?#]+/?")
_HOST_AT = len("http://")
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
# Elements whose microdata is read.
_MARKED = ("h1", "h2", "span", "div", "time", "a", "p", "address")
_GET = HtmlElement.get


def read_statements(root: HtmlElement, outline: Outline | None = None) -> Statements:
    """Candidates of every source. Values are cleaned of layout characters and never empty.

    `outline` is that of `root`, where there is one already.
    """
    outline = outline or Outline.of(root)
    found = [
        *read_json_ld(outline),
        *_meta(outline),
        *_microdata(outline),
        *_times(outline),
        *_links(outline),
        *_headlines(outline),
        *_home_links(outline),
    ]
    return Statements(tuple(_bounded(found)), lambda: _bounded(_headings(outline)))


def _bounded(found: Iterable[Candidate]) -> Iterator[Candidate]:
    """What is left of the values when cleaned; the most trusted of each field, none longer than it may be."""
    counts: Counter[str] = Counter()
    for said in found:
        if counts[said.field] < _MOST.get(said.field, _MAX_OF_A_FIELD):
            longest = _MAX_CHARS.get(said.field, _MAX_VALUE_CHARS)
            if value := _plain(said.value[:longest]):
                counts[said.field] += 1
                yield said if value == said.value else Candidate(said.field, value, said.source)


def _plain(value: str) -> str:
    if not value.isascii():
        value = _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
    return clean_text(unescaped(value))


def _meta(outline: Outline) -> Iterator[Candidate]:
    elements = outline.elements
    found = [candidate for at in outline.all("meta") for candidate in _named(elements[at])]
    yield from sorted(found, key=lambda candidate: _ORDER.get(candidate.source, len(_ORDER)))
    for at in outline.all("html", "body")[:2]:
        if language := elements[at].get("lang") or elements[at].get("xml:lang"):
            yield Candidate("html_language", language, f"{outline.tags[at]}:lang")
    for at in outline.all("link"):
        rel, target = (elements[at].get("rel") or "").lower().split(), elements[at].get("href")
        for relation in ("canonical", "license"):
            if target and relation in rel:
                yield Candidate(relation, target, f"link:{relation}")
    titles = (elements[at] for at in outline.all("title"))
    title = next((e for e in titles if next(e.iterancestors("svg"), None) is None), None)
    if title is not None:
        yield Candidate("page_title", str(title.text_content()), "title")


def _named(element: HtmlElement) -> Iterator[Candidate]:
    """What a <meta> element says, under whichever attribute it has its name."""
    value = element.get("content")
    name = next((said for key in _NAMED if (said := element.get(key))), "").lower()
    if not value:
        return
    if field := _META.get(name):
        yield Candidate(field, value, f"meta:{name}")
    elif _names_publication(_NOT_LETTERS.sub("", name)):
        yield Candidate("page_published", value, f"meta:{name}")
    elif field := _ITEMPROPS.get(name):
        yield Candidate(field, value, f"itemprop:{name}")


def _names_publication(name: str) -> bool:
    # None of the names is without one of these; the expression tries each of their places.
    return ("publi" in name or "date" in name or "time" in name) and bool(_PUBLISHED.fullmatch(name))


def _microdata(outline: Outline) -> Iterator[Candidate]:
    seen = 0
    numbers = outline.all(*_MARKED)
    elements = [outline.elements[at] for at in numbers]
    names, others = (map(_GET, elements, repeat(key)) for key in ("itemprop", "property"))
    for at, itemprop, other in zip(numbers, names, others, strict=True):
        if not (itemprop or other):
            continue
        element = outline.elements[at]
        name = (itemprop or (other or "").rpartition(":")[2]).lower()
        field = next((_ITEMPROPS[word] for word in name.split() if word in _ITEMPROPS), None)
        if field is None or (element.get("itemtype") and field != "author"):
            continue
        seen += 1
        if seen > _MAX_OF_A_FIELD:
            return
        value = element.get("content") or element.get("datetime") or _person(outline, at)
        if value and len(value) < _MAX_MARKED_CHARS:
            yield Candidate(field, value, f"itemprop:{name}")


def _person(outline: Outline, at: int) -> str:
    inside = range(at, min(outline.ends[at], at + _MAX_MARKED_CHARS))
    named = next((each for each in inside if outline.elements[each].get("itemprop") == "name"), at)
    return outline.elements[named].get("content") or _shown(outline, named, _MAX_MARKED_CHARS)


def _times(outline: Outline) -> Iterator[Candidate]:
    for element in map(outline.elements.__getitem__, outline.all("time")):
        if (value := element.get("datetime")) and not element.get("itemprop"):
            yield Candidate("time", value, "time")


def _links(outline: Outline) -> Iterator[Candidate]:
    """Visible tags and authors, where the page marks them as such."""
    numbers = outline.all("a")
    rels = zip(numbers, map(_GET, map(outline.elements.__getitem__, numbers), repeat("rel")), strict=True)
    related = ((at, rel.lower().split()) for at, rel in rels if rel)
    marked = ((at, name) for at, some in related for name in ("author", "tag") if name in some)
    for at, name in islice(marked, _MAX_OF_A_FIELD):
        yield Candidate(name, _shown(outline, at, _MAX_MARKED_CHARS), f"rel:{name}")


def _headlines(outline: Outline) -> Iterator[Candidate]:
    for at in outline.all("h1")[:_MAX_HEADLINES]:
        yield Candidate("h1", _shown(outline, at, _MAX_HEADLINE_CHARS), "h1")


def _headings(outline: Outline) -> Iterator[Candidate]:
    """What lesser headings say, and what is called a title."""
    classes, ids, tags = outline.classes, outline.ids, outline.tags
    boxes = outline.all("h2", "h3", "div", "p", "span", "td", "b", "strong")[:_MAX_LINKS]
    named = [classes[at] or ids[at] for at in boxes]
    titled = {name for name in set(named) if name and _is_titled(name)}
    for at, name in zip(boxes, named, strict=True):
        if name in titled or tags[at] in ("h2", "h3"):
            text = _shown(outline, at, 4 * _MAX_TITLE_CHARS)
            if len(text) <= _MAX_TITLE_CHARS:
                yield Candidate("heading", text, tags[at])


@lru_cache(maxsize=4_096)
def _is_titled(name: str) -> bool:
    return bool(_TITLED.search(name))


def _home_links(outline: Outline) -> Iterator[Candidate]:
    """What the site calls itself where it links to its front page: text, or name of the logo."""
    numbers = outline.all("a")[:_MAX_LINKS]
    elements = [outline.elements[at] for at in numbers]
    for at, element, href in zip(numbers, elements, map(_GET, elements, repeat("href")), strict=True):
        target = (href or "").strip()
        # Most have a path behind the host.
        if target.find("/", _HOST_AT + 1, -1) < 0 and (target in ("/", "./") or _ROOT.fullmatch(target)):
            images = (image.get("alt") or "" for image in islice(element.iter("img"), _MAX_HOME_IMAGES))
            for name in (_shown(outline, at, 4 * _MAX_NAME_CHARS), element.get("title") or "", *images):
                if 2 < len(name) < _MAX_NAME_CHARS:
                    yield Candidate("site_name", name, "home link")


def _shown(outline: Outline, at: int, most: int) -> str:
    """`visible_text` of an element of the outline; most are words, or a link of a few."""
    end = outline.ends[at]
    if INLINE.issuperset(outline.tags[at + 1 : end]) and outline.tags[at] not in INVISIBLE:
        text = "".join(outline.elements[at].itertext())
        if len(text) + 2 * (end - at) < most:
            return clean_text(text)
    return visible_text(outline.elements[at], most)


def visible_text(element: HtmlElement, most: int = _MAX_SHOWN) -> str:
    """Text of the element as it is shown: without scripts and styles, parted where lines break.

    What stands behind about `most` characters is left out, where an empty element counts as one: of elements
    in elements each would be read for all that are around it.
    """
    if not _is_shown(element):
        return ""
    piece = _edge(element) + (element.text or "")
    if not len(element):
        return clean_text(piece[:_MAX_SHOWN])
    pieces = [piece[:_MAX_SHOWN]]
    most -= 1 + len(piece.strip())
    inside = [(element, iter(element))]
    while inside and most >= 0:
        holder, children = inside[-1]
        child = next(children, None)
        if child is None:
            inside.pop()
            piece = _edge(holder) + ((holder.tail or "") if inside else "")
        elif _is_shown(child):
            inside.append((child, iter(child)))
            piece = _edge(child) + (child.text or "")
        else:
            piece = child.tail or ""
        pieces.append(piece[:_MAX_SHOWN])
        most -= 1 + len(piece.strip())
    return clean_text("".join(pieces))


def _is_shown(element: HtmlElement) -> bool:
    return isinstance(element.tag, str) and element.tag not in INVISIBLE


def _edge(element: HtmlElement) -> str:
    return "" if element.tag in INLINE else " "
