"""Small archives of the demo newsroom's pages, and batches over them as commands."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from benchmarks.archives import Given, build
from demo.content import load
from demo.pages import Site
from pipelines.store.schema import SCHEMAS
from tests.crawling import ROOT, Finished, run


def newsroom_pages(most: int) -> list[Given]:
    """Pages of the newsroom, as many of each outlet."""
    outlets = load()
    pages = []
    for outlet in outlets:
        site = Site(outlet, 80)
        for article in outlet.articles[: -(-most // len(outlets))]:
            page = site.page(article.path)
            address = f"http://{outlet.name}.test{article.path}"
            pages.append((address, page.body, {"content-type": page.content_type}))
    return pages[:most]


def archives(folder: Path, pages: int = 40, files: int = 3, *, torn: bool = False) -> list[Path]:
    """Archives of the newsroom's pages."""
    return build(folder, newsroom_pages(pages), files, torn=torn)


def reclean(output: Path | str, paths: Sequence[Path | str], *options: str, folder: Path = ROOT) -> Finished:
    """`python -m pipelines reclean`, in a folder."""
    arguments = ["/usr/bin/env", "--chdir", str(folder), *command(output, paths, *options)]
    return run(arguments, PYTHONPATH=str(ROOT))


def command(output: Path | str, paths: Sequence[Path | str], *options: str) -> list[str]:
    """The same, not run."""
    named = [word for path in paths for word in ("--path", str(path))]
    return [sys.executable, "-m", "pipelines", "reclean", "--output", str(output), *named, *options]


def published(output: Path) -> dict[str, str]:
    """SHA-256 of every file that readers' patterns find."""
    return {
        path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for dataset in SCHEMAS
        for path in sorted((output / dataset).glob("**/*.parquet"))
    }


def rows(output: Path, dataset: str = "articles") -> pa.Table:
    """All rows of a dataset."""
    return ds.dataset(output / dataset, partitioning="hive", schema=SCHEMAS[dataset]).to_table()
