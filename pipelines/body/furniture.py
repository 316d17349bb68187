"""Which elements are furniture by their structure: tag, role, class and id names, visibility.

Names are what theme authors call things ("share-buttons", "related-posts", "author-box"), the same in every
language. A name is compared word by word: `read` never matches "thread", `ad` never "header".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from lxml.html import HtmlElement

from pipelines.body.blocks import HEADINGS, INLINE, INVISIBLE
from pipelines.policy import Policy

_TAGS = {
    "nav": "navigation",
    "footer": "footer",
    "aside": "aside",
    "form": "form",
    "button": "button",
    "dialog": "dialog",
    "figcaption": "caption",
    "menu": "navigation",
}
_BOXES = frozenset({"div", "section"})
# What offers a newsletter says no more.
_MAX_OFFER_CHARS = 400
# Longer runs of text are of paragraphs.
_LONG = 60
_ROLES = {
    "navigation": "navigation",
    "complementary": "aside",
    "contentinfo": "footer",
    "search": "form",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "button": "button",
    "toolbar": "share",
    "banner": "navigation",
}
# rule -> names, each one or more words joined by "-"; a name matches whole words in a row.
_NAMES = {
    "share": "share shares sharing shared sharer sharedaddy sharebar sharebox sharethis social socials "
    "addtoany addthis whatsapp telegram-channel",
    "related": "related relateds relatedposts recommended recommendation recommendations recirc "
    "check-also see-also read-also readalso read-more readmore more-on more-news also-read "
    "read-next up-next similar-posts similar-news taboola outbrain teaser teasers inline-link more-stories "
    "latest-news most-read most-viewed most-popular mostread popular trending "
    "cok-okunan cok-okunanlar ilgili-haberler benzer-haberler meistgelesen lire-aussi a-lire-aussi plus-lus "
    "leer-tambien lo-mas-leido mas-leidas leia-tambem mais-lidas leggi-anche",
    "author": "author-box authorbox author-bio about-author author-info author-card post-author-box bio-box",
    "byline": "byline by-line author-name post-meta entry-meta article-meta meta-item post-date postmeta "
    "entry-date publish-date published-date article-date dateline timestamp reading-time read-time "
    "author-meta post-info article-info news-info field-author news-code short-link shortlink",
    "views": "views view-count post-views hits-count",
    "tags": "tags tag-list taglist post-tags article-tags entry-tags tagcloud keywords",
    "comments": "comments comment commentlist respond disqus comment-form comments-area yorum yorumlar "
    "kommentar kommentare kommentarer commentaire commentaires comentario comentarios commenti komentarz "
    "komentarze reacties",
    "navigation": "nav navbar navigation menu breadcrumb breadcrumbs crumbs pagination pager "
    "skip-link skiplink topbar top-strip topstrip",
    "footer": "footer site-footer copyright colophon",
    "promotion": "newsletter subscribe subscription promo promotion advert advertisement advertising ad ads "
    "adsbygoogle ad-label sponsor sponsored banner app-download paywall-offer",
    "widget": "sidebar widget-area weather clock ticker prayer-times prayer currency breaking-news "
    "font-resize font-resizer print-link rating ratings stars vote votes",
    "consent": "cookie cookies consent gdpr",
    "back_to_top": "back-to-top backtotop go-to-top gototop scroll-top scroll-to-top totop to-top",
    "pull_quote": "pullquote pull-quote",
    "caption": "caption wp-caption-text image-caption photo-caption img-caption figcaption credit "
    "photo-credit image-credit",
    "hidden": "screen-reader-text sr-only visually-hidden visuallyhidden hidden-print",
}
# Every kind of furniture there is: the last part of a rule "structure.…".
FURNITURE = frozenset({*_TAGS.values(), *_ROLES.values(), *_NAMES})
_PHRASE_TO_RULE = {name: rule for rule, names in _NAMES.items() for name in names.split()}
_PATTERN = re.compile(
    r"(?<![a-z0-9])(?:"
    + "|".join(sorted(map(re.escape, _PHRASE_TO_RULE), key=len, reverse=True))
    + r")(?![a-z0-9])"
)
# "with-sidebar", "has-comments", "no-ads": said of a page, not the name of a part.
_STATE = re.compile(r"(?<![a-z0-9])(?:with|has|no|not|without|is|single|hide|show)-[a-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[_:.]+")
_INVISIBLE_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An element with its rule and the name that told it; outermost when it stands in none of that name."""

    element: HtmlElement
    rule: str
    name: str | None
    is_outermost: bool


def named_rule(name: str) -> str | None:
    """Rule for one class or id name.

    >>> named_rule("share-buttons"), named_rule("RelatedPosts"), named_rule("has-sidebar")
    ('share', 'related', None)
    """
    words = _SEPARATORS.sub("-", _CAMEL.sub("-", name)).lower()
    match = _PATTERN.search(_STATE.sub("", words))
    return _PHRASE_TO_RULE[match.group()] if match else None


def _rule(element: HtmlElement, seen: dict[str, str | None]) -> tuple[str, str | None] | None:
    """Rule for the element, and the class or id name that told it, if a name did."""
    if rule := _tag_rule(element):
        return rule, None
    attributes = element.attrib
    if not attributes:
        return None
    if "hidden" in attributes or _INVISIBLE_STYLE.search(attributes.get("style", "")):
        return "hidden", None
    if rule := _ROLES.get(attributes.get("role", "")):
        return rule, None
    if element.tag in HEADINGS:
        return None  # "widget-title" is what themes call a heading of the body, too
    for key in ("class", "id", "data-component", "data-testid"):
        for name in attributes.get(key, "").split():
            if name not in seen:
                seen[name] = named_rule(name)
            if (rule := seen[name]) and not (rule == "comments" and element.tag in INLINE):
                return rule, name
    return None


def _tag_rule(element: HtmlElement) -> str | None:
    if element.tag in _BOXES:
        return "form" if _asks_for_mail(element) else None
    rule = _TAGS.get(element.tag)
    return None if rule == "button" and _holds_heading(element) else rule


def _asks_for_mail(element: HtmlElement) -> bool:
    """Whether the element is a form for an e-mail address with the few words that offer something for it."""
    form = next((child for child in element if child.tag == "form"), None)
    if form is None or not any(_wants_mail(field) for field in form.iter("input")):
        return False
    return all(total <= _MAX_OFFER_CHARS for total in accumulate(map(len, _texts(element))))


def _wants_mail(field: HtmlElement) -> bool:
    said = (field.get("type"), field.get("name"), field.get("placeholder"))
    return any("mail" in (value or "").lower() for value in said)


def _holds_heading(element: HtmlElement) -> bool:
    """Whether a button is the headline of a part that folds, as questions and answers do."""
    return next(element.iter(*HEADINGS), None) is not None


def _candidates(body: HtmlElement) -> Iterator[_Candidate]:
    """Elements with a rule."""
    seen: dict[str, str | None] = {}
    stack = [(body, frozenset[str]())]
    while stack:
        element, names = stack.pop()
        for child in reversed(element):
            if not isinstance(child.tag, str) or child.tag in INVISIBLE:
                continue
            inside = names
            if found := _rule(child, seen):
                rule, name = found
                yield _Candidate(child, rule, name, is_outermost=name not in names)
                inside = names | {name} if name and len(child) else names
            stack.append((child, inside))


def _prose(body: HtmlElement) -> Counter[HtmlElement]:
    """Characters of text in paragraphs in each element: what an article has and furniture has little of."""
    found = Counter[HtmlElement]()
    for node in reversed(list(body.iter())):
        if isinstance(node.tag, str) and node.tag not in INVISIBLE:
            text, tail = len(node.text or ""), len(node.tail or "")
        else:
            text = tail = 0
        if text > _LONG:
            found[node] += text
        around = found[node] + (tail if tail > _LONG else 0)
        if around and node is not body:
            found[node.getparent()] += around
    return found


def _texts(element: HtmlElement) -> Iterator[str]:
    """The runs of visible text inside the element."""
    for node in element.iter():
        if isinstance(node.tag, str) and node.tag not in INVISIBLE:
            yield from filter(None, (node.text, node.tail if node is not element else None))


def find_furniture(body: HtmlElement, policy: Policy, *, by_name: bool = True) -> dict[HtmlElement, str]:
    """Furniture elements of `body` with their rule; without `by_name`, class and id names tell nothing.

    An element that holds most of the page's prose keeps it, whatever its name says. So do the parts
    that hold it between them under one name: page builders call every paragraph a "widget".
    """
    held = _prose(body)
    most = policy.max_furniture_share * held[body]
    found = [each for each in _candidates(body) if by_name or each.name is None]
    shared = Counter[str | None]()
    for each in found:
        if each.name and each.is_outermost:
            shared[each.name] += held[each.element]
    return {
        each.element: each.rule
        for each in found
        if not most or max(held[each.element], shared[each.name]) <= most
        if each.rule != "hidden" or held[each.element] < policy.min_folded_chars
        if policy.applies(f"structure.{each.rule}")
    }
