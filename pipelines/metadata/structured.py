"""One reading of what the page states about itself: candidates with their source, decided on elsewhere.

Sources in the order of trust: JSON-LD, meta properties (OpenGraph, article:*), microdata, named meta
(Dublin Core and the like), <time>, headings. Nothing is judged here; nothing travels as an open dict.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from pipelines.body.blocks import INLINE, INVISIBLE
from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.json_ld import read_json_ld
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
_MAX_NAME_CHARS = 60

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
    cleaned = (Candidate(c.field, value, c.source) for c in found if (value := _plain(c.value)))
    return Statements(tuple(cleaned))


def _plain(value: str) -> str:
    return clean_text(html.unescape(_LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)))


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
    for element in root.iter("h1", "h2", "span", "div", "time", "a", "p", "address"):
        name = (element.get("itemprop") or (element.get("property") or "").rpartition(":")[2]).lower()
        field = next((_ITEMPROPS[word] for word in name.split() if word in _ITEMPROPS), None)
        if field is None or (element.get("itemtype") and field != "author"):
            continue
        value = element.get("content") or element.get("datetime") or _person(element)
        if value and len(value) < 1_000:
            yield Candidate(field, value, f"itemprop:{name}")


def _person(element: HtmlElement) -> str:
    named = next((e for e in element.iter() if e.get("itemprop") == "name"), element)
    return named.get("content") or visible_text(named)


def _times(root: HtmlElement) -> Iterator[Candidate]:
    for element in root.iter("time"):
        if (value := element.get("datetime")) and not element.get("itemprop"):
            yield Candidate("time", value, "time")


def _links(root: HtmlElement) -> Iterator[Candidate]:
    """Visible tags and authors, where the page marks them as such."""
    for element in root.iter("a"):
        relations = (element.get("rel") or "").lower().split()
        for relation in ("author", "tag"):
            if relation in relations:
                yield Candidate(relation, visible_text(element), f"rel:{relation}")


def _headings(root: HtmlElement) -> Iterator[Candidate]:
    for element in root.iter("h1"):
        yield Candidate("h1", visible_text(element), "h1")
    for element in islice(root.iter("h2", "h3", "div", "p", "span", "td", "b", "strong"), _MAX_LINKS):
        if element.tag in ("h2", "h3") or _TITLED.search(element.get("class") or element.get("id") or ""):
            text = visible_text(element)
            if len(text) <= _MAX_TITLE_CHARS:
                yield Candidate("heading", text, element.tag)


def _home_links(root: HtmlElement) -> Iterator[Candidate]:
    """What the site calls itself where it links to its front page: text, or name of the logo."""
    for element in islice(root.iter("a"), _MAX_LINKS):
        target = (element.get("href") or "").strip()
        if target in ("/", "./") or _ROOT.fullmatch(target):
            images = (image.get("alt") or "" for image in element.iter("img"))
            for name in (visible_text(element), element.get("title") or "", *images):
                if 2 < len(name) < _MAX_NAME_CHARS:
                    yield Candidate("site_name", name, "home link")


def visible_text(element: HtmlElement) -> str:
    """Text of the element as it is shown: without scripts and styles, parted where lines break."""
    return clean_text("".join(_shown(element)))


def _shown(element: HtmlElement) -> Iterator[str]:
    if not isinstance(element.tag, str) or element.tag in INVISIBLE:
        return
    edge = "" if element.tag in INLINE else " "
    yield edge + (element.text or "")
    for child in element:
        yield from _shown(child)
        yield child.tail or ""
    yield edge
