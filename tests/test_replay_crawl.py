"""The real spider on pages under their own URLs, https included, without network."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from benchmarks.replay import Replay
from tests.crawling import ROOT, Finished, rows, scrapy

SHARED = ROOT.parent / "shared" / "data"
STORY = (
    "<p>عاد الهدوء إلى الميناء القديم بعد أسبوع من الرياح، وخرجت القوارب الصغيرة قبل شروق الشمس بقليل.</p>"
    "<p>وقال الصيادون إن السمك كثير هذه الأيام، وإن السوق لم يعرف مثل هذا الازدحام منذ بداية الخريف.</p>"
)


def crawl_replayed(data: Path, sets: Sequence[str], folder: Path) -> tuple[Finished, list[str]]:
    with Replay.load(data, sets, ca_file=folder / "ca.pem") as replay:
        (folder / "urls.txt").write_text("\n".join(replay.urls), encoding="utf-8")
        proxy = f"http://127.0.0.1:{replay.port}"
        done = scrapy(
            *("crawl", "urls", "-a", f"file={folder / 'urls.txt'}", "-s", f"NEWS_OUTPUT={folder / 'output'}"),
            *("-s", "NEWS_CONTACT=https://khabar.invalid/test", "-L", "WARNING"),
            http_proxy=proxy,
            https_proxy=proxy,
            SSL_CERT_FILE=str(folder / "ca.pem"),
        )
        return done, list(replay.urls)


def test_http_and_https_pages_are_stored_under_their_own_urls(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mine"
    folder.mkdir(parents=True)
    gold = []
    for number, url in enumerate(("http://one.test/a-1001.html", "https://two.test/b-1002.html")):
        title = f"ميناء {number}"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{STORY}</body></html>"
        (folder / f"p{number}.html.gz").write_bytes(gzip.compress(page.encode("utf-8"), mtime=0))
        gold.append(json.dumps({"id": f"p{number}", "url": url}))
    (folder / "gold.jsonl").write_text("\n".join(gold) + "\n", encoding="utf-8")
    done, urls = crawl_replayed(tmp_path / "data", ["mine"], tmp_path)
    assert done.code == 0, done.err
    stored = {row["url"]: row for row in rows(tmp_path / "output", "articles")}
    assert set(stored) == set(urls)
    assert {row["site"] for row in stored.values()} == {"one.test", "two.test"}
    assert all(row["discovered_via"] == "list" for row in stored.values())


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the measuring data is not beside this checkout")
def test_every_real_page_is_accounted_for_and_three_readers_agree(tmp_path: Path) -> None:
    done, urls = crawl_replayed(SHARED, ["seeds", "rtl", "fundus"], tmp_path)
    assert done.code == 0, done.err
    assert len(urls) == 136
    articles, rejected = (rows(tmp_path / "output", name) for name in ("articles", "rejected"))
    assert len(articles) + len(rejected) == 136
    assert len(rejected) <= 2
    assert len({row["id"] for row in articles}) == len(articles)
    files = f"{tmp_path}/output/articles/**/*.parquet"
    by_duckdb = duckdb.sql(f"SELECT id, text FROM '{files}' ORDER BY id").fetchall()
    by_polars = pl.read_parquet(files).sort("id").select("id", "text").rows()
    by_pandas = pd.read_parquet(tmp_path / "output" / "articles").sort_values("id")[["id", "text"]]
    assert by_duckdb == by_polars == list(by_pandas.itertuples(index=False, name=None))
    assert sorted((row["id"], row["text"]) for row in articles) == by_duckdb
