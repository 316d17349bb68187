"""The records that travel between the stages, one type a phase; all frozen.

`Page` is what was fetched, `Cleaned` is what `pipelines.clean.clean` makes of it: an `Article` or a
`Rejected`, and the blocks that were cut on the way. Field names of `Article`, `Rejected` and
`RemovedBlock` are the column names of `pipelines.store.schema`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def values_of(record: DataclassInstance) -> dict[str, Any]:
    """Field names and values. `dataclasses.asdict` copies what is in them, too, and takes its time."""
    return {name: getattr(record, name) for name in _names(type(record))}


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


class State(StrEnum):
    """Where a URL stands in the ledger. The last five are ends; the others belong to a run under way."""

    PENDING = "pending"
    LEASED = "leased"
    FETCHED = "fetched"
    STAGED = "staged"
    COMMITTED = "committed"
    REJECTED = "rejected"
    FAILED = "failed"
    GONE = "gone"
    FORBIDDEN = "forbidden"


class Reason(StrEnum):
    """Why a page was turned away; the value is what the `reason` column of `rejected` holds."""

    TOO_LARGE = "too_large"
    TOO_MANY_TAGS = "too_many_tags"
    TOO_MANY_ATTRIBUTES = "too_many_attributes"
    TOO_DEEP = "too_deep"
    NOT_HTML = "not_html"
    EMPTY = "empty"
    BAD_ENCODING = "bad_encoding"
    NOT_ARTICLE = "not_article"
    NO_BODY = "no_body"
    SOFT_404 = "soft_404"
    LOGIN_WALL = "login_wall"
    CONSENT_WALL = "consent_wall"
    JS_SHELL = "js_shell"
    BLOCKED = "blocked"
    EXTRACT_TIMEOUT = "extract_timeout"
    WORKER_MEMORY = "worker_memory"
    WORKER_CRASH = "worker_crash"
    INTERNAL_ERROR = "internal_error"


class ChangeKind(StrEnum):
    """What a new version of an article changed; the value is what `change_kind` holds."""

    HEADLINE = "headline"
    TEXT = "text"
    CORRECTION = "correction"
    REMOVED = "removed"
    RECLEANED = "recleaned"  # the page is the same: a later cleaning reads it otherwise


@dataclass(frozen=True, slots=True)
class Witness:
    """What a feed or news sitemap said of an article before it was fetched."""

    title: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched response and how it came to us.

    `headers` have lower-case names; `fetched_at` is aware UTC; `site_language` is what the site file
    expects, a prior and no fact; `timezone` is the site file's IANA name; `rules_off` are the cutting rules
    the site file turns off.
    """

    url: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    fetched_at: datetime
    site: str
    run_id: str
    url_requested: str | None = None
    http_status: int | None = None
    country: str | None = None
    site_language: str | None = None
    timezone: str | None = None
    rules_off: tuple[str, ...] = ()
    discovered_via: str | None = None
    discovered_at: datetime | None = None
    robots: str | None = None
    witness: Witness | None = None
    warc_file: str | None = None
    warc_offset: int | None = None

    def header(self, name: str) -> str | None:
        """First value of the header `name` (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of the article, its caption not in the text. The page puts its `cover` forward."""

    url: str
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None
    cover: bool = False


@dataclass(frozen=True, slots=True)
class RemovedBlock:
    """A block that was cut from a kept page: where it stood, what it said, which rule cut it."""

    order: int
    path: str
    text: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Article:
    """One article version: a row of `articles`. None means unknown; no field is an empty string."""

    id: str
    site: str
    publisher: str | None
    country: str | None
    url: str
    url_requested: str | None
    url_canonical: str
    title: str | None
    description: str | None
    text: str
    language: str
    language_script: str | None
    language_score: float | None
    authors: tuple[str, ...] | None
    tags: tuple[str, ...] | None
    section: str | None
    published_at: datetime | None
    modified_at: datetime | None
    published_date: date | None
    published_source: str | None
    published_raw: str | None
    image_url: str | None
    images: tuple[Image, ...] | None
    page_type: str | None
    word_count: int
    char_count: int
    extraction_score: float | None
    quality_flags: tuple[str, ...] | None
    extractor: str
    removed_blocks: int
    removed_chars: int
    text_hash: str
    minhash: bytes | None
    cluster_id: str | None
    duplicate_of: str | None
    story_id: str | None
    wire_source: str | None
    version: int
    previous_id: str | None
    change_kind: str | None
    fetched_at: datetime
    http_status: int | None
    etag: str | None
    last_modified: str | None
    discovered_via: str | None
    discovered_at: datetime | None
    robots: str | None
    rights: tuple[str, ...] | None
    warc_file: str | None
    warc_offset: int | None
    run_id: str
    schema_version: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A page that was turned away: a row of `rejected`."""

    site: str
    url: str
    url_requested: str | None
    reason: Reason
    detail: str | None
    title: str | None
    http_status: int | None
    content_type: str | None
    body_bytes: int
    discovered_via: str | None
    fetched_at: datetime
    warc_file: str | None
    warc_offset: int | None
    extractor: str
    run_id: str
    schema_version: int


@dataclass(frozen=True, slots=True)
class PageView:
    """What a page shows site memory: paths of its body and headline, its blocks (`body.page_view`).

    `quality` is the `extraction_score` of a page whose blocks were judged, None where none were; `stated`:
    people and date are what the page states whatever its lines say; `beside`: characters of paragraphs
    outside the body.
    """

    body: str
    headline: str | None
    marks: bytes
    quality: float | None = None
    stated: bool = False
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The outcome of one page. `view` is what site memory learns from an article."""

    result: Article | Rejected
    removed: tuple[RemovedBlock, ...] = ()
    view: PageView | None = None
