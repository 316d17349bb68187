"""Sheets of cleaned rows: the datasets' columns, and beside them what versions and copies are told by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from pipelines.archive.batch.job import Input, slot_of
from pipelines.archive.batch.sheets import plain
from pipelines.records import Article, Cleaned, Rejected
from pipelines.store.rows import removed_rows, to_row
from pipelines.store.schema import SCHEMAS
from pipelines.store.versions import copy_hash, folded_title
from pipelines.urls import BadUrl, article_key, canonical_url

# Which archive a row is of, by key and by name, and where its page begins there.
_OF_CAPTURE = (("source", pa.string()), ("archive", pa.string()), ("offset", pa.int64()))
# The article's key, the address asked for, the headline folded, what copies have in common.
_OF_ARTICLE = (("key", pa.string()), ("own", pa.string()), ("headline", pa.string()), ("copy", pa.string()))


def _sheet(dataset: str, *more: tuple[str, pa.DataType]) -> pa.Schema:
    return pa.schema([*plain(SCHEMAS[dataset]), *(pa.field(name, kind) for name, kind in more)])


SHEETS: dict[str, pa.Schema] = {
    "articles": _sheet("articles", *_OF_CAPTURE, *_OF_ARTICLE),
    "rejected": _sheet("rejected", *_OF_CAPTURE),
    "removed_blocks": _sheet("removed_blocks", *_OF_CAPTURE),
}


def cleaned_rows(cleaned: Cleaned, source: Input, offset: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of each dataset that a page makes, before anything is known of other captures."""
    place = {"source": source.key, "archive": source.archive.name, "offset": offset}
    result = cleaned.result
    if isinstance(result, Rejected):
        slot = slot_of(urlsplit(result.url).netloc)
        return {"rejected": [to_row(result) | place | {"slot": slot}]}
    of_article = _of_article(result)
    place["slot"] = slot_of(urlsplit(of_article["key"]).netloc)
    blocks = tuple(sorted(cleaned.removed, key=lambda block: block.order))
    return {
        "articles": [to_row(result) | of_article | place],
        "removed_blocks": [row | place for row in removed_rows(result, blocks)],
    }


def _of_article(article: Article) -> dict[str, Any]:
    key, headline = article_key(article.url_canonical), folded_title(article.title)
    return {
        "key": key,
        "own": _own(article.url_requested or article.url),
        "headline": headline,
        "copy": copy_hash(article.site, key, article.text_hash, headline),
    }


def _own(url: str) -> str:
    try:
        return canonical_url(url)
    except BadUrl:
        return url
