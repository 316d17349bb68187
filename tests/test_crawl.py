"""The whole road over loopback: newsroom to Parquet, compared with what its pages really say."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from datetime import UTC
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from demo.content import gold, not_articles
from demo.model import Gold
from pipelines import EXTRACTOR_VERSION, SCHEMA_VERSION
from pipelines.store.raw import read_response
from pipelines.store.schema import ARTICLES
from tests.conftest import DemoCrawl
from tests.crawling import parts, rows, run


@pytest.fixture(scope="session")
def articles(demo_crawl: DemoCrawl) -> dict[str, dict[str, Any]]:
    return {row["url"]: row for row in rows(demo_crawl.output, "articles")}


@pytest.fixture(scope="session")
def answers(demo_crawl: DemoCrawl) -> list[Gold]:
    return gold(demo_crawl.newsroom.port)


def test_the_first_run_ends_well(demo_crawl: DemoCrawl) -> None:
    assert demo_crawl.first.code == 0, demo_crawl.first.err
    assert demo_crawl.first.err == ""
    assert "72 new articles from 6 sites" in demo_crawl.first.out


def test_exactly_the_newsrooms_articles_are_stored(
    articles: dict[str, dict[str, Any]], answers: list[Gold]
) -> None:
    assert set(articles) == {answer.url for answer in answers}
    assert len(articles) == 72


@pytest.mark.parametrize("column", ["text", "title", "description", "language", "section", "site"])
def test_text_and_facts_equal_the_gold(
    articles: dict[str, dict[str, Any]], answers: list[Gold], column: str
) -> None:
    wrong = {
        answer.url: (articles[answer.url][column], getattr(answer, column))
        for answer in answers
        if articles[answer.url][column] != getattr(answer, column)
    }
    assert wrong == {}


def test_dates_equal_the_gold_to_the_second(articles: dict[str, dict[str, Any]], answers: list[Gold]) -> None:
    for answer in answers:
        row = articles[answer.url]
        assert row["published_at"] == answer.published.astimezone(UTC), answer.url
        assert row["published_date"] == answer.published.date(), answer.url
        assert row["modified_at"] == (answer.modified and answer.modified.astimezone(UTC)), answer.url


def test_pictures_and_their_captions_are_kept_beside_the_text(
    articles: dict[str, dict[str, Any]], answers: list[Gold]
) -> None:
    for answer in answers:
        assert answer.image.caption not in articles[answer.url]["text"]
    captioned = [row for row in articles.values() if row["images"]]
    assert len(captioned) >= 36  # the outlets that mark a figure as one


def test_pages_that_are_no_article_are_rejected_with_a_reason(demo_crawl: DemoCrawl) -> None:
    rejected = {row["url"]: row["reason"] for row in rows(demo_crawl.output, "rejected")}
    assert set(rejected) == set(not_articles(demo_crawl.newsroom.port))
    assert Counter(rejected.values()) == {"no_body": 3, "soft_404": 1, "login_wall": 1, "not_article": 1}


def test_the_second_run_adds_nothing_and_says_so(demo_crawl: DemoCrawl) -> None:
    assert demo_crawl.second.code == 0, demo_crawl.second.err
    assert "Nothing new: 72 articles known already" in demo_crawl.second.out
    assert len(rows(demo_crawl.output, "articles")) == 72
    assert len(list(parts(demo_crawl.output))) == 3


def test_no_article_page_is_asked_for_twice(demo_crawl: DemoCrawl, answers: list[Gold]) -> None:
    asked = Counter(
        f"http://{entry['address']}:{demo_crawl.newsroom.port}{entry['path']}"
        for entry in map(json.loads, demo_crawl.log.read_text(encoding="utf-8").splitlines())
    )
    assert {answer.url: asked[answer.url] for answer in answers if asked[answer.url] != 1} == {}


def test_the_servers_see_who_we_are_and_that_we_obey_robots_txt(demo_crawl: DemoCrawl) -> None:
    entries = [json.loads(line) for line in demo_crawl.log.read_text(encoding="utf-8").splitlines()]
    agents = {entry["user_agent"] for entry in entries}
    assert agents == {f"Khabar/{EXTRACTOR_VERSION} (+https://khabar.invalid/demo)"}
    assert not [entry for entry in entries if entry["path"].startswith(("/search", "/admin"))]


def test_provenance_says_how_each_article_was_found(articles: dict[str, dict[str, Any]]) -> None:
    assert {row["robots"] for row in articles.values()} == {"allowed"}
    assert {row["discovered_via"] for row in articles.values()} <= {"feed", "sitemap", "section"}
    assert all(
        row["http_status"] == 200 and row["etag"] and row["discovered_at"] for row in articles.values()
    )
    assert len({row["run_id"] for row in articles.values()}) == 1


def test_removed_blocks_belong_to_stored_articles_and_say_why(demo_crawl: DemoCrawl) -> None:
    articles = {row["id"]: row for row in rows(demo_crawl.output, "articles")}
    removed = rows(demo_crawl.output, "removed_blocks")
    counted = Counter(row["article_id"] for row in removed)
    assert {key: row["removed_blocks"] for key, row in articles.items() if row["removed_blocks"]} == counted
    assert all(row["rule"] and row["reason"] and row["path"] for row in removed)


def test_every_row_leads_to_its_raw_bytes(demo_crawl: DemoCrawl, answers: list[Gold]) -> None:
    titles = {answer.url: answer.title for answer in answers}
    for row in rows(demo_crawl.output, "articles")[::12]:
        raw = read_response(demo_crawl.output / "raw" / row["warc_file"], row["warc_offset"])
        assert raw.url == row["url"]
        encoding = "windows-1256" if row["site"] == "alrasid" else "utf-8"
        body = raw.body.decode(encoding).replace("&zwnj;", "\u200c")
        assert titles[row["url"]].split()[0] in body


def test_the_manifest_lists_what_lies_there(demo_crawl: DemoCrawl) -> None:
    manifest = json.loads((demo_crawl.output / "manifest.json").read_text(encoding="utf-8"))
    listed = {entry["path"]: entry["rows"] for entry in manifest["files"]}
    assert listed == {
        str(path.relative_to(demo_crawl.output)): pq.ParquetFile(path).metadata.num_rows
        for path in parts(demo_crawl.output)
    }


def test_files_carry_the_schema_with_its_descriptions(demo_crawl: DemoCrawl) -> None:
    path = next(path for path in parts(demo_crawl.output) if "articles" in path.parts)
    schema = pq.read_schema(path)
    assert schema.equals(ARTICLES)
    assert all(field.metadata[b"description"] for field in schema)
    assert schema.metadata[b"schema_version"] == str(SCHEMA_VERSION).encode()


def test_duckdb_polars_and_pandas_read_the_same_rows(demo_crawl: DemoCrawl) -> None:
    files = f"{demo_crawl.output}/articles/**/*.parquet"
    columns = "id, url, title, text, language, published_at"
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        by_duckdb = database.sql(f"SELECT {columns} FROM '{files}' ORDER BY id").arrow().read_all()
    by_polars = pl.read_parquet(files).select(columns.split(", ")).sort("id")
    by_pandas = pd.read_parquet(demo_crawl.output / "articles", columns=columns.split(", "))
    expected = sorted(rows(demo_crawl.output, "articles"), key=lambda row: str(row["id"]))
    for name in ("id", "url", "title", "text", "language"):
        values = [row[name] for row in expected]
        assert by_duckdb.column(name).to_pylist() == values
        assert by_polars[name].to_list() == values
        assert by_pandas.sort_values("id")[name].tolist() == values
    instants = [row["published_at"] for row in expected]
    assert [value.astimezone(UTC) for value in by_duckdb.column("published_at").to_pylist()] == instants
    assert by_polars["published_at"].to_list() == instants
    assert list(by_pandas.sort_values("id")["published_at"]) == instants


def test_the_printed_queries_work(demo_crawl: DemoCrawl) -> None:
    printed = demo_crawl.first.out.split("Look at the rows:\n")[1].strip().splitlines()
    assert len(printed) == 3
    for line in printed:
        done = run(shlex.split(line))
        assert done.code == 0, done.err
        assert "harbour-ledger" in done.out, line


def test_the_output_holds_no_open_draft(demo_crawl: DemoCrawl) -> None:
    assert not list(demo_crawl.output.rglob("*.tmp"))
    assert not list((demo_crawl.output / ".state" / "scratch").glob("*"))
