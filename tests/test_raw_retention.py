"""WARC files that were kept long enough go, and everybody knows that it was on purpose."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.archive.stored import stored_response
from pipelines.policy import MIB
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.raw import RawStore
from pipelines.store.release import release, released
from pipelines.store.verify_raw import verify_raw
from pipelines.workers import Workers
from tests.crawling import rows, scrapy
from tests.helpers_rebuild import crawl
from tests.helpers_store import NOW, Store, page
from tests.helpers_warc import capture, members

KEPT = timedelta(days=30)
LATER = NOW + timedelta(days=31)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two runs; of the first a page waits to be cleaned, in a file of its own."""
    store = Store(tmp_path / "output")
    with crawl(store, 1) as run:
        run.look("https://sahifa.test/1", "one|text of one|x")
    with crawl(store, 2) as run:
        run.look("https://sahifa.test/2", "two|text of two|x")
    return store


@contextmanager
def opened(store: Store) -> Iterator[tuple[Ledger, FolderOutput]]:
    with closing(Ledger(store.ledger_path)) as ledger:
        yield ledger, FolderOutput(store.output)


def names(store: Store) -> list[str]:
    return sorted(path.name for path in (store.output / "raw").iterdir())


def test_files_go_when_their_time_is_over(store: Store) -> None:
    before = names(store)
    with opened(store) as (ledger, output):
        assert release(ledger, output, KEPT, NOW + timedelta(days=29)) == ()
        assert names(store) == before
        assert release(ledger, output, KEPT, LATER) == tuple(before)
        assert released(ledger.connection) == set(before)
        assert names(store) == []
        assert release(ledger, output, KEPT, LATER) == ()
        with pytest.raises(StoreError, match="was kept for NEWS_RAW_DAYS and removed"):
            stored_response(output, ledger.connection, before[0], 0)


def test_what_a_page_still_needs_stays(store: Store) -> None:
    with crawl(store, 3) as run:
        run.look("https://sahifa.test/3", "three|text of three|x", clean=False)
        needed = names(store)[-1]
    with opened(store) as (ledger, output):
        assert len(release(ledger, output, KEPT, LATER)) == 2
    assert names(store) == [needed]


def test_what_is_not_ours_stays(store: Store) -> None:
    """Of another ledger, of a run under way, of nobody's."""
    raw = RawStore(store.output / "raw", "20261101T000000-aaaaaa", "another ledger")
    raw.write(page())
    raw.close()
    (store.output / "raw" / "CC-NEWS-1.warc.gz").write_bytes(members(capture(1)))
    others = set(names(store)[:2])
    with opened(store) as (ledger, output):
        ended = ("20261101T000000-aaaaaa", NOW.isoformat(), NOW.isoformat())
        ledger.connection.execute("INSERT INTO runs VALUES (?, 'unknown', ?, ?, 'died')", ended)
        ledger.start_run("20261121T090000-bbbbbb", "news", NOW)
        raw = RawStore(store.output / "raw", "20261121T090000-bbbbbb", ledger.writer)
        mine = raw.write(page())[0]
        raw.close()
        assert len(release(ledger, output, KEPT, LATER)) == 2
    assert set(names(store)) == {*others, mine}


def test_a_kill_between_note_and_removal_is_made_good(store: Store) -> None:
    before = names(store)

    class Deadly(FolderOutput):
        def remove_raw(self, name: str) -> None:
            raise KeyboardInterrupt

    with opened(store) as (ledger, output):
        with pytest.raises(KeyboardInterrupt):
            release(ledger, Deadly(store.output), KEPT, LATER)
        assert names(store) == before
        assert released(ledger.connection) == set(before)
        (store.output / "raw" / before[0]).write_bytes(b"")  # whatever became of it
        assert release(ledger, output, KEPT, LATER) == tuple(before)
    assert names(store) == []


def test_verification_says_released_and_not_missing(store: Store) -> None:
    with opened(store) as (ledger, output):
        release(ledger, output, KEPT, LATER)

    async def verified() -> object:
        workers = Workers(1, 60, 4096 * MIB, cleans=False)
        try:
            with closing(sqlite3.connect(store.ledger_path)) as db:
                files = FolderOutput(store.output)
                return await verify_raw(files, db, list(files.targets()), workers)
        finally:
            workers.stop()

    assert asyncio.run(verified()) == (
        [],
        ["raw/: 2 WARC files behind rows were removed after NEWS_RAW_DAYS"],
    )


def test_a_run_lets_go_of_what_is_older(tmp_path: Path) -> None:
    """Any run does, whatever it reads."""
    output = tmp_path / "output"
    store = Store(output)
    with crawl(store, 1) as run:
        run.look("https://sahifa.test/1", "one|text of one|x")
    with closing(sqlite3.connect(store.ledger_path)) as db, db:
        db.execute("UPDATE runs SET ended_at = ?", ((datetime.now(UTC) - timedelta(days=8)).isoformat(),))
    (old,) = names(store)
    (file := tmp_path / "a.warc.gz").write_bytes(members(capture(1)))
    command = ("crawl", "warc", "-a", f"path={file}", "-s", f"NEWS_OUTPUT={output}")
    assert scrapy(*command, "-s", "NEWS_RAW_DAYS=9").code == 0
    assert names(store) == [old]
    done = scrapy(*command, "-s", "NEWS_RAW_DAYS=7")
    assert (done.code, names(store)) == (0, [])
    assert "1 WARC files were kept long enough and removed (NEWS_RAW_DAYS)" in done.out
    assert len(rows(output, "articles")) == 2
    verified = scrapy("verify", "--raw", "-s", f"NEWS_OUTPUT={output}")
    assert verified.code == 0, verified.out


@pytest.mark.parametrize(("name", "value"), [("NEWS_RAW_DAYS", "-1"), ("NEWS_RAW_FILE_MB", "0")])
def test_a_setting_that_cannot_be_is_named(name: str, value: str, tmp_path: Path) -> None:
    done = scrapy("crawl", "news", "-s", f"{name}={value}", "-s", f"NEWS_OUTPUT={tmp_path}")
    assert done.code == 2
    assert f"{name}={value}: it must be at least" in done.err
