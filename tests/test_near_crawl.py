"""Near-duplicates in what a crawl publishes."""

from __future__ import annotations

import tomllib
from contextlib import ExitStack
from pathlib import Path

import duckdb

from pipelines.policy import DEFAULT_POLICY
from pipelines.similarity.near import VERSION, signature
from tests.conftest import DemoCrawl
from tests.helpers_clean import paragraphs, story
from tests.helpers_hosts import Answer
from tests.helpers_net import Server, crawl_urls

STORIES = {
    each["id"]: each
    for each in tomllib.loads(Path(__file__).with_name("near").joinpath("stories.toml").read_text("utf-8"))[
        "stories"
    ]
}


def test_every_article_of_a_crawl_has_its_signature_and_its_cluster(demo_crawl: DemoCrawl) -> None:
    """The demo's outlets each write their own: not even those of one event are copies."""
    rows = duckdb.sql(
        f"SELECT id, text, minhash, cluster_id, duplicate_of FROM '{demo_crawl.output}/articles/**/*.parquet'"
    ).fetchall()
    assert len(rows) > 50
    assert min(len(text) for _, text, *_ in rows) > DEFAULT_POLICY.near_min_letters
    for _, text, minhash, *_ in rows:
        assert minhash == signature(text)
        assert minhash[0] == VERSION
    ids = {row[0] for row in rows}
    assert {cluster for *_, cluster, _ in rows} <= ids
    assert [original for *_, original in rows if original is not None] == []


def served(address: str, title: str, text: str) -> Server:
    """A host with one article."""
    page = story(title, paragraphs(*text.strip().split("\n\n")), language="ar").encode()
    return Server(address, lambda _: Answer(body=page))


def test_wire_copy_that_several_outlets_print_is_one_cluster(tmp_path: Path) -> None:
    """One prints it as it came, one under its own headline and lead; two more tell the event and another."""
    ferry, quake = STORIES["ar-ferry"], STORIES["ar-quake"]
    with_own_lead = "\n\n".join((ferry["lead"], *ferry["text"].strip().split("\n\n")[1:]))
    printed = {
        "127.0.9.1": ("العبارة «أم الموج» تعود إلى الإبحار", ferry["text"]),
        "127.0.9.2": ("بعد غياب طويل.. صافرة في خور الدرر", with_own_lead),
        "127.0.9.3": ("نهاية عزلة جزيرة", ferry["anew"]),
        "127.0.9.4": ("زلزال في وادي العقيق", quake["text"]),
    }
    servers = [served(address, *said) for address, said in printed.items()]
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(server.open())
        allowed = ",".join(server.netloc for server in servers)
        urls = [f"http://{server.netloc}/news/2026/11/20/story-1" for server in servers]
        done = crawl_urls(tmp_path, urls, {}, NEWS_ALLOW_PRIVATE=allowed)
    assert done.code == 0, done.err
    clusters = duckdb.sql(
        "SELECT list(split_part(split_part(url, '/', 3), ':', 1) ORDER BY url), count(duplicate_of) "
        f"FROM '{tmp_path}/output/articles/**/*.parquet' GROUP BY cluster_id ORDER BY 1"
    ).fetchall()
    assert clusters == [(["127.0.9.1", "127.0.9.2"], 1), (["127.0.9.3"], 0), (["127.0.9.4"], 0)]
