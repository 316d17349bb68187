"""Pages in an object store cleaned again: read from there, published there, in one step there, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.store.errors import StoreError
from pipelines.store.output import Output, open_output
from pipelines.store.reclean_work import Kind, Status
from pipelines.store.reconcile import reconcile
from pipelines.store.s3 import S3Output
from tests.helpers_reclean import NO_PHRASES, READ_ALSO, Corpus, advertised, looked, page, publish, workers
from tests.helpers_s3 import NEEDS_S3, Objects, served_objects

pytestmark = NEEDS_S3


@dataclass(frozen=True)
class Stored(Corpus):
    """A corpus published at a place of the store; its folder has the local state alone."""

    place: str = ""

    def open(self) -> Output:
        return open_output(self.place, self.output / ".state")

    def listed(self) -> list[dict[str, Any]]:
        """Rows of `articles` that readers of the manifest see."""
        output, found = self.open(), list[dict[str, Any]]()
        for entry in output.listed():
            if entry.dataset == "articles":
                with output.open(entry.path) as file:
                    found += pq.ParquetFile(BytesIO(file.read())).read().to_pylist()
        return found


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with served_objects() as found:
        yield found


def test_pages_are_read_from_the_store_and_published_there_at_once(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Stored(tmp_path / "machine", objects.place("recleaned"))
    corpus.crawl({"/a/1": advertised(1), "/a/2": page(2)}, policy=NO_PHRASES)
    corpus.crawl({"/b/1": advertised(1, "ar")}, "20261121T093015-bbbbbb", site="rasid", policy=NO_PHRASES)
    assert not list((tmp_path / "machine").rglob("*.warc.gz"))
    pool = workers()
    try:
        with looked(corpus, pool) as look:
            assert {row["paragraphs_lost"][0] for row in look.diffs} == set(READ_ALSO.values())
            with monkeypatch.context() as patch:
                puts = iter(range(9))

                def second_fails(self: S3Output, part: Path, target: str, digest: str) -> None:
                    if next(puts):
                        raise StoreError("the store is away")
                    put(self, part, target, digest)

                put = S3Output.put
                patch.setattr(S3Output, "put", second_fails)
                with pytest.raises(StoreError, match="the store is away"):
                    publish(corpus, look.work)
            assert Counter(row["version"] for row in corpus.listed()) == {1: 3}
            publish(corpus, look.work, "reclean-2")
        assert Counter(row["version"] for row in corpus.listed()) == {1: 3, 2: 2}
        assert [str(each) for each in reconcile(corpus.ledger_path, corpus.open()).imbalances] == []
        first, _ = sorted(name for name in objects.names() if name.endswith(".warc.gz"))
        objects.direct.delete_object(Bucket=objects.bucket, Key=first)
        with looked(corpus, pool, "job-2") as look:
            name = first.rpartition("/")[2]
            assert [each[:2] for each in look.work.unread(Status.UNREADABLE)] == [(name, 1)]
            assert (look.total.unchanged, look.diffs) == (2, [])
            assert publish(corpus, look.work, "reclean-3").rows[Kind.ARTICLE] == 0
    finally:
        pool.stop()
