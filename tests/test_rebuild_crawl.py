"""The real command on an output whose ledger was lost: nothing is fetched, cleaned or stored twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.content import gold, write_site_files
from demo.server import Newsroom
from pipelines.store.lock import OutputLock
from pipelines.store.manifest import MANIFEST
from pipelines.store.warc_files import responses
from tests.conftest import DemoCrawl
from tests.crawling import THOROUGH, crawl_newsroom, kill_when, requests_in, rows, scrapy, start_crawl
from tests.helpers_rebuild import known
from tests.helpers_store import Store


@pytest.fixture
def output(demo_crawl: DemoCrawl, tmp_path: Path) -> Path:
    """A copy of what the demo crawl left."""
    shutil.copytree(demo_crawl.output, tmp_path / "output")
    return tmp_path / "output"


def damage(output: Path) -> None:
    (output / ".state" / "ledger.sqlite").write_bytes(b"these are no pages of a database " * 3000)


def remove_all_that_is_known(output: Path) -> None:
    shutil.rmtree(output / ".state")
    (output / MANIFEST).unlink()


@pytest.mark.parametrize("destroy", [damage, remove_all_that_is_known])
def test_the_next_crawl_goes_on_and_says_what_was_done(
    demo_crawl: DemoCrawl, output: Path, destroy: Callable[[Path], None]
) -> None:
    asked = requests_in(demo_crawl.log)
    destroy(output)
    done = crawl_newsroom(demo_crawl.newsroom, demo_crawl.sites, output)
    again = crawl_newsroom(demo_crawl.newsroom, demo_crawl.sites, output)
    assert (done.code, again.code) == (6, 0), done.err
    (line,) = [line for line in done.out.splitlines() if "rebuilt" in line]
    assert "72 articles and 6 rejected pages in 3 files found again" in line
    assert ("damaged-" in line) is (destroy is damage)
    for each in (done, again):
        assert "Nothing new: 72 articles known already" in each.out
        assert "Traceback" not in each.err
    assert rows(output, "articles") == rows(demo_crawl.output, "articles")
    assert len(Store(output).visible()) == 3
    assert len(json.loads((output / MANIFEST).read_text(encoding="utf-8"))["files"]) == 3
    log = demo_crawl.log.read_text(encoding="utf-8").splitlines()[asked:]
    articles = {urlsplit(answer.url).path for answer in gold(demo_crawl.newsroom.port)}
    assert not articles & {json.loads(line)["path"] for line in log}


def test_on_request_the_same_is_found_again(output: Path) -> None:
    ledger = output / ".state" / "ledger.sqlite"
    before = known(ledger)
    done = scrapy("rebuild", "-s", f"NEWS_OUTPUT={output}")
    assert (done.code, done.err) == (0, "")
    assert "72 articles and 6 rejected pages in 3 files found again" in done.out
    (moved,) = (output / ".state").glob("ledger.sqlite.damaged-*")
    assert known(moved) == before
    del before["runs"][1]  # it left nothing
    assert known(ledger) == before


def test_a_rebuild_waits_for_no_run_and_knows_its_arguments(output: Path) -> None:
    with OutputLock(output / ".state" / "lock", "run 20261121T000000-abcdef"):
        done = scrapy("rebuild", "-s", f"NEWS_OUTPUT={output}")
    assert (done.code, "20261121T000000-abcdef" in done.err) == (3, True)
    done = scrapy("rebuild", "-a", "writer=nobody", "-s", f"NEWS_OUTPUT={output}")
    assert (done.code, "'nobody'" in done.err) == (2, True)
    done = scrapy("rebuild", "-a", "colour=blue", "-s", f"NEWS_OUTPUT={output}")
    assert (done.code, "'colour'" in done.err) == (2, True)


@pytest.mark.parametrize("requests", [90, 125] if THOROUGH else [125])
def test_pages_of_a_killed_run_are_not_fetched_again_though_its_ledger_is_lost(
    tmp_path: Path, requests: int
) -> None:
    log, output = tmp_path / "requests.jsonl", tmp_path / "output"
    with Newsroom(log=log) as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        process = start_crawl(newsroom, tmp_path / "sites", output)
        kill_when(process, lambda: requests_in(log) >= requests)
        kept = [url for path in (output / "raw").glob("*.warc.gz") for url in urls_in(path)]
        for path in (output / ".state").glob("ledger.sqlite*"):
            path.unlink()
        asked = requests_in(log)
        done = crawl_newsroom(newsroom, tmp_path / "sites", output)
        answers = {answer.url: answer.text for answer in gold(newsroom.port)}
    assert kept
    assert done.code == 6, done.err
    stored = [(row["url"], row["text"]) for row in rows(output, "articles")]
    assert len(stored) == len(answers)
    assert dict(stored) == answers
    entries = map(json.loads, log.read_text(encoding="utf-8").splitlines()[asked:])
    again = Counter(f"http://{entry['address']}:{newsroom.port}{entry['path']}" for entry in entries)
    assert [url for url in kept if again[url]] == []


def urls_in(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [record.headers["WARC-Target-URI"] for _, record in responses(file)]
