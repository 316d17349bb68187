"""`scrapy crawl warc`: archives become rows, once, whatever is wrong with them, and nobody asks the web."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import UserError
from crawler.spiders.warc import WarcSpider
from pipelines.archive.stored import archived_page
from pipelines.shard import shards
from pipelines.store.errors import StoreError
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, THOROUGH, Finished, rows, scrapy, start
from tests.helpers_warc import DATE, article, capture, members, record

HOSTS = ("news.test", "mail.test")
OTHERS = [
    record(b"software: other\r\n", "warcinfo"),
    record(kind="request"),
    record(kind="revisit"),
    record(b"20261120", WARC_Target_URI="dns:news.test", Content_Type="text/dns"),
    record(b"HTTP/1.1 404 Not Found\r\n\r\ngone", WARC_Target_URI="http://news.test/gone"),
    record(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n" + bytes(99)),
]


def archive(path: Path, numbers: range) -> Path:
    """A file with the articles of these numbers on two hosts, and records that are no pages."""
    captures = [capture(number, host) for number in numbers for host in HOSTS]
    path.write_bytes(members(*OTHERS[:4], *captures[:3], *OTHERS[4:], *captures[3:]))
    return path


def crawl(output: Path, path: object, *more: str, **env: str) -> Finished:
    return scrapy("crawl", "warc", "-a", f"path={path}", "-s", f"NEWS_OUTPUT={output}", *_QUIET, *more, **env)


_QUIET = ("-s", "LOG_LEVEL=ERROR", "-s", "NEWS_WORKERS=2")


def without_run(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what differs from run to run, in an order of their own."""
    plain = [{name: value for name, value in row.items() if name not in _OF_THE_RUN} for row in found]
    return sorted(plain, key=lambda row: (row["url"], row.get("text_hash") or ""))


# Of copies the one that is cleaned first is the first of its cluster, and how sure a text is depends on how
# many pages of the site memory had seen by then: workers do not finish pages in the order of the file.
_OF_THE_RUN = ("run_id", "discovered_at", "fetch_date", "cluster_id", "duplicate_of", "extraction_score")


@dataclass(frozen=True)
class Read:
    output: Path
    file: Path
    done: Finished
    log: Path


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("warc")
    file = archive(folder / "CC-NEWS-1.warc.gz", range(6))
    log = folder / "network.log"
    env = {"PYTHONPATH": f"{ROOT / 'tests' / 'no_network'}:{ROOT}", "KHABAR_TEST_NETWORK": str(log)}
    return Read(folder / "output", file, crawl(folder / "output", folder / "CC-NEWS-*.warc.gz", **env), log)


def test_an_archive_becomes_rows_with_their_provenance(read: Read) -> None:
    assert (read.done.code, read.done.err) == (0, "")
    found = rows(read.output, "articles")
    assert len(found) == 12
    for row in found:
        assert (row["discovered_via"], row["warc_file"]) == ("warc", "CC-NEWS-1.warc.gz")
        assert row["site"] in HOSTS
        assert row["fetched_at"].isoformat() == DATE.replace("Z", "+00:00")
        assert row["fetch_date"] == "2026-11-20"
        assert row["http_status"] == 200
        number = int(row["url"].rstrip("/")[-6:]) - 100_000
        page = archived_page(str(read.file), row["warc_file"], row["warc_offset"], "any")
        assert (page.url, page.body) == article(number, row["site"])
    assert [row["reason"] for row in rows(read.output, "rejected")] == ["not_html"]


def test_nobody_asks_the_network(read: Read) -> None:
    assert read.done.code == 0
    assert not read.log.exists()


def test_the_summary_counts_every_record(read: Read) -> None:
    lines = [line.strip() for line in read.done.out.splitlines()]
    assert "1 archive files read: 18 records" in lines
    for line in ("page: 13", "not_response: 2", "revisit: 1", "not_http: 1", "http_404: 1"):
        assert line in lines
    assert not (read.output / "raw").exists() or not list((read.output / "raw").iterdir())


def test_the_books_balance_and_what_is_stored_verifies(read: Read) -> None:
    for command in ("reconcile", "verify"):
        done = scrapy(command, "-s", f"NEWS_OUTPUT={read.output}")
        assert done.code == 0, done.out + done.err


def test_each_shard_takes_the_pages_of_its_domains(read: Read, tmp_path: Path) -> None:
    output = tmp_path / "output"
    for shard, host in zip(shards(2), HOSTS, strict=True):
        assert shard.has(host)
        done = crawl(output, read.file, "-a", f"shard={shard}")
        assert done.code == 0, done.err
        assert "other_shard: " in done.out
    want = [row["id"] for row in rows(read.output, "articles") if row["warc_file"] == read.file.name]
    assert sorted(row["id"] for row in rows(output, "articles")) == sorted(want)


def test_its_rows_are_cleaned_again_from_it(read: Read, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(read.output, output)
    done = scrapy("reclean", "--format", "json", "-s", f"NEWS_OUTPUT={output}", *_QUIET)
    assert done.code == 0, done.err
    total = json.loads(done.out)["total"]
    assert (total["rows"], total["unchanged"], total["unreadable"], total["released"]) == (12, 12, 0, 0)


def test_rows_of_an_archive_that_is_gone_name_it(read: Read, tmp_path: Path) -> None:
    output = tmp_path / "output"
    shutil.copytree(read.output, output)
    with closing(sqlite3.connect(output / ".state" / "ledger.sqlite")) as db, db:
        db.execute("UPDATE archives SET place = '/nowhere/' || name")
    done = scrapy("reclean", "-s", f"NEWS_OUTPUT={output}", *_QUIET)
    assert (done.code, done.err) == (4, "")
    line = f"{read.file.name}: 13 pages cannot be read: cannot read /nowhere/{read.file.name}"
    assert any(said.startswith(line) for said in done.out.splitlines()), done.out


def test_a_file_that_was_read_is_not_read_again(read: Read, tmp_path: Path) -> None:
    moved = tmp_path / "moved" / read.file.name
    moved.parent.mkdir()
    more = archive(tmp_path / "CC-NEWS-2.warc.gz", range(4, 8))
    moved.hardlink_to(read.file)
    again = crawl(read.output, f"{moved},{more}")
    assert again.code == 0, again.err
    assert "1 archive files read, 1 read before: 14 records" in again.out
    assert "known: 5" in again.out  # four articles, and the picture
    assert len(rows(read.output, "articles")) == 16


def test_our_own_raw_files_give_the_rows_of_the_crawl_that_wrote_them(
    demo_crawl: DemoCrawl, tmp_path: Path
) -> None:
    done = crawl(tmp_path / "output", demo_crawl.output / "raw" / "*.warc.gz")
    assert done.code == 0, done.err
    for dataset in ("articles", "rejected"):
        here, there = rows(tmp_path / "output", dataset), rows(demo_crawl.output, dataset)
        assert without_run(here) == without_run(there)
    here, there = (rows(output, "articles") for output in (tmp_path / "output", demo_crawl.output))
    scores = {row["id"]: row["extraction_score"] for row in there}
    assert {row["id"]: row["extraction_score"] for row in here} == pytest.approx(scores, abs=0.1)


@pytest.mark.parametrize(
    ("step", "number"),
    [("stage", 7), ("rename", 1), *([("clean", 2), ("let_go", 1), ("commit", 1)] if THOROUGH else [])],
)
def test_a_kill_loses_nothing_and_doubles_nothing(read: Read, tmp_path: Path, step: str, number: int) -> None:
    file = archive(tmp_path / "CC-NEWS-1.warc.gz", range(6))
    output = tmp_path / "output"
    victim = [sys.executable, "-m", "tests.soak.victim", step, "before", str(number), "crawl", "warc"]
    process = start([*victim, "-a", f"path={file}", "-s", f"NEWS_OUTPUT={output}", *_QUIET])
    assert process.wait(180) == -9
    done = crawl(output, file)
    assert done.code == 0, done.err
    want = [row for row in rows(read.output, "articles") if row["warc_file"] == file.name]
    assert without_run(rows(output, "articles")) == without_run(want)
    assert len(rows(output, "rejected")) == 1
    assert scrapy("reconcile", "-s", f"NEWS_OUTPUT={output}").code == 0


def test_an_archive_that_is_gone_is_asked_for_and_its_pages_are_kept(tmp_path: Path) -> None:
    file = archive(tmp_path / "a.warc.gz", range(3))
    output, away = tmp_path / "output", tmp_path / "away"
    victim = [sys.executable, "-m", "tests.soak.victim", "stage", "before", "2", "crawl", "warc"]
    process = start([*victim, "-a", f"path={file}", "-s", f"NEWS_OUTPUT={output}", *_QUIET])
    assert process.wait(60) == -9
    file.rename(away)
    other = archive(tmp_path / "b.warc.gz", range(10, 11))
    done = crawl(output, other)
    assert done.code == 4
    assert f"cannot read {file}: No such file or directory; put it back" in done.out
    away.rename(file)
    done = crawl(output, file)
    assert (done.code, len(rows(output, "articles"))) == (0, 8)


def test_told_to_stop_it_publishes_what_it_has_and_goes_on_next_time(tmp_path: Path) -> None:
    file = tmp_path / "a.warc.gz"
    file.write_bytes(members(*(capture(number) for number in range(150))))
    output = tmp_path / "output"
    ledger = output / ".state" / "ledger.sqlite"
    process = start(
        [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "warc",
            "-a",
            f"path={file}",
            "-s",
            f"NEWS_OUTPUT={output}",
            *_QUIET,
        ]
    )
    while process.poll() is None and staged(ledger) < 5:
        time.sleep(0.01)
    process.terminate()
    assert process.wait(60) == 0
    before = len(rows(output, "articles"))
    assert 5 <= before < 150
    done = crawl(output, file)
    assert (done.code, done.err) == (0, "")
    assert f"{150 - before} new articles" in done.out
    assert len(rows(output, "articles")) == 150


def staged(ledger: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
            found: int = db.execute("SELECT count(*) FROM urls WHERE state = 'staged'").fetchone()[0]
            return found
    except sqlite3.Error:  # it is not there yet
        return 0


def test_captures_of_one_article_are_its_versions_in_their_order(tmp_path: Path) -> None:
    dates = [f"2026-11-{day:02d}T08:00:00Z" for day in (10, 11, 12, 13)]
    texts = [
        "",
        "",
        "أضاف المحرر هذه الفقرة الجديدة بعد ساعات من النشر.",
        "ثم استبدلت الفقرة بغيرها مساء اليوم نفسه.",
    ]
    captures = [capture(1, date=date, more=text) for date, text in zip(dates, texts, strict=True)]
    file = tmp_path / "a.warc.gz"
    file.write_bytes(members(capture(0), *captures, capture(2)))
    output = tmp_path / "output"
    done = crawl(output, file)
    assert (done.code, done.err) == (0, "")
    found = sorted(
        (row["version"], row["fetched_at"].day, row["previous_id"])
        for row in rows(output, "articles")
        if "100001" in row["url"]
    )
    assert [(version, day) for version, day, _ in found] == [(1, 10), (2, 12), (3, 13)]
    assert scrapy("reconcile", "-s", f"NEWS_OUTPUT={output}").code == 0
    older = tmp_path / "b.warc.gz"
    older.write_bytes(members(capture(1, date="2026-11-09T08:00:00Z", more="نص أقدم من كل ما سبق حفظه هنا.")))
    done = crawl(output, older)
    assert done.code == 0
    assert "known: 1" in done.out
    assert "Nothing new: 1 pages known already, none added." in done.out
    assert len(rows(output, "articles")) == 5


def test_what_is_wrong_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    archive(tmp_path / "a.warc.gz", range(2))
    cut = tmp_path / "b.warc.gz"
    one, two = capture(10), capture(11)
    cut.write_bytes(members(one, two)[:-30])
    (tmp_path / "c.warc.gz").write_bytes(gzip.compress(b"a text"))
    (tmp_path / "d.warc.gz").write_bytes(b"")
    output = tmp_path / "output"
    path = f"{tmp_path}/*.warc.gz, {tmp_path}/none-*.warc"
    done = crawl(output, path)
    assert (done.code, done.err) == (4, "")
    assert "2 archive files read: 12 records" in done.out
    assert f"{cut} at {len(members(one))}: the record is cut short" in done.out
    for name in ("c.warc.gz", "d.warc.gz", "none-*.warc"):
        (line,) = [line for line in done.out.splitlines() if f"{tmp_path}/{name}" in line]
        assert line.count(name) == 1, line
    assert "Traceback" not in done.out
    assert len(rows(output, "articles")) == 5
    again = crawl(output, path)
    assert again.code == 4
    assert "0 archive files read, 2 read before" in again.out
    (tmp_path / "c.warc.gz").write_bytes(members(capture(12)))
    (tmp_path / "d.warc.gz").unlink()
    mended = crawl(output, f"{tmp_path}/*.warc.gz")
    assert (mended.code, len(rows(output, "articles"))) == (0, 6)


def test_mistakes_are_told_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="takes -a path="):
        WarcSpider.plan({})
    with pytest.raises(UserError, match="knows no argument 'file'"):
        WarcSpider.plan({"file": "x"})
    with pytest.raises(UserError, match=r"none-here.*no such file"):
        WarcSpider.plan({"path": str(tmp_path / "none-here-*.warc.gz")})
    with pytest.raises(StoreError, match="must name a bucket"):
        WarcSpider.plan({"path": "s3://?/x"})
