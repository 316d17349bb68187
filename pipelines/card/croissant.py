"""croissant.json: the dataset described for machines, as Croissant 1.1 (mlcommons.org/croissant) has it."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from pipelines import SCHEMA_VERSION
from pipelines.card.columns import ABOUT, description
from pipelines.card.data import MARK, CardData
from pipelines.card.figures import summed
from pipelines.card.header import LICENSE, NAME, languages, pattern
from pipelines.card.text import said
from pipelines.store.manifest import MANIFEST, PublishedFile
from pipelines.store.schema import SCHEMAS

# Files named one by one, the latest; the manifest has all.
_MOST_FILES = 1_000
_PARQUET = "application/x-parquet"
# The JSON-LD context that the specification recommends.
_PLAIN_TERMS = (
    *(
        "arrayShape",
        "citeAs",
        "column",
        "containedIn",
        "equivalentProperty",
        "extract",
        "field",
        "fileProperty",
    ),
    *("fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5"),
    *("parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _PLAIN_TERMS},
}
_TYPES = {
    pa.bool_(): "sc:Boolean",
    pa.int16(): "cr:Int16",
    pa.int32(): "cr:Int32",
    pa.int64(): "cr:Int64",
    pa.float32(): "cr:Float32",
    pa.string(): "sc:Text",
    pa.binary(): "sc:Text",
    pa.date32(): "sc:Date",
    pa.timestamp("us", tz="UTC"): "sc:DateTime",
}
_KEYS = {"articles": "id"}
# What columns say in other datasets.
_REFERENCES = {("removed_blocks", "article_id"): "articles/id"}


def croissant(data: CardData) -> str:
    """The whole file."""
    total, about = summed(data.counted.cells("articles")), " ".join(said("about").split())
    plain: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": NAME,
        "description": f"{total.articles} news articles in {total.rows} versions. {about} {MARK}",
        "url": f"{data.place}/" if "://" in data.place else "./",
        "license": f"{LICENSE}: the articles belong to their publishers; see README.md",
        "creator": {"@type": "sc:Organization", "name": data.version},
        "datePublished": (total.first_fetched or data.made_at.isoformat())[:10],
        "dateModified": data.made_at.date().isoformat(),
        "version": f"{SCHEMA_VERSION}.0.0",
        "isLiveDataset": True,
        "inLanguage": languages(data.counted.cells("articles")),
        "keywords": ["news", "web crawl"],
        "citeAs": f"{NAME}, {data.version}, {data.made_at.year}",
        "distribution": [*_files(data), *(_set(name) for name in SCHEMAS)],
        "recordSet": [_records(name, schema) for name, schema in SCHEMAS.items()],
    }
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def _files(data: CardData) -> list[dict[str, Any]]:
    latest = sorted(data.files, key=lambda file: (file.max_fetched_at, file.path))[-_MOST_FILES:]
    manifest = {
        "@type": "cr:FileObject",
        "@id": MANIFEST,
        "name": MANIFEST,
        "description": "all files with their SHA-256; it changes with each run",
        "contentUrl": MANIFEST,
        "encodingFormat": "application/json",
    }
    return [*([manifest] if data.files else []), *map(_file, reversed(latest))]


def _file(file: PublishedFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path.rpartition("/")[2],
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": _PARQUET,
        "sha256": file.sha256,
    }


def _set(dataset: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{dataset}-files",
        "name": f"{dataset}-files",
        "description": f"the files of {dataset}",
        "encodingFormat": _PARQUET,
        "includes": pattern(dataset),
    }


def _records(dataset: str, schema: pa.Schema) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": dataset,
        "name": dataset,
        "description": ABOUT[dataset],
        "field": [_field(dataset, field) for field in schema],
    }
    return found | ({"key": {"@id": f"{dataset}/{_KEYS[dataset]}"}} if dataset in _KEYS else {})


def _field(dataset: str, field: pa.Field) -> dict[str, Any]:
    kind, is_list = field.type, pa.types.is_list(field.type)
    if is_list or pa.types.is_dictionary(kind):
        kind = kind.value_type
    name = f"{dataset}/{field.name}"
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": name,
        "name": field.name,
        "description": description(field),
        "source": _source(dataset, field.name),
    }
    if is_list:
        found |= {"isArray": True, "arrayShape": "-1"}
    if pa.types.is_struct(kind):
        parts = (kind.field(at) for at in range(kind.num_fields))
        found["subField"] = [_part(name, dataset, field.name, part) for part in parts]
    else:
        found["dataType"] = _TYPES[kind]
    if (dataset, field.name) in _REFERENCES:
        found["references"] = {"field": {"@id": _REFERENCES[dataset, field.name]}}
    return found


def _part(parent: str, dataset: str, column: str, field: pa.Field) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{parent}/{field.name}",
        "name": field.name,
        "dataType": _TYPES[field.type],
        "source": _source(dataset, column) | {"transform": {"jsonPath": field.name}},
    }


def _source(dataset: str, column: str) -> dict[str, Any]:
    return {"fileSet": {"@id": f"{dataset}-files"}, "extract": {"column": column}}
