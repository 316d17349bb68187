"""Which elements are furniture by their structure: tag, role, class and id names, visibility.

Names are what theme authors call things ("share-buttons", "related-posts", "author-box"), the same in every
language. A name is compared word by word: `read` never matches "thread", `ad` never "header".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from math import inf
from typing import NamedTuple

from lxml.html import HtmlElement

from pipelines.body.blocks import HEADINGS, INLINE, INVISIBLE, body_number
from pipelines.page.outline import Outline
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
_HEADINGS = frozenset(HEADINGS)
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
# By the first word, the words of names and their rules, the longest first.
_BY_FIRST_WORD: dict[str, list[tuple[list[str], str]]] = {}
for _name in sorted(_PHRASE_TO_RULE, key=len, reverse=True):
    _words = _name.split("-")
    _BY_FIRST_WORD.setdefault(_words[0], []).append((_words, _PHRASE_TO_RULE[_name]))
_FIRST_WORDS = frozenset(word.encode() for word in _BY_FIRST_WORD)
_ASCII_WORDS = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(128))
_ASCII_WORDS += b" " * 128
# "with-sidebar", "has-comments", "no-ads": said of a page, not the name of a part.
_STATES = frozenset("with has no not without is single hide show".split())
_STATE = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(sorted(_STATES))})-[a-z]+")
_NO_WORD = re.compile("[^a-z0-9-]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[_:.]+")
_INVISIBLE_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


# Few elements have one of these.
_NAMING = ("data-component", "data-testid")
_tells_nothing = frozenset(("hidden", "style", "role", *_NAMING)).isdisjoint
# Pages of one site, and themes of many, have the same names.
_MOST_NAMES = 16_384
_LONG_NAME = 100
_LONG_NAMES = 500


class _Told(NamedTuple):
    """What an attribute or an element tells: a rule, and the name that told it, if a name did."""

    rule: str
    name: str | None


def named_rule(name: str) -> str | None:
    """Rule for one class or id name.

    >>> named_rule("share-buttons"), named_rule("RelatedPosts"), named_rule("has-sidebar")
    ('share', 'related', None)
    """
    return _usual_rule(name) if len(name) <= _LONG_NAME else _named_rule(name)


def _named_rule(name: str) -> str | None:
    # What parts words and is no hyphen stands as a word that is in no name of ours.
    joined = _NO_WORD.sub("- -", _SEPARATORS.sub("-", _parted(name)).lower())
    words = joined.split("-")
    if not _STATES.isdisjoint(words):
        words = _STATE.sub("", joined).split("-")
    for at, word in enumerate(words):
        for phrase, rule in _BY_FIRST_WORD.get(word, ()):
            if words[at : at + len(phrase)] == phrase:
                return rule
    return None


def _parted(names: str) -> str:
    return names if names.islower() else _CAMEL.sub("-", names)


def _may_tell(names: str) -> bool:
    """Whether there is a word in the names that one of ours begins with; True when in doubt."""
    words = _parted(names).encode().translate(_ASCII_WORDS).split()
    return not (_FIRST_WORDS.isdisjoint(words) and names.isascii())


def _names(said: str) -> tuple[_Told, ...]:
    """Those that tell something of the names in an attribute."""
    if not _may_tell(said):
        return ()
    return tuple([_Told(rule, name) for name in said.split() if (rule := named_rule(name))])


_usual_rule = lru_cache(maxsize=_MOST_NAMES)(_named_rule)
_usual_names = lru_cache(maxsize=_MOST_NAMES)(_names)


def _telling(attributes: Iterable[str | None]) -> dict[str | None, tuple[_Told, ...]]:
    """Those of some attributes that tell something."""
    return {
        said: names
        for said in set(attributes)
        if said and (names := _usual_names(said) if len(said) <= _LONG_NAMES else _names(said))
    }


class _Page:
    """What is asked of a page's elements to tell furniture, each told by its number."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.forms = {outline.parents[at]: at for at in reversed(outline.all("form"))}
        self._tails = dict(_long_runs(outline, outline.tails))
        lengths = [0] * len(outline.tags)
        for at, length in (*_long_runs(outline, outline.texts), *self._tails.items()):
            lengths[at] += length
        self._prose = list(accumulate(lengths, initial=0))

    def prose(self, at: int) -> int:
        """Characters in long runs of text in the element: what an article has and furniture has little of."""
        return self._prose[self.outline.ends[at]] - self._prose[at] - self._tails.get(at, 0)

    def candidates(self, within: range, *, by_name: bool) -> list[tuple[int, _Told]]:
        """Those of the elements that have a rule, in document order."""
        outline, tags, ends = self.outline, self.outline.tags, self.outline.ends
        attributes = enumerate(outline.attributes_in(within), within.start)
        asked = {at for at, names in attributes if not _tells_nothing(names)}
        asked.update(at for at in (*self.forms, *outline.all(*_TAGS)) if at in within)
        named = self._named(within, asked) if by_name else {}
        unseen = [at for at in outline.all(*INVISIBLE, "") if ends[at] > at + 1]
        found = []
        stop = within.start
        for at in sorted(asked.union(named, unseen)):
            if not stop <= at < within.stop:
                continue
            tag = tags[at]
            if not tag or tag in INVISIBLE:
                stop = ends[at]
            elif at in asked and (rule := self._rule(at)):
                found.append((at, _Told(rule, None)))
            elif at in named and tag not in _HEADINGS:
                # "widget-title" is what themes call a heading of the body, too.
                told = named[at]
                if told[0].rule == "comments" and tag in INLINE:
                    told = tuple(each for each in told if each.rule != "comments")
                if told:
                    found.append((at, told[0]))
        return found

    def _named(self, within: range, asked: Iterable[int]) -> dict[int, tuple[_Told, ...]]:
        """What the names of elements tell; `asked` are those that may have other names than class and id."""
        outline, inside = self.outline, slice(within.start, within.stop)
        attributes = [outline.classes[inside], outline.ids[inside]]
        telling = _telling(chain(*attributes))
        found: dict[int, tuple[_Told, ...]] = {}
        for said in attributes:
            for at in [at for at, each in enumerate(said, within.start) if each in telling]:
                found[at] = found.get(at, ()) + telling[said[at - within.start]]
        for at in asked:
            for said in filter(None, map(outline.elements[at].get, _NAMING)):
                if told := _names(said):
                    found[at] = found.get(at, ()) + told
        return found

    def _rule(self, at: int) -> str | None:
        """Rule by what the element is and says of itself beside its names."""
        tag, element = self.outline.tags[at], self.outline.elements[at]
        if tag in _BOXES and at in self.forms and self._asks_for_mail(at):
            return "form"
        if (rule := _TAGS.get(tag)) and not (rule == "button" and self._holds_heading(at)):
            return rule
        if element.get("hidden") is not None or _INVISIBLE_STYLE.search(element.get("style") or ""):
            return "hidden"
        return _ROLES.get(element.get("role") or "")

    def _asks_for_mail(self, at: int) -> bool:
        """Whether the element is a form for an e-mail address with the few words that offer something."""
        outline, form = self.outline, self.forms[at]
        fields = (k for k in range(form, outline.ends[form]) if outline.tags[k] == "input")
        if not any(_wants_mail(outline.elements[field]) for field in fields):
            return False
        return all(total <= _MAX_OFFER_CHARS for total in accumulate(map(len, self._runs(at))))

    def _runs(self, at: int) -> Iterator[str]:
        """The runs of visible text inside the element."""
        outline = self.outline
        for node in range(at, outline.ends[at]):
            if outline.tags[node] and outline.tags[node] not in INVISIBLE:
                yield outline.texts[node] or ""
                yield (outline.tails[node] if node != at else None) or ""

    def _holds_heading(self, at: int) -> bool:
        """Whether a button is the headline of a part that folds, as questions and answers do."""
        return not _HEADINGS.isdisjoint(self.outline.tags[at : self.outline.ends[at]])


def _long_runs(outline: Outline, runs: Sequence[str | None]) -> list[tuple[int, int]]:
    """Number of the element and characters of each of its runs that is long and seen."""
    long = [(at, len(run)) for at, run in enumerate(runs) if run and len(run) > _LONG]
    return [(at, length) for at, length in long if outline.tags[at] and outline.tags[at] not in INVISIBLE]


def _wants_mail(field: HtmlElement) -> bool:
    said = (field.get("type"), field.get("name"), field.get("placeholder"))
    return any("mail" in (value or "").lower() for value in said)


def find_furniture(
    outline: Outline, policy: Policy, *, by_name: bool = True, below: int | None = None
) -> dict[int, str]:
    """Numbers of furniture elements below <body>, and their rules; without `by_name`, names tell nothing.

    An element that holds most of the page's prose keeps it, whatever its name says. So do the parts
    that hold it between them under one name: page builders call every paragraph a "widget". With `below`
    only the element of that number, and what is in it, is looked at.
    """
    page = _Page(outline)
    body = body_number(outline)
    top = body + 1 if below is None else below
    within = range(top, outline.ends[body if below is None else below])
    found = [(at, *told, page.prose(at)) for at, told in page.candidates(within, by_name=by_name)]
    shared = Counter[str]()
    ends: dict[str, int] = {}  # of the outermost element of each name
    for at, _, name, prose in found:
        if name and ends.get(name, 0) <= at:
            ends[name] = outline.ends[at]
            shared[name] += prose
    most = policy.max_furniture_share * page.prose(body) or inf
    wide = {name for name, prose in shared.items() if prose > most}
    return {
        at: rule
        for at, rule, name, prose in found
        if prose <= most and name not in wide
        if rule != "hidden" or prose < policy.min_folded_chars
        if policy.applies(f"structure.{rule}")
    }
