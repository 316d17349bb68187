"""What the report reads: ledgers and part files, whole, damaged and absent, of one machine and of many."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.report.page import render
from pipelines.report.reading_order import pieces
from pipelines.report.records import ReportData
from pipelines.shard import Shard
from pipelines.store.ledger import Ledger
from pipelines.store.manifest import MANIFEST
from pipelines.store.output import FolderOutput
from pipelines.store.report_data import report_data
from tests.conftest import DemoCrawl
from tests.crawling import rows
from tests.helpers_report import decay_alarm, write_ledger
from tests.helpers_store import NOW, Store, article, block, stage

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
# A run on a site whose histogram has one bin: it adds up with no other.
ONE_BIN = """('s', '2026-11-22T00:00:00+00:00', 'run-1', 'news', json_object('run_id', 'run-1', 'site', 's',
    'spider', 'news', 'started_at', '2026-11-22T00:00:00+00:00', 'lengths', json('[1]')))"""


def read(store: Store) -> ReportData:
    """The report's data, of which a page can always be made."""
    found = report_data({store.ledger_path: None}, FolderOutput(store.output), AT)
    assert "</html>" in render(found)
    return found


def unread(data: ReportData) -> str:
    return "\n".join(f"{each.what}: {each.why}" for each in data.unread)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """One run that published nine articles of two sites, and blocks that were cut from each."""
    found = Store(tmp_path / "output")
    with closing(Ledger(found.ledger_path)) as ledger:
        ledger.start_run("run-1", "news", NOW)
        for number in range(9):
            site = "sahifa" if number < 6 else "rozname"
            row = article(
                f"https://{site}.test/news/{number}",
                f"فقرة {number}\n\nفقرة ثانية",
                site=site,
                title=f"عنوان {number}",
                removed_blocks=2,
                fetched_at=NOW + timedelta(minutes=number),
            )
            stage(ledger, row, block(0, "القائمة"), block(2, f"قرأه {number * 37} زائر"))
    found.publish()
    with closing(Ledger(found.ledger_path)) as ledger:
        ledger.end_run("run-1", "ok", NOW + timedelta(minutes=10))
    return found


def test_a_demo_crawl_is_told_as_it_was(demo_crawl: DemoCrawl) -> None:
    ledger = demo_crawl.output / ".state" / "ledger.sqlite"
    data = report_data({ledger: None}, FolderOutput(demo_crawl.output), AT)
    stored = rows(demo_crawl.output, "articles")
    assert data.unread == ()
    assert sum(data.rows.values()) == len(stored)
    assert {site.name for site in data.sites} == {row["site"] for row in stored}
    assert data.earlier.stored + sum(site.latest.stored for site in data.sites if site.latest) == len(stored)
    assert [len(data.runs), data.latest[0]] == [2, data.runs[0]]
    by_id = {row["id"]: row for row in stored}
    for each in data.published.articles:
        row = by_id[each.id]
        assert (each.title, each.text, each.site) == (row["title"], row["text"], row["site"])
        assert len(each.cuts) == each.removed == row["removed_blocks"]
        assert "\n\n".join(piece.text for piece in pieces(each) if piece.rule is None) == each.text


def test_the_newest_articles_come_first_and_no_site_has_them_all(store: Store) -> None:
    found = read(store).published.articles
    assert [each.title for each in found] == [f"عنوان {number}" for number in (8, 7, 6, 5, 4, 3)]


def test_blocks_that_differ_in_numbers_are_counted_together(store: Store) -> None:
    found = [(each.site, each.count) for each in read(store).published.removed if "قرأه" in each.text]
    assert found == [("sahifa", 6), ("rozname", 3)]


def test_only_the_files_of_the_latest_run_are_read_once_it_published(store: Store) -> None:
    with closing(Ledger(store.ledger_path)) as ledger:
        ledger.start_run("run-2", "news", NOW + timedelta(days=1))
    assert len(read(store).published.articles) == 6
    with closing(Ledger(store.ledger_path)) as ledger:
        stage(
            ledger,
            article("https://new.test/1", site="new", run_id="run-2", fetched_at=NOW + timedelta(days=1)),
        )
    store.restart("run-2")
    assert [each.site for each in read(store).published.articles] == ["new"]


def test_nothing_yet_is_no_fault(tmp_path: Path) -> None:
    data = read(Store(tmp_path / "output"))
    assert (data.unread, data.sites, data.latest) == ((), (), ())
    assert "No run yet" in render(data)


def test_a_run_that_was_killed_is_told_as_such(store: Store) -> None:
    with closing(Ledger(store.ledger_path)) as ledger:
        ledger.start_run("run-2", "news", NOW + timedelta(days=1))
    assert "under way, or killed" in render(read(store))


def part(store: Store, dataset: str) -> Path:
    return store.output / next(name for name in store.visible() if name.startswith(f"{dataset}/"))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink])
def test_a_damaged_part_file_is_named_and_the_rest_is_shown(
    store: Store, damage: Callable[[Path], None]
) -> None:
    file = part(store, "articles")
    damage(file)
    data = read(store)
    assert file.relative_to(store.output).as_posix() in unread(data)
    assert len(data.unread) == 1
    assert data.published.articles == ()
    assert len(data.published.removed) == 4
    assert [run.run_id for run in data.latest] == ["run-1"]
    assert f"published file {file.relative_to(store.output).as_posix()} could not be read" in " ".join(
        render(data).replace("<bdi>", "").replace("</bdi>", "").split()
    )


def test_cut_blocks_that_cannot_be_read_leave_the_articles(store: Store) -> None:
    flip(part(store, "removed_blocks"))
    data = read(store)
    assert "its SHA-256 differs" in unread(data)
    assert [(len(each.cuts), each.removed) for each in data.published.articles] == [(0, 2)] * 6


def test_a_ledger_of_another_version_is_named_and_the_rows_are_shown(store: Store) -> None:
    with closing(sqlite3.connect(store.ledger_path)) as db:
        db.execute("PRAGMA user_version = 99")
    data = read(store)
    assert "has ledger version 99" in unread(data)
    assert len(data.published.articles) == 6
    assert data.rows


def test_a_ledger_that_is_no_database_is_named(store: Store) -> None:
    store.ledger_path.write_bytes(b"no database" * 1_000)
    data = read(store)
    assert str(store.ledger_path) in unread(data)
    assert len(data.published.articles) == 6


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DROP TABLE alarms", "alarms"),
        ("INSERT INTO alarms VALUES ('s', 'yesterday', 'r', 'r', '[]', '[]', NULL, NULL)", "alarms"),
        ("INSERT INTO site_runs VALUES ('s', '2026-11-22T00:00:00+00:00', 'r', 'news', '{')", "earlier runs"),
        (
            "INSERT INTO site_runs VALUES ('s', '2026-11-22T00:00:00+00:00', 'r', 'news', '[]')",
            "earlier runs",
        ),
        ("UPDATE runs SET started_at = 'yesterday'", "runs"),
        (f"INSERT INTO site_runs VALUES {ONE_BIN}", "runs"),
    ],
)
def test_a_table_that_is_damaged_takes_no_other_away(store: Store, statement: str, what: str) -> None:
    with closing(sqlite3.connect(store.ledger_path)) as db, db:
        db.execute(statement)
    data = read(store)
    assert unread(data).startswith(what)
    assert {site.name for site in data.sites} >= {"rozname", "sahifa"}
    assert len(data.published.articles) == 6


def test_any_damage_of_a_ledger_leaves_a_page(tmp_path: Path) -> None:
    whole = Store(tmp_path / "whole")
    write_ledger(whole.ledger_path, 6, 5, decays=2)
    with closing(sqlite3.connect(whole.ledger_path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    chance, noticed = random.Random(7), 0
    data = whole.ledger_path.read_bytes()
    for number in range(40):
        damaged = bytearray(data)
        for at in chance.choices(range(len(data)), k=24):
            damaged[at] ^= 1 << chance.randrange(8)
        copy = Store(tmp_path / str(number))
        copy.ledger_path.parent.mkdir(parents=True)
        copy.ledger_path.write_bytes(damaged)
        noticed += bool(read(copy).unread)
    assert noticed


@pytest.mark.parametrize("text", ["", "{", '{"manifest_version": 99, "files": []}'])
def test_a_manifest_that_cannot_be_read_is_named(store: Store, text: str) -> None:
    (store.output / MANIFEST).write_text(text)
    data = read(store)
    assert "list of the published files" in unread(data)
    assert data.latest


def test_entries_of_a_manifest_that_are_nonsense_are_left_out(store: Store) -> None:
    manifest = store.output / MANIFEST
    plain = json.loads(manifest.read_text())
    good = next(each for each in plain["files"] if each["dataset"] == "articles")
    for wrong in ({"partition": "someday"}, {"path": "../x"}, {"rows": "9"}, {"max_fetched_at": 1}):
        plain["files"].append(good | wrong)
    manifest.write_text(json.dumps(plain))
    data = read(store)
    assert "4 of its entries are damaged" in unread(data)
    assert sum(data.rows.values()) == 9


def test_runs_back_are_those_of_the_news_spider(tmp_path: Path) -> None:
    store = Store(tmp_path / "output")
    write_ledger(store.ledger_path, 4, 70, decays=2)
    data = read(store)
    assert data.alarms == (decay_alarm(2, 70),)
    assert {len(site.points) for site in data.sites} == {60}
    assert len(data.runs) == 70
    before = sum(point.stored for site in data.sites for point in site.points[:-1])
    assert data.earlier.stored == before


def test_shards_are_one_report_and_one_that_is_elsewhere_is_named(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "1.sqlite", tmp_path / "2.sqlite"
    write_ledger(here, 3, 2)
    data = report_data({here: Shard(1, 2), elsewhere: Shard(2, 2)}, FolderOutput(tmp_path / "output"), AT)
    assert "ledger of shard 2/2" in unread(data)
    assert len(data.sites) == 3
    assert len(data.latest) == 1


def test_a_shards_report_is_of_its_own_files(store: Store) -> None:
    data = report_data({store.ledger_path: Shard(1, 2)}, FolderOutput(store.output), AT)
    assert data.rows == {}
    assert data.published.articles == ()


def test_a_store_that_does_not_answer_is_named(tmp_path: Path) -> None:
    class Silent(FolderOutput):
        def listed(self) -> tuple[()]:
            raise OSError("no route to the store")

    ledger = tmp_path / "ledger.sqlite"
    write_ledger(ledger, 1, 1)
    data = report_data({ledger: None}, Silent(tmp_path), AT)
    assert "no route to the store" in unread(data)
    assert replace(data, unread=()).latest
