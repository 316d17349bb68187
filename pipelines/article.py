"""The rows a page becomes: an article with all its columns, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.body.body import PARAGRAPH_BREAK, Body
from pipelines.body.datelines import SIGNATURE_RULE
from pipelines.body.reading import Reading
from pipelines.body.region import gathering
from pipelines.bounds import bounded_rejection
from pipelines.language import detect_language
from pipelines.metadata.access import access_flags
from pipelines.metadata.authors import authors, byline_texts, signatures
from pipelines.metadata.bylines.wire import wire_source
from pipelines.metadata.dates import Dated, modified, published
from pipelines.metadata.facts import page_type, rights, tags
from pipelines.metadata.lines import Line
from pipelines.metadata.setting import stated_languages
from pipelines.metadata.settled import is_settled
from pipelines.normalize import count_words
from pipelines.opening import OpenPage
from pipelines.policy import Policy
from pipelines.records import Article, Page, Reason, Rejected
from pipelines.similarity.fingerprint import article_id, text_hash
from pipelines.similarity.near import signature
from pipelines.urls import canonical_url, credible_canonical


@dataclass(frozen=True, slots=True)
class Told:
    """People, date and the words of bylines, as statements and some lines of the page tell them."""

    people: tuple[str, ...]
    dated: Dated | None
    credited: tuple[str, ...]


def told_of(
    opened: OpenPage, lines: Callable[[], Sequence[Line]], policy: Policy, *, stated_alone: bool = False
) -> tuple[Told, Told]:
    """What the page tells, and what its statements alone do; `lines` are made where they may add to it."""
    stated = told_by(opened, [], policy)
    if stated_alone or is_settled(opened.page, opened.statements, stated.people, opened.host, opened.setting):
        return stated, stated
    return told_by(opened, lines(), policy), stated


def told_by(opened: OpenPage, lines: Sequence[Line], policy: Policy) -> Told:
    """What the page's statements and these of its lines tell."""
    statements = opened.statements
    return Told(
        people=authors(statements, lines, opened.host, policy),
        dated=published(statements, lines, opened.page.witness, opened.setting),
        credited=tuple(byline_texts(statements, lines)),
    )


def wire_of(credited: Sequence[str], signed: Sequence[str], text: str) -> str | None:
    """The agency that bylines, signatures or the text's ends name."""
    paragraphs = text.split(PARAGRAPH_BREAK)
    return wire_source([*credited, *signed], paragraphs[0], paragraphs[-1])


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of a page: the reading, its body in words, and how well it was read (0..1)."""

    reading: Reading
    body: Body
    quality: float


def article_of(opened: OpenPage, told: Told, decided: Decided, policy: Policy) -> Article:
    """The row of an article."""
    reading, body = decided.reading, decided.body
    page, statements, text = opened.page, opened.statements, body.text[: policy.max_text_chars]
    stated = (credible_canonical(said.value, page.url) for said in statements.all("canonical"))
    canonical = next(filter(None, stated), None) or canonical_url(page.url)
    hash_of_text = text_hash(text)
    container = gathering([reading.blocks[at] for at in reading.kept], policy)
    signed = [block.text for block in body.removed if block.rule == SIGNATURE_RULE]
    language = detect_language(text, policy, stated_languages(page, statements))
    dated = told.dated
    return Article(
        id=article_id(canonical, hash_of_text),
        site=page.site,
        publisher=statements.first("publisher"),
        country=page.country,
        url=page.url,
        url_requested=page.url_requested,
        url_canonical=canonical,
        title=opened.title,
        description=statements.first("description"),
        text=text,
        language=language.code,
        language_script=language.script,
        language_score=language.score,
        authors=told.people or signatures(signed) or None,
        tags=tags(statements) or None,
        section=statements.first("section"),
        published_at=dated.instant if dated else None,
        modified_at=modified(statements, dated, opened.setting),
        published_date=dated.day if dated else None,
        published_source=dated.source if dated else None,
        published_raw=dated.raw if dated else None,
        image_url=opened.pictures.front,
        images=opened.pictures.of(container) or None,
        page_type=page_type(statements, page.url, opened.outline, text),
        word_count=count_words(text),
        char_count=len(text),
        extraction_score=decided.quality,
        quality_flags=(*access_flags(statements, opened.outline, text), *opened.ending) or None,
        extractor=EXTRACTOR,
        removed_blocks=len(body.removed),
        removed_chars=sum(len(block.text) for block in body.removed),
        text_hash=hash_of_text,
        minhash=signature(text, policy),
        cluster_id=None,
        duplicate_of=None,
        story_id=None,
        wire_source=wire_of(told.credited, signed, text),
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
        rights=rights(statements, page, opened.outline) or None,
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
