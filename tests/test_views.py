"""views.sql in DuckDB: from any folder, of data that was moved, and of datasets that have no file yet."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import SCHEMA_VERSION
from pipelines.card.data import MARK
from pipelines.card.views import VARIABLE, fineweb2_codes, views
from pipelines.records import ChangeKind
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.store.schema import SCHEMAS
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, rows
from tests.helpers_card import written_card
from tests.helpers_store import article, stage

NAMES = {*SCHEMAS, "articles_latest", "articles_unique", "as_fineweb2", "as_cc_news"}
FINEWEB2 = (
    *("text", "id", "dump", "url", "date", "file_path", "language", "language_score"),
    *("language_script", "minhash_cluster_size", "top_langs"),
)
CC_NEWS = ("title", "text", "domain", "date", "description", "url", "image_url")


def loaded(script: str, before: str = "") -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute(f"{before};{script}" if before else script)
    return db


def column_types(db: duckdb.DuckDBPyConnection, view: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind, *_ in db.execute(f'DESCRIBE "{view}"').fetchall()]


def count(db: duckdb.DuckDBPyConnection, view: str) -> int:
    found: int = db.execute(f'SELECT count(*) FROM "{view}"').fetchall()[0][0]
    return found


def records(db: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = db.execute(query)
    names = [each[0] for each in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def crawled(demo_crawl: DemoCrawl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_card(demo_crawl, tmp_path_factory.mktemp("views"))


def script(output: Path) -> str:
    return (output / "views.sql").read_text(encoding="utf-8")


def test_every_view_shows_the_rows_and_says_what_it_is(crawled: Path) -> None:
    db = loaded(script(crawled))
    listed = dict(db.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
    assert listed.keys() == NAMES
    assert all(listed.values())
    for dataset in SCHEMAS:
        assert count(db, dataset) == len(rows(crawled, dataset))
    assert count(db, "articles_latest") == len({row["url_canonical"] for row in rows(crawled, "articles")})


def test_the_data_is_found_from_another_folder(
    crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert count(loaded(script(crawled)), "articles") > 0


def test_data_that_was_moved_is_found_by_the_variable(crawled: Path, tmp_path: Path) -> None:
    """Before the script or after it, and in a file that outlives both."""
    text = script(crawled).replace(str(crawled), "/nowhere")
    moved = f"SET VARIABLE {VARIABLE} = '{crawled}'"
    expected = len(rows(crawled, "articles"))
    assert count(loaded(text, before=moved), "articles") == expected
    with closing(duckdb.connect(str(tmp_path / "news.duckdb"))) as db:
        db.execute(moved)
        db.execute(text)
    with closing(duckdb.connect(str(tmp_path / "news.duckdb"))) as db:
        with pytest.raises(duckdb.IOException, match="/nowhere"):
            count(db, "articles_latest")
        db.execute(moved)
        assert count(db, "articles_latest") == expected


def test_a_folder_may_be_called_anything(crawled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's [1] * {{codes}} أخبار"
    shutil.copytree(crawled, folder)
    assert count(loaded(views(str(folder), set(SCHEMAS), MARK, mixed=False)), "articles") == count(
        loaded(script(crawled)), "articles"
    )


def test_a_dataset_without_files_has_its_columns_and_no_row(crawled: Path) -> None:
    full, empty = loaded(script(crawled)), loaded(views(str(crawled), (), MARK, mixed=False))
    for name in NAMES:
        assert column_types(empty, name) == column_types(full, name), name
        assert count(empty, name) == 0


def test_an_object_stores_files_are_those_of_the_manifest(crawled: Path, tmp_path: Path) -> None:
    """What a compaction has replaced is still found by patterns there."""
    folder = tmp_path / "store"
    shutil.copytree(crawled, folder)
    part = next((folder / "articles").rglob("*.parquet"))
    shutil.copy(part, part.with_name("replaced.parquet"))
    where = f"SET VARIABLE {VARIABLE} = '{folder}'"
    db = loaded(views("s3://bucket/news", {"articles", "removed_blocks"}, MARK, mixed=False), before=where)
    assert count(db, "articles") == len(rows(crawled, "articles"))
    assert count(db, "removed_blocks") == len(rows(crawled, "removed_blocks"))
    assert count(db, "rejected") == 0
    assert "read it again" in views("s3://bucket/news", (), MARK, mixed=False)


# -- versions, near-duplicates, and the columns of other datasets


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of an article, a near-duplicate of it, one without a date, one of no known language."""
    folder = tmp_path_factory.mktemp("edited") / "output"
    when = datetime(2026, 11, 20, 6, 5, 4, tzinfo=UTC)
    facts = {"title": "عنوان", "language_script": "Arab", "language_score": 0.5, "published_at": when}
    first = article("https://u:p@www.sahifa.test:8080/1", "one", cluster_id="c", **facts)
    second = replace(
        article("https://u:p@www.sahifa.test:8080/1", "two", cluster_id="c", **facts),
        version=2,
        previous_id=first.id,
        change_kind=ChangeKind.TEXT,
    )
    others = [
        article("https://rozname.test/2", "copy", cluster_id="c", duplicate_of=first.id),
        article("https://rozname.test/3", "undated", published_date=None, language="und"),
        article("https://rozname.test/4", "kurdi", language="ckb", published_date=date(2026, 11, 19)),
    ]
    with closing(Ledger(folder / ".state" / "ledger.sqlite")) as ledger:
        for each in (first, second, *others):
            stage(ledger, each)
        Publisher(ledger, FolderOutput(folder), folder.parent / "scratch", "run-1").publish()
    return folder


def test_the_last_version_and_one_of_near_duplicates(edited: Path) -> None:
    db = loaded(views(str(edited), {"articles"}, MARK, mixed=False))
    texts = {
        name: sorted(row["text"] for row in records(db, f'SELECT text FROM "{name}"'))
        for name in ("articles", "articles_latest", "articles_unique")
    }
    assert texts["articles"] == ["copy", "kurdi", "one", "two", "undated"]
    assert texts["articles_latest"] == ["copy", "kurdi", "two", "undated"]
    assert texts["articles_unique"] == ["kurdi", "two", "undated"]


def test_rows_as_fineweb2_has_them(edited: Path) -> None:
    db = loaded(views(str(edited), {"articles"}, MARK, mixed=False))
    found = {row["text"]: row for row in records(db, "FROM as_fineweb2")}
    assert found.keys() == {"two", "undated", "kurdi"}
    assert tuple(found["two"]) == FINEWEB2
    assert found["two"] | {"id": ""} == {
        "text": "two",
        "id": "",
        "dump": "run-1",
        "url": "https://u:p@www.sahifa.test:8080/1",
        "date": "2026-11-21T08:30:15Z",
        "file_path": None,
        "language": "arb",
        "language_score": 0.5,
        "language_script": "Arab",
        "minhash_cluster_size": 2,
        "top_langs": '{"arb_Arab_score": 0.5}',
    }
    assert (found["kurdi"]["language"], found["undated"]["language"]) == ("ckb", "und")
    assert (found["kurdi"]["minhash_cluster_size"], found["kurdi"]["top_langs"]) == (1, "{}")
    assert json.loads(found["two"]["top_langs"])


def test_rows_as_cc_news_has_them(edited: Path) -> None:
    db = loaded(views(str(edited), {"articles"}, MARK, mixed=False))
    found = {row["text"]: row for row in records(db, "FROM as_cc_news")}
    assert tuple(found["two"]) == CC_NEWS
    assert found["two"] == {
        "title": "عنوان",
        "text": "two",
        "domain": "www.sahifa.test",
        "date": "2026-11-20 06:05:04",
        "description": "",
        "url": "https://u:p@www.sahifa.test:8080/1",
        "image_url": "",
    }
    assert (found["kurdi"]["date"], found["undated"]["date"]) == ("2026-11-19 00:00:00", "")


def test_every_language_of_ours_has_a_code_of_three_letters() -> None:
    ours = tomllib.loads((ROOT / "pipelines" / "languages.toml").read_text(encoding="utf-8"))["codes"]
    assert fineweb2_codes().keys() == set(ours["iso639_1"].split())
    assert all(len(code) == 3 for code in fineweb2_codes().values())
    assert [code for code, number in Counter(fineweb2_codes().values()).items() if number > 1] == []


def test_files_of_earlier_schemas_are_read_whole(edited: Path, tmp_path: Path) -> None:
    """Pictures of version 1 know no `cover`."""
    output = tmp_path / "mixed"
    shutil.copytree(edited, output)
    earlier = ROOT / "tests" / "earlier" / "v1"
    for part in earlier.rglob("*.parquet"):
        target = output / part.relative_to(earlier)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(part, target)
    db = loaded(views(str(output), set(SCHEMAS), MARK, mixed=True))
    assert count(db, "articles") == len(rows(output, "articles"))
    versions = db.execute("SELECT DISTINCT schema_version FROM articles ORDER BY 1").fetchall()
    assert [number for (number,) in versions] == [1, SCHEMA_VERSION]
    assert db.execute("SELECT images[1].cover FROM articles WHERE schema_version = 1").fetchall()
