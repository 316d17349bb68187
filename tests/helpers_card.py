"""Data of cards, and outputs with what stands beside their data."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from crawler.config import RunConfig
from crawler.upkeep.card import Written, write_card
from pipelines import EXTRACTOR, SCHEMA_VERSION
from pipelines.card.data import CardData
from pipelines.card.figures import Cell, FileFigures, gathered
from pipelines.shard import Shard
from pipelines.store.manifest import PublishedFile
from pipelines.store.place import ledger_path, state_folder
from tests.conftest import DemoCrawl
from tests.helpers_store import NOW


def cell(site: str = "sahifa", kind: str = "ar", rows: int = 3, **more: Any) -> Cell:
    """Some articles of one site and language."""
    times = {"first_fetched": "2026-11-20T00:00:00Z", "last_fetched": "2026-11-21T00:00:00Z"}
    return Cell(site, kind, rows, articles=rows, **times | more)


def figures(*cells: Cell, dataset: str = "articles", **publishers: str) -> FileFigures:
    """A file of these rows."""
    return FileFigures(dataset, cells, publishers, (EXTRACTOR,), (SCHEMA_VERSION,))


def file(dataset: str = "articles") -> PublishedFile:
    """What the manifest says of it."""
    path = f"{dataset}/fetch_date=2026-11-21/part-1.parquet"
    when = "2026-11-21T00:00:00+00:00"
    return PublishedFile(path, path, dataset, "2026-11-21", 3, 100, "0" * 64, "r1", when, when, "w")


def data(*files: FileFigures, **more: Any) -> CardData:
    """A card's data of these files."""
    listed = tuple(file(each) for each in sorted({each.dataset for each in files}))
    given = {"place": "/data/news", "files": listed, "counted": gathered(files), "runs": 2}
    return CardData(NOW, EXTRACTOR, **given | {"last_run": "20261121T000000-abcdef"} | more)


def config(output: str | Path, shard: Shard | None = None, state: Path | None = None) -> RunConfig:
    """That of a run into `output`; `state` is not its usual folder."""
    place = str(output)
    folder = state or state_folder(place, "", shard)
    return RunConfig(
        output=place,
        state=folder,
        ledger=ledger_path(folder, ""),
        workers=1,
        page_seconds=10.0,
        page_memory_bytes=2**30,
        shard=shard,
    )


def write(output: str | Path, shard: Shard | None = None, state: Path | None = None) -> Written:
    """What the end of a run writes."""
    return write_card(config(output, shard, state), NOW)


def copied(demo_crawl: DemoCrawl, folder: Path) -> Path:
    """The demo's output, for a test of its own."""
    shutil.copytree(demo_crawl.output, folder / "output", ignore=shutil.ignore_patterns("*.warc.gz"))
    return folder / "output"


def written_card(demo_crawl: DemoCrawl, folder: Path) -> Path:
    """The same, with its card."""
    output = copied(demo_crawl, folder)
    write(output)
    return output
