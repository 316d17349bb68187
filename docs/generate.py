"""Writes docs/columns.md from the Arrow schemas: `python -m docs.generate`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipelines.store.schema import SCHEMAS

TARGET = Path(__file__).with_name("columns.md")
_INTRODUCTION = """\
# Columns

Made by `python -m docs.generate` from `pipelines/store/schema.py`; the same descriptions are in the field
metadata of every file. `*` marks columns that are never null. Null means unknown, and an empty string never
occurs. The folder name gives one column more: `fetch_date` (a string in Arrow, a date in DuckDB), the UTC day
of `fetched_at`.
"""
_ABOUT = {
    "articles": "One row per article version.",
    "rejected": "One row per page that was turned away.",
    "removed_blocks": "One row per block that was cut from a stored article.",
}


def columns_page() -> str:
    """The whole of docs/columns.md."""
    return _INTRODUCTION + "".join("\n".join(_section(name, schema)) for name, schema in SCHEMAS.items())


def _section(name: str, schema: pa.Schema) -> Iterator[str]:
    yield f"\n## {name}\n\n{_ABOUT[name]}\n\n| column | type | meaning |\n|---|---|---|"
    for field in schema:
        star = "" if field.nullable else "*"
        yield f"| `{field.name}`{star} | {_type(field.type)} | {field.metadata[b'description'].decode()} |"
    yield ""


def _type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return "dictionary string"
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"({', '.join(kind.field(at).name for at in range(kind.num_fields))})"
    return str(kind)


if __name__ == "__main__":
    TARGET.write_text(columns_page(), encoding="utf-8")
