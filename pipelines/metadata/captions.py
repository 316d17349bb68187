"""A picture's caption and credit: what stands below it, parted into what it shows and who took it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lxml.html import HtmlElement

from pipelines.metadata.image_data import data, name_words
from pipelines.normalize import letters, optional_text

_MAX_CAPTION_CHARS = 2_000
_UNREAD = ("script", "style", "noscript")
# A credit is a name or two, no sentence.
_MAX_CREDIT_CHARS = 120
_CREDIT_NAME = re.compile(r"(?:^|[-_])(?:credit|credits|copyright|source|photographer)(?:$|[-_])")
_COPYRIGHT = re.compile(r"(?:©|\(c\)|&copy;)\s*(?P<credit>[^©]{2,120})$", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[（【](?P<credit>[^()\[\]（）【】]{2,120})[)\]）】]\s*[.。]?$")
_BARRED = re.compile(r"[|–—]\s*(?P<credit>[^|–—]{2,60})$")
_LAST_SENTENCE = re.compile(
    r"[.!?؟。][\s\"'”»)]*(?P<credit>[^.!?؟。]{2,80}(?:\b[A-Z]\.){0,3}[^.!?؟。]{0,40})$"
)
_EDGES = " \t\n|/–—-,،;:([（【·•"
_SENTENCES = re.compile(r"[.!?؟。]\s+\S+\s+\S+\s+\S")
_PARTS = re.compile(r"[/,،|&+]|\s-\s|\svia\s|\s(?:und|and|et|و)\s")


def read_caption(holder: HtmlElement) -> tuple[str | None, str | None]:
    """Caption and credit of the picture in `holder`; None for what it does not say."""
    element = next(holder.iter("figcaption"), None)
    if element is None:
        element = next((e for e in _inside(holder) if name_words(e) & data().captions), None)
    if element is None:
        part = next((e for e in _inside(holder) if _is_credit(e)), None)
        return None, _text(part)
    part = next((e for e in _inside(element) if _is_credit(e)), None)
    if part is None:
        part = next((e for e in _inside(holder) if _is_credit(e) and element not in e.iterancestors()), None)
        outside = part if part is not element else None
        caption, credit = split_credit("".join(_texts(element, None)))
        return caption, credit or _text(outside)
    return optional_text("".join(_texts(element, part)), _MAX_CAPTION_CHARS), _text(part)


class Captions:
    """Captions of one page, each read once: one box may hold all of its pictures."""

    def __init__(self) -> None:
        self._known: dict[HtmlElement, tuple[str | None, str | None]] = {}

    def of(self, holder: HtmlElement) -> tuple[str | None, str | None]:
        """What `read_caption` says."""
        if holder not in self._known:
            self._known[holder] = read_caption(holder)
        return self._known[holder]


def split_credit(text: str) -> tuple[str | None, str | None]:
    """What a caption shows and who took the picture.

    >>> split_credit("The old bridge at dawn. Photo: Jane Roe")
    ('The old bridge at dawn.', 'Jane Roe')
    >>> split_credit("الجسر القديم (رويترز)")
    ('الجسر القديم', 'رويترز')
    >>> split_credit("The bridge (left) at dawn")
    ('The bridge (left) at dawn', None)
    """
    caption = optional_text(text, _MAX_CAPTION_CHARS)
    if caption is None:
        return None, None
    for match in (data().labelled.search(caption), _COPYRIGHT.search(caption)):
        if match and _is_name(match["credit"]):
            return _parted(caption, match.start(), match["credit"])
    for match in (_BRACKETED.search(caption), _BARRED.search(caption), _LAST_SENTENCE.search(caption)):
        if match and _is_agency(match["credit"]):
            at = match.start("credit") if match.re is _LAST_SENTENCE else match.start()
            return _parted(caption, at, match["credit"])
    return caption, None


def _parted(caption: str, at: int, credit: str) -> tuple[str | None, str | None]:
    return caption[:at].rstrip(_EDGES) or None, credit.strip().strip("()[]（）【】|©").strip().rstrip(
        "."
    ) or None


def _is_name(credit: str) -> bool:
    return len(credit) <= _MAX_CREDIT_CHARS and bool(letters(credit)) and not _SENTENCES.search(credit)


def _is_agency(credit: str) -> bool:
    """Whether one of the parts is an agency: "Jane Roe/AFP"."""
    return any(letters(part) in data().agencies for part in _PARTS.split(credit))


def _is_credit(element: HtmlElement) -> bool:
    return bool(_CREDIT_NAME.search(element.get("class") or ""))


def _inside(element: HtmlElement) -> Iterable[HtmlElement]:
    return (inner for inner in element.iter() if inner is not element and isinstance(inner.tag, str))


def _text(element: HtmlElement | None) -> str | None:
    """Text of an element that holds a credit, without its label."""
    said = None if element is None else optional_text("".join(_texts(element, None)), _MAX_CAPTION_CHARS)
    if said is None:
        return None
    return split_credit(said)[1] or said


def _texts(element: HtmlElement, without: HtmlElement | None) -> Iterator[str]:
    """Texts of `element` in order, but for scripts and one element in it."""
    if without is None and next(element.iter(*_UNREAD), None) is None:
        yield from element.itertext()
        return
    for text in element.xpath(".//text()"):
        owner = text.getparent()
        holder = owner.getparent() if text.is_tail else owner
        around = (holder, *holder.iterancestors())
        if without is not None and any(each is without for each in around):
            continue
        if holder.tag not in _UNREAD:
            yield str(text)
