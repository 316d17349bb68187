"""Whether the text can be read by everybody: what the page declares, and what stands where the text ends.

Three separate facts, for the column `quality_flags`; nothing is refused for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from lxml.html import HtmlElement

from pipelines.body.phrases import load_phrases
from pipelines.metadata.candidates import Statements
from pipelines.normalize import clean_text, count_words, letters
from pipelines.page.outline import Outline
from pipelines.tables import read_table

PAID, CUT, WALL = "paid_declared", "cut", "login_wall"
_PAID_TIERS = frozenset({"metered", "locked"})
# Declared paid and shorter than this share of the words the page says it has: the rest was not sent.
_CUT_SHARE = 0.6
_ENDS = re.compile(r"[.!?。！？؟۔।॥։።:;؛\"'”’»›)\]）」』】\u200f]\s*$")
_BROKEN_OFF = re.compile(r"(?:…|\.\.\.|\[\s*(?:…|\.\.\.)\s*\]|\(\s*(?:…|\.\.\.)\s*\))\s*$")
# Paid pages show at most so many words before their wall; behind a longer text stands an appeal for support.
_PREVIEW_WORDS = 250
# A last line shorter than this may be a name or a label; letters.
_MIN_SENTENCE = 60
# By so many of its last letters the end of the text is found in the page.
_TAIL = 40
# How far behind the end a wall stands at most: pieces of text, and letters.
_REACH_RUNS, _REACH_LETTERS = 12, 800
_MAX_BOX_ELEMENTS = 300
_MAX_NAMES_CHARS = 1_000
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WORDS = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "option", "iframe"})


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of text of the page: its letters begin at `start` of all letters of the page."""

    start: int
    text: str
    element: HtmlElement


def access_flags(statements: Statements, outline: Outline, text: str) -> tuple[str, ...]:
    """`paid_declared`, `cut` and `login_wall`, as far as they hold of the page and the `text` kept of it.

    `paid_declared`: the page says so (JSON-LD `isAccessibleForFree`, meta `article:content_tier`). `cut`: the
    text breaks off before an offer to subscribe, or is much shorter than a paid article says it is.
    `login_wall`: a form or a link to log in or to subscribe stands where such a text ends, or a paid one
    that is no longer than a preview.
    """
    paid = _declared_paid(statements)
    unfinished = _unfinished(text)
    words = count_words(text) if paid else 0
    short = paid and words < _CUT_SHARE * int(statements.first("words") or 0)
    goes_on = unfinished or short or (paid and words < _PREVIEW_WORDS)
    wall = _wall_behind(outline, text) if goes_on else None
    facts = {
        PAID: paid,
        CUT: short or (wall is not None and unfinished),
        WALL: wall is not None and _is_door(wall),
    }
    return tuple(flag for flag, holds in facts.items() if holds)


def _declared_paid(statements: Statements) -> bool:
    free = [c.value for c in statements.all("access") if c.source.startswith("json-ld")]
    tiers = {c.value.strip().lower() for c in statements.all("access")}
    # Of several nodes the first is the article itself.
    return free[:1] == ["false"] or bool(tiers & _PAID_TIERS)


def _unfinished(text: str) -> bool:
    """Whether the text ends in the middle of a sentence."""
    last = text.rstrip().rpartition("\n")[2]
    if _BROKEN_OFF.search(last):
        return True
    return len(letters(last)) >= _MIN_SENTENCE and not _ENDS.search(last)


def _wall_behind(outline: Outline, text: str) -> HtmlElement | None:
    """The element of a wall right behind the end of the text, or None."""
    tail = letters(text[-4 * _TAIL :])[-_TAIL:]
    runs, joined = _runs(outline)
    at = joined.rfind(tail) if tail else -1
    if at < 0:
        return None
    end = at + len(tail)
    # The run that the text ends in is passed over: a wall begins with an element of its own.
    behind = [run for run in runs if end <= run.start <= end + _REACH_LETTERS][:_REACH_RUNS]
    for run in behind:
        for element in (run.element, *_boxes_around(run.element)):
            if _is_named(element):
                return element
        rule = load_phrases().match(clean_text(run.text))
        if rule is not None and rule.kind == "paywall":
            return next(iter(_boxes_around(run.element)), run.element)
    return None


def _runs(outline: Outline) -> tuple[list[_Run], str]:
    """Visible pieces of text in order, and all their letters."""
    runs: list[_Run] = []
    pieces: list[str] = []
    at = 0
    for text, number in _seen_texts(outline):
        if text and (folded := letters(text)):
            runs.append(_Run(at, text, outline.elements[number]))
            pieces.append(folded)
            at += len(folded)
    return runs, "".join(pieces)


def _seen_texts(outline: Outline) -> Iterator[tuple[str | None, int]]:
    """Texts of the body in order, each with the element it stands in, without what nobody sees."""
    elements, parents, ends, tails = outline.elements, outline.parents, outline.ends, outline.tails
    body = elements[0].find("body")
    if body is None or _is_silent(elements[0]) or _is_silent(body):
        return
    first = outline.numbers[body]
    yield outline.texts[first], first
    open_: list[int] = []
    at = first + 1
    while at < ends[first]:
        while open_ and ends[open_[-1]] <= at:
            done = open_.pop()
            yield tails[done], parents[done]
        if not outline.tags[at] or _is_silent(elements[at]):
            yield tails[at], parents[at]
            at = ends[at]
        else:
            yield outline.texts[at], at
            open_.append(at)
            at += 1
    for done in reversed(open_):
        yield tails[done], parents[done]


def _is_silent(element: HtmlElement) -> bool:
    """Whether nobody sees what stands in the element."""
    if element.tag in _SILENT or element.get("hidden") is not None:
        return True
    style = element.get("style")
    return bool(style and _HIDDEN_STYLE.search(style))


def _boxes_around(element: HtmlElement) -> Iterator[HtmlElement]:
    """The nearest boxes that hold the element, as long as they are small."""
    for at, box in enumerate(element.iterancestors("div", "section", "aside", "form", "dialog", "p")):
        if at == 3 or box.tag == "body" or sum(1 for _ in _first(box)) >= _MAX_BOX_ELEMENTS:
            return
        yield box


def _first(box: HtmlElement) -> Iterator[HtmlElement]:
    for at, element in enumerate(box.iter()):
        if at == _MAX_BOX_ELEMENTS:
            return
        yield element


def _is_named(element: HtmlElement) -> bool:
    """Whether a class or id name is one that walls have."""
    said = f"{element.get('class') or ''} {element.get('id') or ''}"[:_MAX_NAMES_CHARS]
    if said.isspace():
        return False
    return any(
        name in f"-{'-'.join(_WORDS.findall(_CAMEL.sub('-', word).lower()))}-"
        for word in said.split()
        for name in _data()[0]
    )


def _is_door(wall: HtmlElement) -> bool:
    """Whether the wall has a way through: a field for a password or an address, or a link to such a form."""
    box = next((b for b in (*_boxes_around(wall),) if b.tag != "p"), wall)
    for element in (*_first(wall), *_first(box)):
        if element.tag == "input" and (element.get("type") or "").lower() in ("password", "email"):
            return True
        if element.tag in ("a", "form"):
            address = (element.get("href") or element.get("action") or "").lower()
            if _data()[1] & {"-".join(part) for part in _path_words(address)}:
                return True
    return False


def _path_words(address: str) -> Iterator[list[str]]:
    """Words of the address, and the pairs of neighbours: "sign-in" is both."""
    words = _WORDS.findall(address[:500])
    yield from ([word] for word in words)
    yield from (list(pair) for pair in pairwise(words))


@cache
def _data() -> tuple[tuple[str, ...], frozenset[str]]:
    """Names of walls, each between hyphens, and words of addresses that lead to a door."""
    data = read_table("pipelines.metadata", "access.toml")
    return tuple(f"-{name}-" for name in data["names"].split()), frozenset(data["doors"].split())
