"""The Arrow schemas of everything published, in one place; descriptions travel in the field metadata."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from pipelines import SCHEMA_VERSION

_STRING = pa.string()
_CATEGORY = pa.dictionary(pa.int32(), pa.string())
_STRINGS = pa.list_(pa.string())
_INSTANT = pa.timestamp("us", tz="UTC")
_IMAGES = pa.list_(
    pa.struct(
        [
            ("url", _STRING),
            ("caption", _STRING),
            ("credit", _STRING),
            ("alt", _STRING),
            ("cover", pa.bool_()),  # since version 2
        ]
    )
)


def _field(name: str, kind: pa.DataType, description: str, *, required: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=not required, metadata={"description": description})


ARTICLES = pa.schema(
    [
        _field(
            "id",
            _STRING,
            "hash of url_canonical, text_hash and what tells versions apart",
            required=True,
        ),
        _field("site", _CATEGORY, "name in the site file", required=True),
        _field("publisher", _CATEGORY, "the publication's name as its page states it"),
        _field("country", _CATEGORY, "ISO 3166-1 alpha-2, from the site file"),
        _field("url", _STRING, "address fetched, after redirects", required=True),
        _field("url_requested", _STRING, "address asked for"),
        _field("url_canonical", _STRING, "the article's identity", required=True),
        _field("title", _STRING, "headline without the site's name"),
        _field("description", _STRING, "the page's own summary"),
        _field("text", _STRING, "body, paragraphs joined by a blank line", required=True),
        _field("language", _STRING, "ISO 639-1 where there is one, else 639-3; und", required=True),
        _field("language_script", _STRING, "ISO 15924 code of the text's main script"),
        _field("language_score", pa.float32(), "probability of the language, 0..1"),
        _field("authors", _STRINGS, "people who wrote it"),
        _field("tags", _STRINGS, "keywords the page gives"),
        _field("section", _STRING, "section the page says it stands in"),
        _field("published_at", _INSTANT, "first publication, when the time of day is known"),
        _field("modified_at", _INSTANT, "last change the page states"),
        _field("published_date", pa.date32(), "calendar day of publication as readers there know it"),
        _field(
            "published_source",
            _STRING,
            "witness that gave the publication date; shown: a line readers see",
        ),
        _field("published_raw", _STRING, "what that witness said, verbatim"),
        _field("image_url", _STRING, "cover picture"),
        _field(
            "images", _IMAGES, "pictures with caption, credit, alt text; cover: the one the page puts forward"
        ),
        _field("page_type", _STRING, "article, liveblog, video, gallery, opinion"),
        _field("word_count", pa.int32(), "words in text; an ideograph is one"),
        _field("char_count", pa.int32(), "characters in text"),
        _field(
            "extraction_score",
            pa.float32(),
            "expected F1 of the text against a human reading, 0..1; calibrated",
        ),
        _field(
            "quality_flags",
            _STRINGS,
            "what stands between readers and the whole text: paid_declared, cut, login_wall, maybe_truncated",
        ),
        _field("extractor", _STRING, "cleaner's name and version"),
        _field("removed_blocks", pa.int32(), "blocks cut from the page; see dataset removed_blocks"),
        _field("removed_chars", pa.int32(), "characters in those blocks"),
        _field("text_hash", _STRING, "hash of the normalised text; 32 hex digits", required=True),
        _field("minhash", pa.binary(), "signature for near-duplicates; first byte: its version"),
        _field(
            "cluster_id", _STRING, "near-duplicates: id of the first row that is like this; may be its own"
        ),
        _field(
            "duplicate_of",
            _STRING,
            "cluster_id, where the first row is another article; keep null for each once",
        ),
        _field("story_id", _STRING, "same event across outlets"),
        _field(
            "wire_source",
            _STRING,
            "code of the news agency the copy came from; agencies: unnamed ones",
        ),
        _field(
            "version",
            pa.int32(),
            "1..n, one more each time the text changes or is read otherwise",
            required=True,
        ),
        _field("previous_id", _STRING, "id of the version before"),
        _field(
            "change_kind",
            _STRING,
            "headline, text, correction, removed; recleaned: the same page, read by a later cleaning",
        ),
        _field("fetched_at", _INSTANT, "when the page was fetched", required=True),
        _field("http_status", pa.int16(), "HTTP status of the response"),
        _field("etag", _STRING, "ETag header"),
        _field("last_modified", _STRING, "Last-Modified header, verbatim"),
        _field("discovered_via", _STRING, "feed, sitemap, section, link, warc, list"),
        _field("discovered_at", _INSTANT, "when the address was first seen"),
        _field("robots", _STRING, "what robots.txt said: allowed"),
        _field("rights", _STRINGS, "opt-out and licence signals seen"),
        _field("warc_file", _STRING, "raw bytes: file below output/raw, or the archive that was read"),
        _field("warc_offset", pa.int64(), "raw bytes: offset of the response record"),
        _field("run_id", _STRING, "run that fetched the page", required=True),
        _field("schema_version", pa.int16(), "version of this schema", required=True),
    ]
)

REJECTED = pa.schema(
    [
        _field("site", _CATEGORY, "name in the site file", required=True),
        _field("url", _STRING, "address fetched, after redirects", required=True),
        _field("url_requested", _STRING, "address asked for"),
        _field("reason", _STRING, "why it was turned away, as a code", required=True),
        _field("detail", _STRING, "the figure or words behind the reason"),
        _field("title", _STRING, "title of the page, when it was read that far"),
        _field("http_status", pa.int16(), "HTTP status of the response"),
        _field("content_type", _STRING, "Content-Type header"),
        _field("body_bytes", pa.int64(), "size of the body in bytes"),
        _field("discovered_via", _STRING, "feed, sitemap, section, link, warc, list"),
        _field("fetched_at", _INSTANT, "when the page was fetched", required=True),
        _field("warc_file", _STRING, "raw bytes: file below output/raw, or the archive that was read"),
        _field("warc_offset", pa.int64(), "raw bytes: offset of the response record"),
        _field("extractor", _STRING, "cleaner's name and version"),
        _field("run_id", _STRING, "run that fetched the page", required=True),
        _field("schema_version", pa.int16(), "version of this schema", required=True),
    ]
)

REMOVED_BLOCKS = pa.schema(
    [
        _field("article_id", _STRING, "id of the article it was cut from", required=True),
        _field("site", _CATEGORY, "name in the site file", required=True),
        _field("url", _STRING, "address fetched, after redirects", required=True),
        _field("order", pa.int32(), "position among all blocks of the page", required=True),
        _field("path", _STRING, "where it stood in the tree", required=True),
        _field("text", _STRING, "what it said", required=True),
        _field("rule", _STRING, "rule that cut it", required=True),
        _field("reason", _STRING, "kind of boilerplate", required=True),
        _field("fetched_at", _INSTANT, "when the page was fetched", required=True),
        _field("run_id", _STRING, "run that fetched the page", required=True),
        _field("schema_version", pa.int16(), "version of this schema", required=True),
    ]
)

SCHEMAS: dict[str, pa.Schema] = {
    "articles": ARTICLES,
    "rejected": REJECTED,
    "removed_blocks": REMOVED_BLOCKS,
}

# Readers prune by these; each part file is sorted by them and says so in its metadata.
SORT_KEYS: dict[str, tuple[str, ...]] = {
    "articles": ("site", "url_canonical", "version"),
    "rejected": ("site", "url"),
    "removed_blocks": ("site", "article_id", "order"),
}


def to_table(dataset: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows (dicts with exactly the schema's keys) as a table of `dataset`'s schema.

    Raises `ValueError` naming the column when a required value is missing or a key is unknown.
    """
    schema = SCHEMAS[dataset]
    known = set(schema.names)
    required = [field.name for field in schema if not field.nullable]
    for row in rows:
        if unknown := row.keys() - known:
            raise ValueError(f"{dataset}: unknown column {sorted(unknown)[0]}")
        for name in required:
            if row.get(name) is None:
                raise ValueError(f"{dataset}: {name} is null in the row of {row.get('url')}")
    columns = [pa.array([row.get(f.name) for row in rows], type=f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def record_fields(record: type[Any]) -> list[str]:
    """Field names of a record type, in order: what its schema must have."""
    return [field.name for field in dataclasses.fields(record)]


__all__ = ["ARTICLES", "REJECTED", "REMOVED_BLOCKS", "SCHEMAS", "SCHEMA_VERSION", "to_table"]
