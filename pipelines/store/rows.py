"""Records to rows and back through JSON: what the spool keeps until a part file is published."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from typing import Any

from pipelines import SCHEMA_VERSION
from pipelines.records import Article, Image, Rejected, RemovedBlock, values_of

_INSTANTS = frozenset({"published_at", "modified_at", "fetched_at", "discovered_at"})
_DAYS = frozenset({"published_date"})
_BYTES = frozenset({"minhash"})


def to_row(record: Article | Rejected) -> dict[str, Any]:
    """The record as a row: tuples are lists, images are dicts."""
    return {name: _plain(value) for name, value in values_of(record).items()}


def article_of(row: dict[str, Any]) -> Article:
    """The record that `to_row` made this row of; raises `TypeError` where columns are missing."""
    images = tuple(Image(**each) for each in row["images"] or ()) or None
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return Article(**row | lists | {"images": images})


def removed_rows(article: Article, removed: tuple[RemovedBlock, ...]) -> list[dict[str, Any]]:
    """Rows of `removed_blocks` for the blocks cut from one article."""
    return [
        {
            "article_id": article.id,
            "site": article.site,
            "url": article.url,
            **values_of(block),
            "fetched_at": article.fetched_at,
            "run_id": article.run_id,
            "schema_version": SCHEMA_VERSION,
        }
        for block in removed
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Image):
        return values_of(value)
    return value


def dumps(row: dict[str, Any]) -> str:
    """Compact JSON of a row; `loads` gives the same row back."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_encode)


def loads(text: str) -> dict[str, Any]:
    """The row that `dumps` wrote."""
    row: dict[str, Any] = json.loads(text)
    for name, value in row.items():
        if value is None:
            continue
        if name in _INSTANTS:
            row[name] = datetime.fromisoformat(value)
        elif name in _DAYS:
            row[name] = date.fromisoformat(value)
        elif name in _BYTES:
            row[name] = base64.b64decode(value)
    return row


def _encode(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"no JSON for {type(value).__name__}")
