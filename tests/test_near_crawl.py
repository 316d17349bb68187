"""Near-duplicates in what a crawl publishes."""

from __future__ import annotations

import duckdb

from pipelines.policy import DEFAULT_POLICY
from pipelines.similarity.near import VERSION, signature
from tests.conftest import DemoCrawl


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
