"""Processes that read what is published as analysts do, in a loop, and one that publishes meanwhile."""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import closing
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from pipelines.store.ledger import Ledger
from tests.crawling import ROOT
from tests.helpers_compact import compact
from tests.helpers_store import Store, article, stage

URL = "https://sahifa.test/rounds/"

PATTERNS = {
    "pyarrow": """
import pyarrow.dataset as ds
articles = ds.dataset("output/articles", partitioning="hive").to_table()
""",
    "duckdb": """
import duckdb
articles = duckdb.sql("FROM 'output/articles/**/*.parquet'").to_arrow_table()
""",
    "polars": """
import polars as pl
articles = pl.scan_parquet("output/articles/**/*.parquet").collect()
""",
}


def snippets() -> dict[str, str]:
    """The manual's ways to read by the manifest."""
    text = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    return dict(re.findall(r"```python (\w+)\n(.*?)```", text, re.DOTALL))


def numbers(articles: Any) -> list[int]:
    """Numbers of the rounds whose articles were read, sorted."""
    return sorted(int(str(url).removeprefix(URL)) for url in list(map(_plain, articles["url"])))


def _plain(value: Any) -> Any:
    return value.as_py() if hasattr(value, "as_py") else value


def read_until(
    folder: Path,
    snippet: str,
    stop: Event,
    rounds: tuple[Synchronized[int], Synchronized[int]],
    results: Queue[Counter[str]],
) -> None:
    """Count what came of each reading, of one at least: whole, an error by its text, or what was wrong."""
    os.chdir(folder)
    code = compile(snippet, "snippet", "exec")
    begun, done = rounds
    seen: Counter[str] = Counter()
    while not (stop.is_set() and seen):
        space: dict[str, Any] = {}
        least = done.value
        try:
            exec(code, space)
        except BaseException as error:  # Polars' panics are no Exception
            seen[f"error: {type(error).__name__}: {error}"[:1000]] += 1
            continue
        found = numbers(space["articles"])
        whole = found == list(range(len(found))) and least <= len(found) <= begun.value
        seen["whole" if whole else f"wrong: {least} <= {begun.value}: {found}"] += 1
    results.put(seen)


def publish_until(
    output: Path, stop: Event, rounds: tuple[Synchronized[int], Synchronized[int]], compact_every: int
) -> None:
    """One article a round; every so many rounds a compaction."""
    store, (begun, done) = Store(output), rounds
    while not stop.is_set():
        number = begun.value
        with closing(Ledger(store.ledger_path)) as ledger:
            stage(ledger, article(f"{URL}{number}", f"متن {number}"))
        begun.value += 1
        with store.publisher(f"run-{number:05}") as publisher:
            publisher.publish()
        done.value += 1
        if compact_every and number % compact_every == compact_every - 1:
            compact(store, f"compact-{number:05}")
