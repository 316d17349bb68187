"""Writes docs/columns.md from the Arrow schemas: `python -m docs.generate`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipelines.card.columns import ABOUT, STARS, column_table
from pipelines.store.schema import SCHEMAS

TARGET = Path(__file__).with_name("columns.md")
_INTRODUCTION = f"""\
# Columns

Made by `python -m docs.generate` from `pipelines/store/schema.py`; the same descriptions are in the field
metadata of every file. {STARS}"""


def columns_page() -> str:
    """The whole of docs/columns.md."""
    return _INTRODUCTION + "".join(_section(name, schema) for name, schema in SCHEMAS.items())


def _section(name: str, schema: pa.Schema) -> str:
    return f"\n## {name}\n\n{ABOUT[name]}\n\n" + "\n".join(column_table(schema)) + "\n"


if __name__ == "__main__":
    TARGET.write_text(columns_page(), encoding="utf-8")
