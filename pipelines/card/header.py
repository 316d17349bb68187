"""The card's YAML header, which dataset hubs read (Hugging Face: docs/hub/datasets-cards)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pipelines.card.data import CardData
from pipelines.card.figures import Cell, by_kind
from pipelines.store.schema import SCHEMAS

NAME = "News articles, crawled and cleaned by Khabar"
LICENSE = "rights-of-the-publishers"
_LICENSE_DETAILS = "The articles belong to their publishers; see Rights and personal data."
# Hubs count rows in these steps.
_SIZES = (
    *((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")),
    *((10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B")),
)
_CODE = re.compile(r"[a-z]{2,3}")


def header(data: CardData) -> str:
    """The header with its fences."""
    cells = data.counted.cells("articles")
    found = languages(cells)
    values: dict[str, Any] = {
        "pretty_name": NAME,
        "language": found,
        "multilinguality": ["multilingual" if len(found) > 1 else "monolingual"],
        "license": "other",
        "license_name": LICENSE,
        "license_details": _LICENSE_DETAILS,
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found"],
        "source_datasets": ["original"],
        "task_categories": ["text-generation", "fill-mask", "text-classification"],
        "size_categories": [_size(sum(cell.rows for cell in cells))],
        "tags": ["news", "web-crawl", "khabar"],
    }
    configs = [_config(name) for name in SCHEMAS if name in data.filled]
    if configs:
        values["configs"] = configs
    lines = (line for name, value in values.items() if value for line in _yaml(name, value))
    return "\n".join(["---", *lines, "---"]) + "\n"


def languages(cells: Iterable[Cell]) -> list[str]:
    """ISO codes of the articles, the most articles first; what no language was told of is in none."""
    return [cell.kind for cell in by_kind(cells) if cell.kind != "und" and _CODE.fullmatch(cell.kind)]


def pattern(dataset: str) -> str:
    """The files of a dataset, as every reader's patterns name them, from the output's folder."""
    return f"{dataset}/fetch_date=*/*.parquet"


def _config(dataset: str) -> dict[str, Any]:
    """One without files would keep `load_dataset` from the others."""
    found: dict[str, Any] = {
        "config_name": dataset,
        "data_files": [{"split": "train", "path": pattern(dataset)}],
    }
    return found | ({"default": True} if dataset == "articles" else {})


def _size(rows: int) -> str:
    return next((name for most, name in _SIZES if rows < most), "n>1B")


def _yaml(name: str, value: Any, indent: str = "") -> Iterator[str]:
    """Lines of block style, as hubs write them; a text is quoted as in JSON, which YAML reads."""
    if not isinstance(value, list):
        yield f"{indent}{name}: {json.dumps(value)}"
        return
    yield f"{indent}{name}:"
    for each in value:
        if not isinstance(each, dict):
            yield f"{indent}- {json.dumps(each)}"
            continue
        lines = [line for key, part in each.items() for line in _yaml(key, part, f"{indent}  ")]
        yield f"{indent}- {lines[0].lstrip()}"
        yield from lines[1:]
