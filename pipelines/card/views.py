"""views.sql: what DuckDB is told of a dataset, wherever it is read from."""

from __future__ import annotations

import glob
import re
import tomllib
from collections.abc import Container
from functools import cache
from importlib.resources import files

import pyarrow as pa

from pipelines.store.manifest import MANIFEST
from pipelines.store.schema import SCHEMAS

# The dataset's place, unless the user names another.
VARIABLE = "khabar_output"
_PLAIN = {
    pa.bool_(): "BOOLEAN",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.string(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}


def views(place: str, filled: Container[str], mark: str, *, mixed: bool) -> str:
    """The script for the dataset at `place`, an absolute folder or `s3://bucket/prefix`.

    A dataset that is not among the `filled` has no files: its view has its columns and no row. Files are
    `mixed` where some are of an earlier schema. `mark` says who made it.
    """
    parts = {"mark": mark, "sources": _sources(place, filled), "codes": _codes()}
    for name, schema in SCHEMAS.items():
        parts[name] = _rows(place, name, mixed) if name in filled else _no_rows(schema)
    template = files("pipelines.card").joinpath("views.sql").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _sources(place: str, filled: Container[str]) -> str:
    """Of an object store, the variables that hold the files by the manifest."""
    if "://" not in place:
        return ""
    listed = "\n".join(_listed(place, name) for name in SCHEMAS if name in filled)
    return f"""\
--
-- Say it before this file is read, and read it again for what was published since: on an object store the
-- views show the files that the manifest lists when this is read.
{listed}"""


def _rows(place: str, dataset: str, mixed: bool) -> str:
    """A pattern shows what is published later, too; an object store's shows what is replaced beside it.

    To unite columns by name opens each file whenever a view is made: 0.5 s for 1,000 of them, against 0.03 s.
    """
    if "://" in place:
        where = f"getvariable('khabar_{dataset}')"
    else:
        where = f"{_place(place)} || '/{dataset}/fetch_date=*/*.parquet'"
    options = "hive_partitioning = true, hive_types = {'fetch_date': DATE}"
    options += ", union_by_name = true" if mixed else ""
    return f"SELECT * FROM read_parquet({where}, {options})"  # noqa: S608  run by users, of quoted names


def _listed(place: str, dataset: str) -> str:
    """The variable that has the files of `dataset` by the manifest."""
    entry = """'[{"dataset": "VARCHAR", "stable_path": "VARCHAR"}]'"""
    listed = f"SELECT unnest(from_json(content -> '$.files', {entry})) AS file"
    folder = f"{_place(place)} || '/'"
    return f"""
SET VARIABLE khabar_{dataset} = (
    SELECT list({folder} || file.stable_path)
    FROM ({listed} FROM read_text({folder} || '{MANIFEST}'))
    WHERE file.dataset = '{dataset}'
);"""  # noqa: S608  as above


def _place(place: str) -> str:
    """Signs of patterns in a folder's name are no patterns."""
    literal = place if "://" in place else glob.escape(place)
    return f"coalesce(getvariable('{VARIABLE}'), {_quoted(literal)})"


def _no_rows(schema: pa.Schema) -> str:
    columns = [f'CAST(NULL AS {_type(field.type)}) AS "{field.name}"' for field in schema]
    columns.append("CAST(NULL AS DATE) AS fetch_date")
    return "SELECT\n    " + ",\n    ".join(columns) + "\nWHERE false"


def _type(kind: pa.DataType) -> str:
    """DuckDB's name for what it makes of an Arrow type."""
    if pa.types.is_dictionary(kind):
        return _type(kind.value_type)
    if pa.types.is_list(kind):
        return f"{_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        parts = (kind.field(at) for at in range(kind.num_fields))
        return f"STRUCT({', '.join(f'{_named(part.name)} {_type(part.type)}' for part in parts)})"
    return _PLAIN[kind]


def _named(name: str) -> str:
    return f'"{name}"'


def _codes() -> str:
    pairs = (f"'{short}': '{long}'" for short, long in fineweb2_codes().items())
    return f"MAP {{{', '.join(pairs)}}}"


@cache
def fineweb2_codes() -> dict[str, str]:
    """ISO 639-1 -> the ISO 639-3 code by which FineWeb2 calls the language."""
    text = files("pipelines.card").joinpath("languages.toml").read_text(encoding="utf-8")
    pairs = (pair.split(":") for pair in tomllib.loads(text)["codes"].split())
    return dict(pairs)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
