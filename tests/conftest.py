"""One crawl of the demo newsroom that many tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.content import write_site_files
from demo.server import Newsroom
from tests.crawling import Finished, crawl_newsroom


@dataclass(frozen=True)
class DemoCrawl:
    """The newsroom, still open, and what two crawls of it left."""

    newsroom: Newsroom
    sites: Path
    output: Path
    log: Path
    first: Finished
    second: Finished


# Tests that look at a crawl share a worker, so that it is made once. Some files are dear themselves: two more
# crawls of ten seconds are less than one queue of three minutes.
_CRAWLS = {"demo_crawl", "written"}
_DEAR = {
    "test_explain": "demo-b",
    "test_shards_crawl": "demo-b",
    "test_newsite": "demo-c",
    "test_rebuild_crawl": "demo-c",
}


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the group of each test that looks at a crawl."""
    for item in items:
        if _CRAWLS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(_DEAR.get(item.path.stem, "demo")))


@pytest.fixture(scope="session")
def demo_crawl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCrawl]:
    folder = tmp_path_factory.mktemp("demo")
    log = folder / "requests.jsonl"
    with Newsroom(log=log) as newsroom:
        write_site_files(folder / "sites", newsroom.port)
        first = crawl_newsroom(newsroom, folder / "sites", folder / "output")
        second = crawl_newsroom(newsroom, folder / "sites", folder / "output")
        yield DemoCrawl(newsroom, folder / "sites", folder / "output", log, first, second)
