"""The columns of the datasets as tables, from their Arrow schemas."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

ABOUT = {
    "articles": "One row per article version.",
    "rejected": "One row per page that was turned away.",
    "removed_blocks": "One row per block that was cut from a stored article.",
}
STARS = """\
`*` marks columns that are never null. Null means unknown, and an empty string never
occurs. The folder name gives one column more: `fetch_date` (a string in Arrow, a date in DuckDB), the UTC day
of `fetched_at`.
"""


def column_table(schema: pa.Schema) -> Iterator[str]:
    """Lines: name, type and meaning of each column."""
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for field in schema:
        star = "" if field.nullable else "*"
        yield f"| `{field.name}`{star} | {_type(field.type)} | {description(field)} |"


def description(field: pa.Field) -> str:
    """What the schema says of a column."""
    said: bytes = field.metadata[b"description"]
    return said.decode()


def _type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return "dictionary string"
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"({', '.join(kind.field(at).name for at in range(kind.num_fields))})"
    return str(kind)
