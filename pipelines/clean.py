"""From a fetched page to an article or a refusal: the whole of the cleaning, in order.

`clean` is pure: the same page, policy and site memory give the same outcome, byte for byte. Clock, network
and settings are the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.body.body import Body, body_of
from pipelines.body.boilerplate import Known
from pipelines.body.datelines import SIGNATURE_RULE
from pipelines.body.reading import Reading, read
from pipelines.body.region import gathering
from pipelines.body.site_memory import NO_MEMORY, SiteMemory
from pipelines.bounds import bounded, bounded_rejection
from pipelines.language import detect_language
from pipelines.learned.judge import Judged, judge_page
from pipelines.learned.markup import read_markup
from pipelines.learned.page_features import page_facts
from pipelines.learned.page_words import page_words
from pipelines.metadata.access import access_flags
from pipelines.metadata.authors import authors, byline_texts, signatures
from pipelines.metadata.bylines.wire import wire_source
from pipelines.metadata.candidates import Statements
from pipelines.metadata.dates import Setting, modified, published
from pipelines.metadata.facts import page_type, rights, tags
from pipelines.metadata.images import cover, figures
from pipelines.metadata.lines import Line, page_lines
from pipelines.metadata.setting import setting_of, stated_languages
from pipelines.metadata.structured import read_statements
from pipelines.metadata.title import headline, stated_title
from pipelines.normalize import count_words, letters, optional_text
from pipelines.page.decode import decode
from pipelines.page.ending import ending_flags
from pipelines.page.precheck import precheck
from pipelines.page.tree import depth, parse
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.quality import refusal
from pipelines.records import Article, Cleaned, Image, Page, Reason, Rejected
from pipelines.similarity.fingerprint import article_id, text_hash
from pipelines.urls import canonical_url, credible_canonical


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What was read of a page before it was decided that it is an article."""

    root: HtmlElement
    statements: Statements
    title: str | None
    stated_title: str | None
    authors: tuple[str, ...]
    images: tuple[Image, ...]
    lines: Sequence[Line]
    setting: Setting
    known: Known
    reading: Reading
    ending: tuple[str, ...] = ()


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
    read = read_page(page, policy, memory)
    if isinstance(read, Rejected):
        return Examined(Cleaned(read))
    markup = read_markup(read.root)
    facts = page_facts(markup, read.statements, page.url, read.stated_title)
    words = page_words(markup, [block.text for block in read.reading.blocks], read.statements, page.url)
    judged = judge_page(read.reading, read.known, facts, words, policy)
    body = body_of(judged.reading, policy)
    refused = refusal(
        body, judged, title=read.title, root=read.root, statements=read.statements, policy=policy
    )
    if refused:
        return Examined(Cleaned(reject(page, *refused, title=read.title)), read.statements, body)
    article = _article(page, read, body, judged, policy)
    cleaned = bounded(Cleaned(article, body.removed, body.view), policy)
    return Examined(cleaned, read.statements, body, read.setting)


def read_page(
    page: Page, policy: Policy = DEFAULT_POLICY, memory: SiteMemory = NO_MEMORY
) -> ReadPage | Rejected:
    """The page as statements and rules read it, or why it cannot be read."""
    if refused := precheck(page.body, policy):
        return reject(page, *refused)
    decoded = decode(page.body, page.header("content-type"))
    if decoded.replacement_share > policy.max_replacement_share:
        return reject(page, Reason.BAD_ENCODING, f"{decoded.replacement_share:.1%} unreadable")
    root = parse(decoded.text)
    if root is None:
        return reject(page, Reason.EMPTY, "no document")
    if (levels := depth(root)) > policy.max_depth:
        return reject(page, Reason.TOO_DEEP, f"{levels} levels")
    statements = read_statements(root).with_witness(page.witness)
    host = urlsplit(page.url).hostname or ""
    title = optional_text(headline(statements, host), policy.max_title_chars)
    lines = page_lines(root, title)
    people = authors(statements, lines, host, policy)
    images = figures(root, page.url, cover(statements, page.url))
    known = _known(page.url, statements, title, people, images)
    return ReadPage(
        root=root,
        statements=statements,
        title=title,
        stated_title=stated_title(statements, host),
        authors=people,
        images=images,
        lines=lines,
        setting=setting_of(page, statements),
        known=known,
        reading=read(root, known, memory, policy),
        ending=ending_flags(decoded.text),
    )


def _known(
    url: str,
    statements: Statements,
    title: str | None,
    people: tuple[str, ...],
    images: tuple[Image, ...],
) -> Known:
    """What the body's blocks are compared with: the headline, the people, the captions."""
    headlines = [title, *(c.value for c in statements.all("title"))]
    captions = [text for image in images for text in (image.caption, image.credit, image.alt)]
    return Known(
        headlines=frozenset(letters(text) for text in headlines if text),
        people=frozenset(letters(name) for name in people),
        captions=frozenset(letters(text) for text in captions if text),
        host=urlsplit(url).hostname,
        description=letters(statements.first("description") or "") or None,
        title_words=frozenset(word for word in (title or "").casefold().split() if len(word) > 3),
        article_body=letters(statements.first("body") or "") or None,
        word_count=int(statements.first("words") or 0) or None,
    )


def _article(page: Page, read: ReadPage, body: Body, judged: Judged, policy: Policy) -> Article:
    statements, text = read.statements, body.text[: policy.max_text_chars]
    stated = (credible_canonical(said.value, page.url) for said in statements.all("canonical"))
    canonical = next(filter(None, stated), None) or canonical_url(page.url)
    hash_of_text = text_hash(text)
    front = cover(statements, page.url)
    container = gathering([judged.reading.blocks[at] for at in judged.reading.kept], policy)
    signed = [block.text for block in body.removed if block.rule == SIGNATURE_RULE]
    paragraphs = text.split("\n\n")
    credited = [*byline_texts(statements, read.lines), *signed]
    language = detect_language(text, policy, stated_languages(page, statements))
    dated = published(statements, read.lines, page.witness, read.setting)
    return Article(
        id=article_id(canonical, hash_of_text),
        site=page.site,
        publisher=statements.first("publisher"),
        country=page.country,
        url=page.url,
        url_requested=page.url_requested,
        url_canonical=canonical,
        title=read.title,
        description=statements.first("description"),
        text=text,
        language=language.code,
        language_script=language.script,
        language_score=language.score,
        authors=read.authors or signatures(signed) or None,
        tags=tags(statements) or None,
        section=statements.first("section"),
        published_at=dated.instant if dated else None,
        modified_at=modified(statements, dated, read.setting),
        published_date=dated.day if dated else None,
        published_source=dated.source if dated else None,
        published_raw=dated.raw if dated else None,
        image_url=front,
        images=figures(read.root, page.url, front, container) or None,
        page_type=page_type(statements, page.url, read.root, text),
        word_count=count_words(text),
        char_count=len(text),
        extraction_score=judged.quality,
        quality_flags=(*access_flags(statements, read.root, text), *read.ending) or None,
        extractor=EXTRACTOR,
        removed_blocks=len(body.removed),
        removed_chars=sum(len(block.text) for block in body.removed),
        text_hash=hash_of_text,
        minhash=None,
        cluster_id=None,
        duplicate_of=None,
        story_id=None,
        wire_source=wire_source(credited, paragraphs[0], paragraphs[-1]),
        version=1,
        previous_id=None,
        change_kind=None,
        fetched_at=page.fetched_at,
        http_status=page.http_status,
        etag=page.header("etag"),
        last_modified=page.header("last-modified"),
        discovered_via=page.discovered_via,
        discovered_at=page.discovered_at,
        robots=page.robots,
        rights=rights(statements, page, read.root) or None,
        warc_file=page.warc_file,
        warc_offset=page.warc_offset,
        run_id=page.run_id,
        schema_version=SCHEMA_VERSION,
    )


def reject(page: Page, reason: Reason, detail: str | None, title: str | None = None) -> Rejected:
    """The `rejected` row of `page`."""
    rejected = Rejected(
        site=page.site,
        url=page.url,
        url_requested=page.url_requested,
        reason=reason,
        detail=detail,
        title=title,
        http_status=page.http_status,
        content_type=page.header("content-type"),
        body_bytes=len(page.body),
        discovered_via=page.discovered_via,
        fetched_at=page.fetched_at,
        warc_file=page.warc_file,
        warc_offset=page.warc_offset,
        extractor=EXTRACTOR,
        run_id=page.run_id,
        schema_version=SCHEMA_VERSION,
    )
    return bounded_rejection(rejected)
