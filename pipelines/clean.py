"""From a fetched page to an article or a refusal: the whole of the cleaning, in order.

`clean` is pure: the same page, policy and site memory give the same outcome, byte for byte. Clock, network
and settings are the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from pipelines.article import Decided, Told, article_of, reject, told_of, wire_of
from pipelines.body.body import Body, body_of
from pipelines.body.boilerplate import Known
from pipelines.body.learnt import learnt_place, read_learnt, view_of
from pipelines.body.reading import Reading, read
from pipelines.body.site_memory import NO_MEMORY, SiteMemory
from pipelines.bounds import bounded
from pipelines.learned.judge import Judged, judge_page
from pipelines.learned.markup import read_markup
from pipelines.learned.page_features import page_facts
from pipelines.learned.page_words import page_words
from pipelines.metadata.candidates import Statements
from pipelines.metadata.dates import Setting
from pipelines.metadata.lines import Line, page_lines
from pipelines.opening import OpenPage, known_of, open_page
from pipelines.page.outline import unscripted_chars
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.quality import refusal
from pipelines.records import Article, Cleaned, Page, PageView, Reason, Rejected

__all__ = ["Examined", "ReadPage", "clean", "examine", "read_page", "reject", "warm_up"]


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What the rules read of a page before it was decided that it is an article."""

    opened: OpenPage
    told: Told
    stated: Told
    known: Known
    reading: Reading


@dataclass(frozen=True, slots=True)
class Examined:
    """The outcome of a page and what it was decided from, as far as the page was read."""

    cleaned: Cleaned
    statements: Statements | None = None
    body: Body | None = None
    setting: Setting | None = None


def clean(page: Page, policy: Policy = DEFAULT_POLICY, memory: SiteMemory = NO_MEMORY) -> Cleaned:
    """The article `page` holds, or why it holds none."""
    return examine(page, policy, memory).cleaned


def warm_up() -> None:
    """Load what the first page would: word lists, models, profiles of languages."""
    story = "".join(f"<p>{'خبر عاجل من المدينة، ' * 12}{number}.</p>" for number in range(9))
    body = f"<html><body><article><h1>خبر من المدينة اليوم</h1>{story}</article></body></html>"
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for charset in ("utf-8", "windows-1256"):
        said = (("content-type", f"text/html; charset={charset}"),)
        clean(Page("http://warm.invalid/news/1", body.encode(charset), said, now, "", ""))


def examine(page: Page, policy: Policy, memory: SiteMemory) -> Examined:
    """The outcome of `clean` with what led to it."""
    if page.rules_off:
        policy = replace(policy, rules_off=policy.rules_off | frozenset(page.rules_off))
    opened = open_page(page, policy)
    if not isinstance(opened, OpenPage):
        return Examined(Cleaned(reject(page, *opened)))
    examined = _by_learnt_road(opened, policy, memory) or _by_general_road(opened, policy, memory)
    result = examined.cleaned.result
    if not isinstance(result, Rejected) or result.reason is not Reason.NO_BODY:
        return examined
    return _without_scripts(opened, policy, memory) or examined


def _without_scripts(opened: OpenPage, policy: Policy, memory: SiteMemory) -> Examined | None:
    """The article of a page whose body only browsers show that run no scripts, if there is one."""
    if unscripted_chars(opened.outline) < policy.min_unscripted_chars:
        return None
    plain = open_page(opened.page, policy, scripts=False)
    examined = _by_general_road(plain, policy, memory) if isinstance(plain, OpenPage) else None
    return examined if examined and isinstance(examined.cleaned.result, Article) else None


def _by_learnt_road(opened: OpenPage, policy: Policy, memory: SiteMemory) -> Examined | None:
    """The article of a page that is as its template's pages have been; None for any other."""
    place = learnt_place(opened.walk.places, opened.page.url, memory, policy)
    if place is None:
        return None
    learnt = place.learnt
    told, _ = told_of(opened, lambda: _lines(opened), policy, stated_alone=learnt.stated)
    reading = read_learnt(opened.walk, place, known_of(opened, told.people), memory, policy)
    if reading is None or reading.sight is None:
        return None
    view = view_of(reading, reading, reading.sight, learnt.quality, stated=learnt.stated)
    body = body_of(reading, policy)
    if _refusal(opened, body, Judged(reading, None, learnt.quality), policy):
        return None
    return _article(opened, told, Decided(reading, body, learnt.quality), view, policy)


def _by_general_road(opened: OpenPage, policy: Policy, memory: SiteMemory) -> Examined:
    """The outcome of a page that is read whole and judged by the models."""
    found = _read(opened, policy, memory)
    page, statements = opened.page, opened.statements
    markup = read_markup(opened.outline)
    facts = page_facts(markup, statements, page.url, opened.stated_title)
    words = page_words(markup, [block.text for block in found.reading.blocks], statements, page.url)
    judge = partial(
        judge_page, known=found.known, outline=opened.outline, facts=facts, words=words, policy=policy
    )
    judged = judge(found.reading)
    body = body_of(judged.reading, policy)
    refused = None
    doubtful = judged.article is not None and judged.article < policy.max_listing_score
    if doubtful or judged.quality < policy.min_sure_quality:
        second = read(opened.walk, found.known, memory, policy, ask_extractor=True)
        other = judge(second)
        chance = _mean(judged.article, other.article)
        judged, other = replace(judged, article=chance), replace(other, article=chance)
        other_body = body_of(other.reading, policy)
        if doubtful and other_body.letters < policy.min_body_letters:  # often so of pages that are none
            refused = _refusal(opened, other_body, other, policy)
        if other.quality > judged.quality:
            found, judged, body = replace(found, reading=second), other, other_body
    refused = refused or _refusal(opened, body, judged, policy)
    if refused:
        return Examined(Cleaned(reject(page, *refused, title=opened.title)), statements, body)
    sight = found.reading.sight
    view = None
    if sight is not None:
        stated = _is_stated(found, body.text)
        view = view_of(found.reading, judged.reading, sight, judged.quality, stated=stated)
    return _article(opened, found.told, Decided(judged.reading, body, judged.quality), view, policy)


def _mean(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else (one + other) / 2


def _refusal(opened: OpenPage, body: Body, judged: Judged, policy: Policy) -> tuple[Reason, str] | None:
    return refusal(
        body,
        judged,
        title=opened.title,
        root=opened.root,
        statements=opened.statements,
        policy=policy,
    )


def _is_stated(found: ReadPage, text: str) -> bool:
    """Whether the page's lines add nothing to what it states of people, date and agency."""
    told, stated = found.told, found.stated
    if (told.people, told.dated) != (stated.people, stated.dated):
        return False
    return told.credited == stated.credited or (
        wire_of(told.credited, [], text) == wire_of(stated.credited, [], text)
    )


def _article(
    opened: OpenPage, told: Told, decided: Decided, view: PageView | None, policy: Policy
) -> Examined:
    article = article_of(opened, told, decided, policy)
    cleaned = bounded(Cleaned(article, decided.body.removed, view), policy)
    return Examined(cleaned, opened.statements, decided.body, opened.setting)


def read_page(
    page: Page, policy: Policy = DEFAULT_POLICY, memory: SiteMemory = NO_MEMORY
) -> ReadPage | Rejected:
    """The page as statements and rules read it, or why it cannot be read."""
    opened = open_page(page, policy)
    return _read(opened, policy, memory) if isinstance(opened, OpenPage) else reject(page, *opened)


def _read(opened: OpenPage, policy: Policy, memory: SiteMemory) -> ReadPage:
    told, stated = told_of(opened, lambda: _lines(opened), policy)
    known = known_of(opened, told.people)
    return ReadPage(opened, told, stated, known, read(opened.walk, known, memory, policy))


def _lines(opened: OpenPage) -> list[Line]:
    return page_lines(opened.outline, opened.walk.blocks({}), opened.title)
