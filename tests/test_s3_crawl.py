"""Whole crawls whose output is a prefix of an object store, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.config import RunConfig
from crawler.run import Run
from crawler.summary import queries
from demo.content import gold, write_site_files
from demo.crawl import crawl_command
from demo.crawl import environment as plain_environment
from demo.server import Newsroom
from pipelines.store.output import state_folder
from tests.crawling import ROOT, Finished
from tests.helpers_s3 import KEY, NEEDS_S3, SECRET, TOKEN, Machine, Objects, served_objects
from tests.helpers_store import page
from tests.s3_proxy import Asked

pytestmark = NEEDS_S3


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with served_objects() as found:
        yield found


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    with Newsroom(log=tmp_path_factory.mktemp("newsroom") / "requests.jsonl") as found:
        yield found


def start(folder: Path, arguments: list[str]) -> subprocess.Popen[str]:
    """The command in a folder of its own, below which its local state is."""
    env = plain_environment() | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        arguments, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True, process_group=0
    )


def run(folder: Path, arguments: list[str]) -> Finished:
    with start(folder, arguments) as process:
        out, err = process.communicate(timeout=300)
        return Finished(process.returncode, out, err)


def crawl_of(newsroom: Newsroom, folder: Path, place: str, *more: str) -> list[str]:
    write_site_files(folder / "sites", newsroom.port)
    return [*crawl_command(newsroom, folder / "sites", Path("unused")), "-s", f"NEWS_OUTPUT={place}", *more]


def refused(folder: Path, code: int, place: str, *words: str) -> str:
    """One line on stderr and the exit code; nothing else."""
    command = [sys.executable, "-m", "scrapy", "crawl", "urls", "-a", "url=http://x.test/"]
    done = run(folder, [*command, "-s", f"NEWS_OUTPUT={place}"])
    assert done.code == code, done.err
    assert len(done.err.splitlines()) == 1, done.err
    for word in words:
        assert word in done.err
    return done.err


def test_a_crawl_publishes_to_the_store_and_looks_at_it_again(
    objects: Objects, newsroom: Newsroom, tmp_path: Path
) -> None:
    place = objects.place("crawled")
    command = crawl_of(newsroom, tmp_path, place, "-L", "DEBUG")
    first = run(tmp_path, command)
    assert first.code == 0, first.err
    machine = Machine(tmp_path, place)
    rows = machine.rows()
    assert len([row for row in rows if row[0] == "articles"]) == 72
    assert set(rows.values()) == {1}
    machine.assert_manifest_lists_what_is_visible()
    assert not list(tmp_path.rglob("*.warc.gz"))
    assert not list(tmp_path.rglob("*.parquet"))
    raw = [name for name in objects.names() if name.startswith("crawled/raw/")]
    assert len(raw) == 1
    assert not [name for name in objects.names() if ".khabar" in name]
    again = run(tmp_path, [*command, "-s", "NEWS_RECHECK=always"])
    assert again.code == 0, again.err
    assert "72 stored articles looked at again without a new version" in again.out
    assert machine.rows() == rows
    shown = subprocess.run(
        next(iter(queries(place))), shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "[72 rows x 3 columns]" in shown.stdout, shown.stderr
    kept = b"".join(objects.read(name) for name in objects.names() if name.endswith("manifest.json"))
    for secret in (KEY, SECRET, TOKEN):
        assert secret not in first.out + first.err + again.out + again.err
        assert secret.encode() not in kept
        assert not [
            path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
        ]


@pytest.mark.parametrize("folder", ["raw", "articles", "manifest.json"])
def test_a_crawl_killed_while_it_uploads_loses_and_doubles_nothing(
    objects: Objects, newsroom: Newsroom, tmp_path: Path, folder: str
) -> None:
    place = objects.place(f"killed-{folder}")
    proxy = objects.proxy
    proxy.restart()

    def fault(asked: Asked) -> str | None:
        return "hold" if asked.method == "PUT" and f"/killed-{folder}/{folder}" in asked.path else None

    proxy.fault = fault
    command = crawl_of(newsroom, tmp_path, place)
    with start(tmp_path, command) as process:
        assert proxy.holding.wait(120)
        os.killpg(process.pid, signal.SIGKILL)
    proxy.fault = lambda asked: None
    before = newsroom_requests(newsroom)
    done = run(tmp_path, command)
    assert done.code == 0, done.err
    proxy.release.set()
    assert proxy.released.wait(60)
    machine = Machine(tmp_path, place)
    rows = machine.rows()
    assert len([row for row in rows if row[0] == "articles"]) == 72
    assert set(rows.values()) == {1}
    machine.assert_manifest_lists_what_is_visible()
    objects.assert_no_partial_part()
    assert not list(tmp_path.rglob("*.warc.gz"))
    articles = {"/" + answer.url.split("/", 3)[3] for answer in gold(newsroom.port)}
    asked = newsroom_requests(newsroom)
    assert articles & set(asked[: len(before)])
    assert articles.isdisjoint(asked[len(before) :])


def newsroom_requests(newsroom: Newsroom) -> list[str]:
    assert newsroom._log_file is not None
    return [json.loads(line)["path"] for line in newsroom._log_file.open(encoding="utf-8")]


def test_raw_pages_are_read_where_they_are(objects: Objects, tmp_path: Path) -> None:
    """From this machine while they wait to be cleaned, then from the store."""
    place = objects.place("raw-pages")
    objects.proxy.restart()
    state = tmp_path / "state"
    config = RunConfig(place, state, state / "ledger.sqlite", 1, 10.0, 2**30)
    run = Run(config, "news")
    name, offset = run.raw.write(page())
    run.close()
    assert not list(state.rglob("*.warc.gz"))
    later = Run(config, "news")
    assert later.stored_response(name, offset).body == page().body
    local, at = later.raw.write(page(body=b"waits"))
    later.ledger.connection.execute(
        "INSERT INTO urls (key, url, site, state, discovered_via, discovered_at, fetch, warc_file) "
        "VALUES ('k', 'k', 's', 'fetched', 'feed', '2026-11-21', '{}', ?)",
        (local,),
    )
    later.close()
    assert [path.name for path in state.rglob("*.warc.gz")] == [local]
    objects.proxy.fault = lambda asked: None
    last = Run(config, "news")
    assert last.stored_response(local, at).body == b"waits"
    last.ledger.connection.execute("DELETE FROM urls")
    last.close()
    assert not list(state.rglob("*.warc.gz"))
    assert last.output.open_raw(name).read(2) == b"\x1f\x8b"
    last.output.remove_raw(name)
    assert name not in set(last.output.raw_names())
    last.output.remove_raw(name)


def test_a_bucket_that_is_not_there_stops_the_run_before_it_starts(objects: Objects, tmp_path: Path) -> None:
    objects.proxy.restart()
    refused(tmp_path, 4, "s3://no-such-bucket/x", "s3://no-such-bucket/x", "there is no such bucket; make it")


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("s3://", "must name a bucket"),
        ("s3:///prefix", "must name a bucket"),
        ("s3://news/a//b", "the prefix"),
        ("s3://news/../b", "the prefix"),
        ("gs://news/x", "a folder or s3://bucket/prefix"),
        ("S3://news/x", "a folder or s3://bucket/prefix"),
    ],
)
def test_a_place_that_is_none_is_one_line_and_exit_2(tmp_path: Path, place: str, word: str) -> None:
    refused(tmp_path, 2, place, "NEWS_OUTPUT", word)
    assert not (tmp_path / "output").exists()


def test_credentials_in_the_address_are_refused_and_not_repeated(tmp_path: Path) -> None:
    said = refused(tmp_path, 2, "s3://who:canary@news/x", "environment or the profile")
    assert "canary" not in said


def test_the_state_of_a_store_is_below_the_output_folder() -> None:
    assert state_folder("s3://news/x").is_relative_to("output/.state")
