"""`scrapy report`: where the page is put, what is printed, and how it ends when that cannot be."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.settings import Settings

import crawler.settings as ours
from crawler.config import RunConfig
from crawler.upkeep.report import write_report
from tests.conftest import DemoCrawl
from tests.crawling import Finished, scrapy
from tests.helpers_report import write_ledger

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def report(output: Path, *arguments: str) -> Finished:
    return scrapy("report", "-s", f"NEWS_OUTPUT={output}", *arguments)


def config(output: Path) -> RunConfig:
    settings = Settings()
    settings.setmodule(ours)
    settings.set("NEWS_OUTPUT", str(output))
    return RunConfig.from_settings(settings)


def test_the_page_is_beside_the_data_and_one_line_says_so(demo_crawl: DemoCrawl) -> None:
    done = report(demo_crawl.output)
    page = demo_crawl.output / "report" / "index.html"
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{page}: {page.stat().st_size:,} bytes about 6 sites\n"
    assert "sahifa-east" in page.read_text(encoding="utf-8")
    assert not list(page.parent.glob(".*"))


def test_json_says_what_the_page_holds(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    to = tmp_path / "new" / "page.html"
    done = report(demo_crawl.output, "--format", "json", "--to", str(to))
    found = json.loads(done.out)
    assert found.pop("runs")
    assert found == {
        "path": str(to),
        "bytes": to.stat().st_size,
        "sites": 6,
        "articles": 18,
        "open_alarms": 0,
        "unread": [],
    }


def test_an_empty_output_is_no_error(tmp_path: Path) -> None:
    done = report(tmp_path / "output")
    assert (done.code, done.err) == (0, "")
    assert "No run yet" in (tmp_path / "output" / "report" / "index.html").read_text(encoding="utf-8")


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    folder = report(tmp_path / "output", "--to", str(tmp_path))
    assert (folder.code, folder.err.count("\n")) == (2, 1)
    assert f"--to {tmp_path} is a folder" in folder.err
    (tmp_path / "file").touch()
    below = report(tmp_path / "output", "--to", str(tmp_path / "file" / "page.html"))
    assert (below.code, below.err.count("\n")) == (4, 1)
    assert str(tmp_path / "file") in below.err


def test_what_could_not_be_read_is_counted_in_the_line(tmp_path: Path) -> None:
    ledger = tmp_path / "output" / ".state" / "ledger.sqlite"
    write_ledger(ledger, 2, 3)
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA user_version = 99")
    done = report(tmp_path / "output")
    assert done.code == 0
    assert done.out.endswith("about 0 sites; 1 things could not be read, see there\n")


def test_all_shards_are_one_page_and_one_shard_has_its_own(tmp_path: Path) -> None:
    output = tmp_path / "output"
    write_ledger(output / ".state" / "shard-1-of-2" / "ledger.sqlite", 2, 3)
    (output / "shards.json").write_text('{"shards": 2}')
    found = json.loads(report(output, "--format", "json").out)
    assert found["path"] == str(output / "report" / "index.html")
    assert [len(found["runs"]), len(found["unread"])] == [1, 1]
    own = json.loads(report(output, "--format", "json", "-a", "shard=1/2").out)
    assert own["path"] == str(output / "report" / "shard-1-of-2" / "index.html")
    assert own["unread"] == []
    other = report(output, "-a", "shard=1/3")
    assert (other.code, other.err.count("\n")) == (2, 1)


@pytest.mark.parametrize("named", [False, True])
def test_a_run_writes_it_over_the_last_one(tmp_path: Path, *, named: bool) -> None:
    own = config(tmp_path / "output")
    write_ledger(own.ledger, 2, 3, decays=1)
    to = tmp_path / "elsewhere.html" if named else None
    first = write_report([own], AT, to).read_bytes()
    path = write_report([own], AT, to)
    assert path == (to or tmp_path / "output" / "report" / "index.html")
    assert path.read_bytes() == first
    assert b"Open alarms" in first
