"""croissant.json: each column of each dataset, each file with its hash; the validator is content."""

from __future__ import annotations

import itertools
import json
import logging
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.card.croissant import croissant
from pipelines.card.data import MARK, CardData
from pipelines.store.schema import SCHEMAS
from tests.conftest import DemoCrawl
from tests.crawling import THOROUGH
from tests.helpers_card import cell, data, figures, file, written_card

needs_mlcroissant = pytest.mark.skipif(
    not find_spec("mlcroissant") and not THOROUGH,
    reason="mlcroissant is not installed; `make test-all` installs it",
)


def plain(found: CardData) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(croissant(found))
    return loaded


def test_each_column_is_a_field_of_its_type() -> None:
    found = plain(data(figures(cell())))
    types = {pa.int32(): "cr:Int32", pa.timestamp("us", tz="UTC"): "sc:DateTime", pa.date32(): "sc:Date"}
    for records in found["recordSet"]:
        schema = SCHEMAS[records["@id"]]
        assert [field["name"] for field in records["field"]] == schema.names
        for field in records["field"]:
            column = schema.field(field["name"])
            assert field["@id"] == f"{records['@id']}/{column.name}"
            assert field["description"] == column.metadata[b"description"].decode()
            assert field.get("isArray", False) == pa.types.is_list(column.type)
            if column.type in types:
                assert field["dataType"] == types[column.type]
            assert ("dataType" in field) != ("subField" in field)
    images = next(field for field in found["recordSet"][0]["field"] if field["name"] == "images")
    assert [part["name"] for part in images["subField"]] == ["url", "caption", "credit", "alt", "cover"]


def test_files_have_their_hashes_and_sets_their_patterns() -> None:
    found = plain(data(figures(cell())))
    by_id = {each["@id"]: each for each in found["distribution"]}
    assert by_id[file().path]["sha256"] == file().sha256
    assert by_id[file().path]["contentSize"] == "100 B"
    assert "sha256" not in by_id["manifest.json"]
    sets = {name: each["includes"] for name, each in by_id.items() if each["@type"] == "cr:FileSet"}
    assert sets == {f"{name}-files": f"{name}/fetch_date=*/*.parquet" for name in SCHEMAS}


def test_every_id_is_there_once_and_every_reference_leads_somewhere() -> None:
    ids: list[str] = []
    asked: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "@type" in node and "@id" in node:
                ids.append(node["@id"])
            elif node.keys() == {"@id"}:
                asked.add(node["@id"])
            for key, part in node.items():
                if key != "@context":
                    walk(part)
        elif isinstance(node, list):
            for part in node:
                walk(part)

    walk(plain(data(figures(cell()))))
    assert len(ids) == len(set(ids))
    assert asked <= set(ids)


def test_an_object_store_is_named_and_a_folder_is_where_the_file_stands() -> None:
    assert plain(data(place="s3://bucket/news"))["url"] == "s3://bucket/news/"
    assert "/data/news" not in croissant(data())
    assert MARK in plain(data())["description"]


def validated(path: Path, caplog: pytest.LogCaptureFixture) -> Any:
    import mlcroissant

    with caplog.at_level(logging.WARNING):
        found = mlcroissant.Dataset(str(path))
    assert found.metadata.ctx.issues.report() == ""
    assert caplog.records == []
    return found


@needs_mlcroissant
def test_the_validator_finds_nothing_in_an_empty_dataset(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (path := tmp_path / "croissant.json").write_text(croissant(data()), encoding="utf-8")
    validated(path, caplog)


@needs_mlcroissant
def test_the_datasets_are_read_by_their_description(
    demo_crawl: DemoCrawl, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = written_card(demo_crawl, tmp_path)
    found = validated(output / "croissant.json", caplog)
    for name, schema in SCHEMAS.items():
        row = next(iter(itertools.islice(found.records(name), 1)))
        assert [key.rpartition("/")[2] for key in row] == schema.names


def test_of_many_files_the_latest_are_named() -> None:
    """The manifest, which is named, has all."""
    each = file()
    times = [f"2026-11-{day:02}T00:00:00+00:00" for day in range(1, 29)]
    many = tuple(
        replace(each, path=f"articles/{number}.parquet", max_fetched_at=times[number % 28])
        for number in range(1_400)
    )
    found = plain(data(figures(cell()), files=many))
    named = [one["@id"] for one in found["distribution"] if "sha256" in one]
    assert len(named) == 1_000
    assert named[0] == "articles/979.parquet"
    latest = {one.path for one in many if one.max_fetched_at > times[8]}
    assert latest <= set(named)
