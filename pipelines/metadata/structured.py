"""One reading of what the page states about itself: candidates with their source, decided on elsewhere.

Sources in the order of trust: JSON-LD, meta properties (OpenGraph, article:*), microdata, named meta
(Dublin Core and the like), <time>, headings. Nothing is judged here; nothing travels as an open dict.
"""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from pipelines.normalize import clean_text

ARTICLE_TYPES = frozenset(
    "NewsArticle Article ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle BackgroundNewsArticle "
    "ReviewNewsArticle AskPublicNewsArticle LiveBlogPosting BlogPosting Report SatiricalArticle "
    "AdvertiserContentArticle SocialMediaPosting TechArticle ScholarlyArticle".split()
)
_ORGANISATIONS = frozenset({"Organization", "NewsMediaOrganization", "Corporation"})
_MAX_NODES = 5_000
# A number of words that an article may have; Python reads no number of thousands of digits.
_COUNT = re.compile(r"\d{1,7}")
_MAX_JSON_CHARS = 2_000_000
_COMMENT_EDGES = re.compile(
    r"^[\s\ufeff]*(?:<!--|(?:(?://|/\*)\s*)?<!\[CDATA\[(?:\s*\*/)?)|"
    r"(?:-->|(?:(?://|/\*)\s*)?\]\]>(?:\s*\*/)?)\s*$"
)
_STRAY_BACKSLASH = re.compile(r"\\(?![\"\\/bfnrtu])|(\\.)", re.DOTALL)
_STRAY_COMMA = re.compile(r",(?=\s*[}\]])")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON may spell them; UTF-8 and Arrow refuse them

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
    "og:url": "canonical",
    "robots": "robots",
    "tdm-reservation": "tdm",
}
_ITEMPROPS = {
    "headline": "title",
    "datepublished": "published",
    "datecreated": "published",
    "datemodified": "modified",
    "author": "author",
    "articlesection": "section",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value a page states for a field, and where it states it."""

    field: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Statements:
    """All candidates of a page, most trusted first within a field."""

    candidates: tuple[Candidate, ...]

    def all(self, field: str) -> list[Candidate]:
        """Candidates of one field, most trusted first."""
        return [candidate for candidate in self.candidates if candidate.field == field]

    def first(self, field: str) -> str | None:
        """Most trusted value of one field, or None."""
        return next((c.value for c in self.candidates if c.field == field), None)


def read_statements(root: HtmlElement) -> Statements:
    """Candidates of every source. Values are cleaned of layout characters and never empty."""
    found = [*_json_ld(root), *_meta(root), *_microdata(root), *_times(root), *_links(root), *_headings(root)]
    cleaned = (Candidate(c.field, value, c.source) for c in found if (value := _plain(c.value)))
    return Statements(tuple(cleaned))


def _plain(value: str) -> str:
    return clean_text(html.unescape(_LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)))


def _json_ld(root: HtmlElement) -> Iterator[Candidate]:
    nodes = [
        node
        for script in root.iter("script")
        if "ld+json" in (script.get("type") or "").lower() and script.text
        for node in _objects(_load(script.text))
    ]
    articles = [node for node in nodes if _types(node) & ARTICLE_TYPES]
    for node in articles:
        yield from _article(node)
    for node in nodes:
        for kind in sorted(_types(node)):
            yield Candidate("type", kind, "json-ld")


def _load(source: str) -> Any:
    """Decoded JSON of a script, mended where it is commonly broken; None when it is beyond that."""
    if len(source) > _MAX_JSON_CHARS:
        return None
    text = _COMMENT_EDGES.sub("", _COMMENT_EDGES.sub("", source)).strip("\ufeff \t\r\n").rstrip(";")
    for mend in (str, html.unescape, _mended):
        try:
            return json.loads(mend(text), strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _mended(text: str) -> str:
    """`text` without backslashes that escape nothing and commas that nothing follows."""
    return _STRAY_COMMA.sub("", _STRAY_BACKSLASH.sub(r"\1", text))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Objects at the top, in lists, in @graph and under mainEntity; bounded and iterative."""
    queue, seen = deque([value]), 0
    while queue and seen < _MAX_NODES:
        item = queue.popleft()
        seen += 1
        if isinstance(item, list):
            queue.extend(item)
        elif isinstance(item, dict):
            yield item
            queue.extend(item[key] for key in ("@graph", "mainEntity") if key in item)


def _types(node: dict[str, Any]) -> set[str]:
    """Names of the node's types, also where they are spelled as addresses ("schema:Person")."""
    return {re.split("[/#:]", kind)[-1] for kind in _strings(node.get("@type"))}


def _article(node: dict[str, Any]) -> Iterator[Candidate]:
    plain = {
        "headline": "title",
        "datePublished": "published",
        "dateModified": "modified",
        "articleSection": "section",
        "keywords": "tags",
        "description": "description",
        "articleBody": "body",
        "inLanguage": "language",
    }
    for key, field in plain.items():
        for value in _strings(node.get(key)):
            yield Candidate(field if field != "tags" else "tag", value, f"json-ld:{key}")
    if _COUNT.fullmatch(words := str(node.get("wordCount"))):
        yield Candidate("words", words, "json-ld:wordCount")
    for key, field in (("author", "author"), ("creator", "author"), ("publisher", "publisher")):
        for value in _names(node.get(key), people=field == "author"):
            yield Candidate(field, value, f"json-ld:{key}")
    for value in _urls(node.get("image")):
        yield Candidate("image", value, "json-ld:image")
    for value in _urls(node.get("mainEntityOfPage")) or _urls(node.get("url")):
        yield Candidate("canonical", value, "json-ld:url")


def _strings(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _names(value: Any, *, people: bool) -> list[str]:
    """Names of persons, or of organisations; an agency given as author is no person."""
    items = value if isinstance(value, list) else [value]
    if people:
        items = [item for item in items if not (isinstance(item, dict) and _types(item) & _ORGANISATIONS)]
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    return [name for some in names for name in _strings(some)]


def _urls(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    urls = [(item.get("url") or item.get("@id")) if isinstance(item, dict) else item for item in items]
    return [url for url in urls if isinstance(url, str) and url.startswith(("http", "/"))]


def _meta(root: HtmlElement) -> Iterator[Candidate]:
    found: list[tuple[int, Candidate]] = []
    order = {name: at for at, name in enumerate(_META)}
    for element in root.iter("meta"):
        value = element.get("content")
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").lower()
        if value and name in _META:
            found.append((order[name], Candidate(_META[name], value, f"meta:{name}")))
        elif value and name in _ITEMPROPS:
            found.append((len(order), Candidate(_ITEMPROPS[name], value, f"itemprop:{name}")))
    yield from (candidate for _, candidate in sorted(found, key=lambda pair: pair[0]))
    for element in root.iter("link"):
        rel, target = (element.get("rel") or "").lower().split(), element.get("href")
        if target and "canonical" in rel:
            yield Candidate("canonical", target, "link:canonical")
        if target and "license" in rel:
            yield Candidate("license", target, "link:license")
    titles = (e for e in root.iter("title") if next(e.iterancestors("svg"), None) is None)
    if (title := next(titles, None)) is not None:
        yield Candidate("page_title", str(title.text_content()), "title")


def _microdata(root: HtmlElement) -> Iterator[Candidate]:
    for element in root.iter("h1", "h2", "span", "div", "time", "a", "p", "address"):
        name = (element.get("itemprop") or "").lower()
        field = next((_ITEMPROPS[word] for word in name.split() if word in _ITEMPROPS), None)
        if field is None or (element.get("itemtype") and field != "author"):
            continue
        value = element.get("content") or element.get("datetime") or _person(element)
        if value and len(value) < 1_000:
            yield Candidate(field, value, f"itemprop:{name}")


def _person(element: HtmlElement) -> str:
    named = next((e for e in element.iter() if e.get("itemprop") == "name"), element)
    return named.get("content") or str(named.text_content())


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
                yield Candidate(relation, str(element.text_content()), f"rel:{relation}")


def _headings(root: HtmlElement) -> Iterator[Candidate]:
    for element in root.iter("h1"):
        yield Candidate("h1", str(element.text_content()), "h1")
