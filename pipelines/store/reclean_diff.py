"""The row diff as Parquet: one row for each stored row that today's cleaning would change, gain or lose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.records import Article
from pipelines.store.errors import StoreError
from pipelines.store.parquet import COMPRESSION_LEVEL
from pipelines.store.reclean_work import Outcome
from pipelines.store.rows import to_row

_BATCH_ROWS = 500
_TEXTS = pa.list_(pa.string())


def _field(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return pa.field(name, kind, metadata={"description": description})


DIFF = pa.schema(
    [
        _field("outcome", pa.string(), "changed; gained: a page turned away is an article; lost: it is none"),
        _field("id", pa.string(), "the row there is; null: gained"),
        _field("new_id", pa.string(), "the row there would be; null: lost, which stays"),
        _field("site", pa.string(), "name in the site file"),
        _field("language", pa.string(), "of the row there is; of what was gained its own"),
        _field("url", pa.string(), "address fetched, after redirects"),
        _field("kinds", _TEXTS, "text, title, date, and names of other columns that changed"),
        _field("paragraphs_lost", _TEXTS, "those that only the row there is has, in its order"),
        _field("paragraphs_gained", _TEXTS, "those that only the new row has, in its order"),
        _field("letters_lost", pa.int64(), "letters of words in lost paragraphs that the gained have not"),
        _field("letters_gained", pa.int64(), "the reverse"),
        _field("title_before", pa.string(), "title of the row there is"),
        _field("title_after", pa.string(), "title of the new row"),
        _field("published_before", pa.string(), "ISO 8601, with the time of day where it is known"),
        _field("published_after", pa.string(), "the same of the new row"),
        _field("reason", pa.string(), "why the page of a lost row would be turned away, as a code"),
        _field("warc_file", pa.string(), "raw bytes: file below output/raw, or the archive that was read"),
        _field("warc_offset", pa.int64(), "raw bytes: offset of the response record"),
    ]
)


def diff_row(outcome: Outcome, before: Mapping[str, Any] | None, after: Article | None) -> dict[str, Any]:
    """A row of the diff, as JSON has it; `before` is a row of `articles`."""
    change, old, new = outcome.change, before or {}, to_row(after) if after else {}
    return {
        "outcome": outcome.status,
        "id": old.get("id"),
        "new_id": new.get("id"),
        "site": outcome.site,
        "language": outcome.language,
        "url": outcome.url,
        "kinds": list(change.kinds),
        "paragraphs_lost": list(change.paragraphs_lost),
        "paragraphs_gained": list(change.paragraphs_gained),
        "letters_lost": change.letters_lost,
        "letters_gained": change.letters_gained,
        "title_before": old.get("title"),
        "title_after": new.get("title"),
        "published_before": _published(old),
        "published_after": _published(new),
        "reason": outcome.detail,
        "warc_file": outcome.warc_file,
        "warc_offset": (old or new).get("warc_offset"),
    }


def _published(row: Mapping[str, Any]) -> str | None:
    moment = row.get("published_at") or row.get("published_date")
    return moment.isoformat() if moment else None


def write_diff(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write them to `path`, whole or not at all; how many there were. Raises `StoreError` naming it."""
    half = path.with_name(f".{path.name}.tmp")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(half, DIFF, compression="zstd", compression_level=COMPRESSION_LEVEL) as writer:
            left = iter(rows)
            while some := list(islice(left, _BATCH_ROWS)):
                writer.write_table(pa.Table.from_pylist(some, schema=DIFF))
                count += len(some)
        half.replace(path)
    except (OSError, pa.ArrowException) as error:
        with suppress(OSError):
            half.unlink()
        raise StoreError(f"cannot write the diff {path}: {error}") from None
    return count
