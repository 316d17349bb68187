"""JSON-LD in the forms that pages have it: in lists and graphs, with comments, broken or cut short."""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from pipelines.metadata.candidates import Candidate
from pipelines.page.outline import Outline

ARTICLE_TYPES = frozenset(
    "NewsArticle Article ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle BackgroundNewsArticle "
    "ReviewNewsArticle AskPublicNewsArticle LiveBlogPosting BlogPosting Report SatiricalArticle "
    "AdvertiserContentArticle SocialMediaPosting TechArticle ScholarlyArticle".split()
)
# What a newsroom calls its articles.
NEWS_TYPES = frozenset({"NewsArticle", "ReportageNewsArticle", "AnalysisNewsArticle", "LiveBlogPosting"})
# Nodes that speak of the page an article stands on, or of a work of another kind: believed after all others.
_PAGE_TYPES = frozenset(
    "WebPage ItemPage AboutPage FAQPage MedicalWebPage CollectionPage ProfilePage CreativeWork Review Recipe "
    "VideoObject PodcastEpisode Dataset HowTo Course Question".split()
)
_ORGANISATIONS = frozenset({"Organization", "NewsMediaOrganization", "Corporation"})
_SCRIPTED = re.compile(r'datePublished\\?"\s*:\s*\\?"([^"\\]{8,40})')
_MAX_NODES = 5_000
# A number of words that an article may have; Python reads no number of thousands of digits.
_COUNT = re.compile(r"\d{1,7}")
_MAX_JSON_CHARS = 2_000_000
_COMMENT_EDGES = re.compile(
    r"^[\s\ufeff]*(?:<!--|(?:(?://|/\*)\s*)?<!\[CDATA\[(?:\s*\*/)?)|"
    r"(?:-->|(?:(?://|/\*)\s*)?\]\]>(?:\s*\*/)?)\s*$"
)
_EDGES = ("<!", "-->", "]]>")
_STRAY_BACKSLASH = re.compile(r"\\(?![\"\\/bfnrtu])|(\\.)", re.DOTALL)
_STRAY_COMMA = re.compile(r",(?=\s*[}\]])")
# Possessive, and a string that nothing ends goes to the end: both took time with the square of the length.
_BETWEEN_OBJECTS = re.compile(r"\}\s*+(?:,\s*+)?(?=\{)")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},]', re.DOTALL)
# Python reads no number of more digits than 4,300; no character has eight.
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{1000,};?")
_FIELDS = {
    "headline": "title",
    "datePublished": "published",
    "dateModified": "modified",
    "articleSection": "section",
    "keywords": "tag",
    "description": "description",
    "articleBody": "body",
    "inLanguage": "language",
}
# What is read out of JSON that nothing mends: single facts between quotes.
_FACT = re.compile(r'"(headline|datePublished|dateModified|@type)"\s*:\s*"((?:[^"\\\n]|\\.){1,1000})"')


def read_json_ld(outline: Outline) -> Iterator[Candidate]:
    """Candidates of every script of the page: of articles, then of other works, then the types."""
    scripts = [(outline.elements[at], text) for at in outline.all("script") if (text := outline.texts[at])]
    nodes = [
        node
        for script, text in scripts
        if "ld+json" in (script.get("type") or "").lower()
        for node in _objects(load(text))
    ]
    named = {key: node for node in nodes if isinstance(key := node.get("@id"), str) and "name" in node}
    types = [types_of(node) for node in nodes]
    for node, kinds in zip(nodes, types, strict=True):
        if kinds & ARTICLE_TYPES:
            yield from _article(node, named)
    for node, kinds in zip(nodes, types, strict=True):
        if kinds & _PAGE_TYPES:
            yield from _page(node, named)
    yield from _elsewhere(text for _, text in scripts)
    for kind in chain.from_iterable(map(sorted, types)):
        yield Candidate("type", kind, "json-ld")


def _elsewhere(scripts: Iterable[str]) -> Iterator[Candidate]:
    """The one publication date that scripts of other kinds name (data of the page's own programs)."""
    found = {
        value
        for text in scripts
        if "datePublished" in text and len(text) <= _MAX_JSON_CHARS
        for value in _SCRIPTED.findall(text)
    }
    if len({value[:10] for value in found}) == 1:
        yield Candidate("page_published", min(found), "script:datePublished")


def load(source: str) -> Any:
    """Decoded JSON of a script, mended where it is commonly broken; its plain facts beyond that."""
    if len(source) > _MAX_JSON_CHARS:
        return None
    text = source
    if any(edge in source for edge in _EDGES):  # the expression tries every place for an end
        text = _COMMENT_EDGES.sub("", _COMMENT_EDGES.sub("", source))
    text = text.strip("\ufeff \t\r\n").rstrip(";")
    for mend in (str, unescaped, _mended, _listed, _closed):
        try:
            return json.loads(mend(text), strict=False)
        except (ValueError, RecursionError):
            continue
    return _facts(text)


def unescaped(text: str) -> str:
    """`text` with the characters that its references ("&amp;", "&#1570;") name."""
    return html.unescape(_ENDLESS_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text) if "&#" in text else text)


def _mended(text: str) -> str:
    """`text` without backslashes that escape nothing and commas that nothing follows."""
    return _STRAY_COMMA.sub("", _STRAY_BACKSLASH.sub(r"\1", text))


def _listed(text: str) -> str:
    """Objects one after the other as a list."""
    return f"[{_BETWEEN_OBJECTS.sub('},', _mended(text))}]"


def _closed(text: str) -> str:
    """JSON that was cut short, up to its last whole member and closed."""
    text = _mended(text)
    open_: list[str] = []
    end, depth = 0, 0  # of the last whole member; what was open then is open still
    for token in _TOKENS.finditer(text):
        mark = token.group()
        if mark in "[{":
            open_.append("]" if mark == "[" else "}")
        elif mark in "]}" and open_:
            open_.pop()
            end, depth = token.end(), len(open_)
        elif mark == ",":
            end, depth = token.start(), len(open_)
    return text[:end] + "".join(reversed(open_[:depth]))


def _facts(text: str) -> Any:
    """Plain members of what cannot be decoded, if it is about an article at all."""
    found: dict[str, Any] = {}
    for key, value in _FACT.findall(unescaped(text)):
        if key != "@type" or value in ARTICLE_TYPES:
            found.setdefault(key, value.replace('\\"', '"').replace("\\/", "/"))
    return found if "@type" in found else None


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


def types_of(node: dict[str, Any]) -> set[str]:
    """Names of the node's types, also where they are spelled as addresses ("schema:Person")."""
    kinds = _strings(node.get("@type"))
    return {kind.replace("#", "/").replace(":", "/").rpartition("/")[2] for kind in kinds}


def _article(node: dict[str, Any], named: dict[str, dict[str, Any]]) -> Iterator[Candidate]:
    for key, field in _FIELDS.items():
        for value in _strings(node.get(key)):
            yield Candidate(field, value, f"json-ld:{key}")
    if _COUNT.fullmatch(words := _plain(node.get("wordCount"))):
        yield Candidate("words", words, "json-ld:wordCount")
    for key in ("author", "creator"):
        yield from _authors(node.get(key), key, named)
    for value in _names(_resolved(node.get("publisher"), named)):
        yield Candidate("publisher", value, "json-ld:publisher")
    for value in _urls(node.get("image")):
        yield Candidate("image", value, "json-ld:image")
    for value in _urls(node.get("mainEntityOfPage")) or _urls(node.get("url")):
        yield Candidate("canonical", value, "json-ld:url")
    for value in [*_strings(node.get("license")), *_urls(node.get("license"))][:1]:
        yield Candidate("license", value, "json-ld:license")
    yield from _access(node)


def _page(node: dict[str, Any], named: dict[str, dict[str, Any]]) -> Iterator[Candidate]:
    """Dates and people of a node that is no article, as fields of their own."""
    for key in ("datePublished", "dateModified"):
        for value in _strings(node.get(key)):
            yield Candidate(f"page_{_FIELDS[key]}", value, f"json-ld:page:{key}")
    for candidate in _authors(node.get("author"), "author", named):
        yield Candidate(f"page_{candidate.field}", candidate.value, "json-ld:page:author")
    yield from _access(node)


def _access(node: dict[str, Any]) -> Iterator[Candidate]:
    free = _plain(node.get("isAccessibleForFree")).lower()
    if free in ("true", "false"):
        yield Candidate("access", free, "json-ld:isAccessibleForFree")


def _authors(value: Any, key: str, named: dict[str, dict[str, Any]]) -> Iterator[Candidate]:
    """People as `author`; organisations, which agencies and outlets are, as `organisation`."""
    for item in _resolved(value, named):
        organised = isinstance(item, dict) and types_of(item) & _ORGANISATIONS
        for name in _names([item]):
            yield Candidate("organisation" if organised else "author", name, f"json-ld:{key}")


def _resolved(value: Any, named: dict[str, dict[str, Any]]) -> list[Any]:
    """The items of a member; a bare reference is the node of the graph it names."""
    items = value if isinstance(value, list) else [value]
    return [
        named.get(_plain(item.get("@id")), item) if isinstance(item, dict) and "name" not in item else item
        for item in items
    ]


def _plain(value: Any) -> str:
    """A string, number or truth value as text; empty for what holds others, however many."""
    return str(value) if isinstance(value, str | int | float) else ""


def _strings(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _names(items: Iterable[Any]) -> list[str]:
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    return [name for some in names for name in _strings(some)]


def _urls(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    urls = [_url(item) if isinstance(item, dict) else item for item in items]
    return [url for url in urls if isinstance(url, str) and url.startswith(("http", "/"))]


def _url(item: dict[str, Any]) -> Any:
    return item.get("url") or item.get("contentUrl") or item.get("@id")
