"""The pages that are measured: sets of the measuring data, and the demo newsroom, which is everywhere."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.bench.table import BenchError
from demo.content import load
from demo.pages import Site

Given = tuple[str, bytes, dict[str, str]]
# The pages of a site that teach its memory before the others are measured: site memory needs three.
TAUGHT = 3
# How often the others are given.
ROUNDS = 3
DEMO = "demo"


def pages_of(name: str, data: Path, most: int | None = None) -> list[Given]:
    """(url, body, headers) of the set; `most` of them, spread evenly. Raises `BenchError` without data."""
    found = list(_newsroom() if name == DEMO else _gold(name, data))
    if not most or len(found) <= most:
        return found
    return [found[at * len(found) // most] for at in range(most)]


def sites_of(name: str, data: Path, most: int | None = None) -> list[list[Given]]:
    """The set site by site, in crawl order: all of it, or as many sites as hold `most` pages."""
    found: dict[str, list[Given]] = {}
    for given in pages_of(name, data):
        found.setdefault(urlsplit(given[0]).hostname or "", []).append(given)
    sites = list(found.values())
    return sites[: -(-most // len(sites[0]))] if most else sites


def has(name: str, data: Path) -> bool:
    """Whether the pages of the set are here."""
    return name == DEMO or (data / name / "gold.jsonl").is_file()


def require(data: Path, *names: str) -> None:
    """Raise `BenchError` unless the sets are there."""
    if lacks := [name for name in names if not has(name, data)]:
        raise BenchError(f"the measuring data has no set {lacks[0]} in {data}; --data names its folder")


def _gold(name: str, data: Path) -> Iterator[Given]:
    require(data, name)
    with (data / name / "gold.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            gold = json.loads(line)
            with gzip.open(data / name / f"{gold['id']}.html.gz") as file:
                yield gold.get("url") or "", file.read(), gold.get("headers") or {}


def _newsroom() -> Iterator[Given]:
    for outlet in load():
        site = Site(outlet, 80)
        for article in outlet.articles:
            page = site.page(article.path)
            yield f"http://{outlet.name}.test{article.path}", page.body, {"content-type": page.content_type}
