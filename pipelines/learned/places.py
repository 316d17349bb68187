"""What the elements around a block say of it: their tags and what their class names are called after."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.html import HtmlElement

_NAMES_OF_BODY = re.compile(
    r"(?<![a-z])(?:article|story|post|entry|news|content|main|text|body|detail|single|page)"
    r"[-_]?(?:body|content|text|detail|copy|container|main|article|story)(?![a-z])|articlebody|"
    r"(?<![a-z])(?:prose|richtext|rich-text|wysiwyg|editor|field-item|paragraph|textblock|text-block)(?![a-z])"
)
_NAMES_OF_LEAD = re.compile(
    r"(?<![a-z])(?:lead|lede|intro|standfirst|subtitle|sub-title|subhead|deck|dek|summary|excerpt|teaser|"
    r"description|abstract|chapo|sapo|kicker|spitzmarke|vorspann)(?![a-z])"
)
_NAMES_OF_BOX = re.compile(
    r"(?<![a-z])(?:box|card|widget|module|block|sidebar|list|grid|item|tile|thumb|slider|carousel|"
    r"infobox|factbox|callout|cta|author|bio|profile|meta|info|caption|credit|source|tag|label|date|time|"
    r"bottom|footer|header|top|related|more|link|links|button|btn)(?![a-z])"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class Place:
    """An element and all around it; the names count the levels since one was seen, 0 for never."""

    depth: int
    signature: str
    article: bool
    main: bool
    body_name: int
    lead_name: int
    box_name: int
    stated_body: bool
    lists: int
    table: bool
    quote: bool
    figure: bool
    aside: bool


_ROOT = Place(0, "", False, False, 0, 0, 0, False, 0, False, False, False, False)


class Places:
    """Places of one page's elements, each summed up once."""

    def __init__(self) -> None:
        self._known: dict[HtmlElement, Place] = {}

    def of(self, element: HtmlElement) -> Place:
        """The place of `element`, itself included."""
        chain = []
        node: HtmlElement | None = element
        while node is not None and node not in self._known and node.tag not in ("body", "html"):
            chain.append(node)
            node = node.getparent()
        place = self._known.get(node, _ROOT) if node is not None else _ROOT
        for node in reversed(chain):
            place = self._known[node] = _below(place, node)
        return place


def _below(outer: Place, element: HtmlElement) -> Place:
    attributes = element.attrib
    raw = f"{attributes.get('class', '')} {attributes.get('id', '')}"
    names = _CAMEL.sub("-", raw).lower()
    tag = element.tag
    first = raw.split()[:1]
    step = _DIGITS.sub("0", f"/{tag}.{first[0]}" if first else f"/{tag}")
    stated = "articlebody" in attributes.get("itemprop", "").lower()
    return Place(
        depth=outer.depth + 1,
        signature=outer.signature + step,
        article=outer.article or tag == "article",
        main=outer.main or tag == "main" or attributes.get("role") == "main",
        body_name=1 if _NAMES_OF_BODY.search(names) else outer.body_name and outer.body_name + 1,
        lead_name=1 if _NAMES_OF_LEAD.search(names) else outer.lead_name and outer.lead_name + 1,
        box_name=1 if _NAMES_OF_BOX.search(names) else outer.box_name and outer.box_name + 1,
        stated_body=outer.stated_body or stated,
        lists=outer.lists + (tag in ("ul", "ol")),
        table=outer.table or tag == "table",
        quote=outer.quote or tag == "blockquote",
        figure=outer.figure or tag == "figure",
        aside=outer.aside or tag in ("aside", "footer", "nav", "header"),
    )
