"""Files of earlier schema versions stay readable together with today's, and the schema only grows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pipelines import SCHEMA_VERSION
from pipelines.records import Image
from pipelines.store.ledger import Ledger
from pipelines.store.schema import SCHEMAS
from tests.helpers_store import Store, article, block, rejected, stage

EARLIER = Path(__file__).with_name("earlier")
REFERENCE = (EARLIER.parents[1] / "docs" / "reference.md").read_text(encoding="utf-8")
COVER = "https://sahifa.test/9.jpg"
# What all readers are asked for: the columns, and each picture with the field that came later.
Rows = Counter[tuple[Any, ...]]


# -- reading


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published files of today, and beside them those of version 1."""
    store = Store(tmp_path_factory.mktemp("mixed") / "output")
    with closing(Ledger(store.ledger_path)) as ledger:
        stage(ledger, article(images=(Image(COVER, "غلاف", None, None, cover=True),)), block())
        stage(ledger, rejected())
    store.publish()
    shutil.copytree(EARLIER / "v1", store.output, dirs_exist_ok=True)
    return store.output


def counted(rows: list[dict[str, Any]]) -> Rows:
    """The rows of `articles` by what tells whether they were read whole."""
    return Counter(
        (
            row["url"],
            row["title"],
            row["text"],
            row["schema_version"],
            tuple((image["url"], image["caption"], image["cover"]) for image in row["images"] or ()),
        )
        for row in rows
    )


@pytest.fixture(scope="module")
def whole() -> Rows:
    """What there is to be read: today's article and three of version 1, whose pictures know no `cover`."""
    old = pq.read_table(next((EARLIER / "v1" / "articles").rglob("*.parquet"))).to_pylist()
    for row in old:
        row["images"] = [image | {"cover": None} for image in row["images"] or ()]
    new = article()
    return counted(old) + Counter([(new.url, None, new.text, SCHEMA_VERSION, ((COVER, "غلاف", True),))])


def snippets() -> list[str]:
    section = REFERENCE.split("## Files of several schema versions")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


@pytest.mark.parametrize("reader", ["pyarrow", "duckdb", "polars"])
def test_the_documented_snippets_read_all_versions_whole(reader: str, output: Path, whole: Rows) -> None:
    code = next(snippet for snippet in snippets() if f"import {reader}" in snippet)
    found: dict[str, Any] = {}
    show = "import json; print(json.dumps([{k: r[k] for k in %s} for r in rows]))" % [
        "url", "title", "text", "schema_version", "images",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"],
        cwd=output.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert counted(found) == whole  # type: ignore[arg-type]  # a list


def test_columns_that_both_versions_have_need_no_care(output: Path) -> None:
    """As the README and the lines after a crawl read: each of them before the versions were thought of."""
    folder, files = output / "articles", f"{output}/articles/**/*.parquet"
    assert ds.dataset(folder, partitioning="hive").to_table(columns=["url", "images"]).num_rows == 4
    assert len(duckdb.sql(f"FROM '{files}' SELECT url, images").fetchall()) == 4
    assert pl.scan_parquet(files).select("site", "url", "text").collect().height == 4


@pytest.mark.parametrize("dataset", SCHEMAS)
def test_every_dataset_reads_with_the_schema_of_today(dataset: str, output: Path) -> None:
    table = ds.dataset(output / dataset, schema=SCHEMAS[dataset]).to_table()
    versions = set(table.column("schema_version").to_pylist())
    assert versions == {1, SCHEMA_VERSION}


# -- the rule


def described(schema: pa.Schema) -> dict[str, str]:
    """Path -> type, with `required` where null is not allowed; what is inside lists and structs, too."""
    found: dict[str, str] = {}
    for field in schema:
        _describe(field.name, field, found)
    return found


def _describe(path: str, field: pa.Field, found: dict[str, str]) -> None:
    kind = field.type
    required = "" if field.nullable else " required"
    if pa.types.is_list(kind):
        found[path] = f"list{required}"
        _describe(f"{path}[]", kind.value_field, found)
    elif pa.types.is_struct(kind):
        found[path] = f"struct{required}"
        for inner in kind:
            _describe(f"{path}.{inner.name}", inner, found)
    else:
        found[path] = f"{kind}{required}"


def breaches(earlier: dict[str, str], later: dict[str, str]) -> list[str]:
    """What in `later` is more than nullable additions to `earlier`."""
    gone = [f"{path} is gone" for path in earlier if path not in later]
    other = [
        f"{path} is {later[path]}, was {kind}"
        for path, kind in earlier.items()
        if path in later and later[path] != kind
    ]
    new = [
        f"{path} is new and required"
        for path, kind in later.items()
        if path not in earlier and kind.endswith(" required")
    ]
    return gone + other + new


def description(version: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((EARLIER / f"schema_v{version}.json").read_text("utf-8"))
    return found


def today() -> dict[str, dict[str, str]]:
    return {dataset: described(schema) for dataset, schema in SCHEMAS.items()}


@pytest.mark.parametrize("dataset", SCHEMAS)
@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_the_schema_is_an_earlier_one_with_nullable_additions(version: int, dataset: str) -> None:
    assert breaches(description(version).get(dataset, {}), today()[dataset]) == []


def test_a_change_of_the_schema_is_a_new_version() -> None:
    """After `SCHEMA_VERSION` is raised: `python -m tests.test_schema_evolution`, and see tests/earlier."""
    assert today() == description(SCHEMA_VERSION)


def test_the_files_of_version_1_have_the_schema_that_is_described() -> None:
    for dataset, columns in description(1).items():
        file = next((EARLIER / "v1" / dataset).rglob("*.parquet"))
        assert described(pq.read_schema(file)) == columns


IMAGE = pa.struct([("url", pa.string()), ("alt", pa.string())])
BEFORE = pa.schema(
    [pa.field("url", pa.string(), nullable=False), ("images", pa.list_(IMAGE)), ("n", pa.int32())]
)


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (BEFORE, []),
        (BEFORE.append(pa.field("new", pa.string())), []),
        (BEFORE.append(pa.field("new", pa.string(), nullable=False)), ["new is new and required"]),
        (BEFORE.remove(2), ["n is gone"]),
        (BEFORE.set(2, pa.field("m", pa.int32())), ["n is gone"]),
        (BEFORE.set(2, pa.field("n", pa.int64())), ["n is int64, was int32"]),
        (BEFORE.set(2, pa.field("n", pa.int32(), nullable=False)), ["n is int32 required, was int32"]),
        (BEFORE.set(0, pa.field("url", pa.string())), ["url is string, was string required"]),
        (
            BEFORE.set(1, pa.field("images", pa.list_(pa.struct([("url", pa.string())])))),
            ["images[].alt is gone"],
        ),
        (
            BEFORE.set(1, pa.field("images", pa.list_(pa.struct([*IMAGE, pa.field("cover", pa.bool_())])))),
            [],
        ),
    ],
)
def test_what_breaks_the_rule_is_named(later: pa.Schema, said: list[str]) -> None:
    assert breaches(described(BEFORE), described(later)) == said


if __name__ == "__main__":
    target = EARLIER / f"schema_v{SCHEMA_VERSION}.json"
    target.write_text(json.dumps(today(), indent=1) + "\n", encoding="utf-8")
