"""Archives in a bucket: found by patterns, read in ranges, crawled like files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.archive.paths import ArchiveFile, NoSuchFile, archive_files
from pipelines.archive.read import Archived, archived_pages
from pipelines.store.errors import StoreError
from tests.crawling import rows, scrapy
from tests.helpers_s3 import NEEDS_S3, Objects, s3_environment, served_proxy
from tests.helpers_warc import capture, members
from tests.s3_proxy import Proxy

pytestmark = NEEDS_S3


def names(*patterns: str) -> list[str]:
    return [file.name for file in archive_files(patterns)]


@pytest.fixture(scope="module")
def any_proxy() -> Iterator[Proxy]:
    with served_proxy() as proxy:
        yield proxy


@pytest.fixture
def objects(any_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Objects:
    any_proxy.restart()
    for name, value in s3_environment(any_proxy).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    return Objects.make(any_proxy)


def put(objects: Objects, key: str, body: bytes) -> None:
    objects.direct.put_object(Bucket=objects.bucket, Key=key, Body=body)


def test_patterns_of_objects(objects: Objects) -> None:
    for key in ("cc/1/a.warc.gz", "cc/1/b.warc.gz", "cc/2/c.warc.gz", "cc/2/c.txt", "top.warc.gz"):
        put(objects, key, key.encode())
    place = f"s3://{objects.bucket}"
    assert names(f"{place}/cc/1/*.warc.gz") == ["a.warc.gz", "b.warc.gz"]
    assert names(f"{place}/cc/*/*.gz") == ["a.warc.gz", "b.warc.gz", "c.warc.gz"]
    assert names(f"{place}/**/*.warc.gz") == ["a.warc.gz", "b.warc.gz", "c.warc.gz", "top.warc.gz"]
    assert names(f"{place}/*.warc.gz", f"{place}/cc/2/c.warc.gz") == ["c.warc.gz", "top.warc.gz"]
    (one,) = archive_files([f"{place}/top.warc.gz"])
    assert (one.place, one.size) == (f"{place}/top.warc.gz", 11)
    for nothing in (f"{place}/cc/3/*", f"{place}/none.warc.gz"):
        with pytest.raises(NoSuchFile) as caught:
            archive_files([nothing])
        assert str(caught.value).startswith(f"{nothing}: no such file")


def test_an_object_is_read_in_ranges(objects: Objects) -> None:
    data = members(*(capture(number) for number in range(3)))
    put(objects, "a.warc.gz", data)
    (file,) = archive_files([f"s3://{objects.bucket}/a.warc.gz"])
    assert isinstance(file, ArchiveFile)
    with file.open() as opened:
        found = list(archived_pages(opened, file.name, "run"))
    assert found == list(archived_pages(io.BytesIO(data), file.name, "run"))
    last = found[-1]
    assert isinstance(last, Archived)
    assert last.page.warc_offset is not None
    with file.open() as opened:
        assert list(archived_pages(opened, file.name, "run", last.page.warc_offset)) == [last]


def test_a_bucket_that_cannot_be_read_is_named(objects: Objects) -> None:
    with pytest.raises(StoreError, match=r"^s3://no-such-bucket-here.*there is no such bucket"):
        archive_files(["s3://no-such-bucket-here/x/*.warc.gz"])
    with pytest.raises(StoreError, match=r"^s3://a: it must name a bucket"):
        archive_files(["s3://a/*.warc.gz"])


def test_archives_of_a_bucket_are_crawled(objects: Objects, tmp_path: Path) -> None:
    put(objects, "in/a.warc.gz", members(*(capture(number) for number in range(3))))
    output = tmp_path / "output"
    path = f"s3://{objects.bucket}/in/*.warc.gz,s3://no-such-bucket-here/*.gz"
    done = scrapy(
        "crawl", "warc", "-a", f"path={path}", "-s", f"NEWS_OUTPUT={output}", **s3_environment(objects.proxy)
    )
    assert done.code == 4
    assert "s3://no-such-bucket-here: there is no such bucket" in done.out
    found = rows(output, "articles")
    assert [row["warc_file"] for row in found] == ["a.warc.gz"] * 3
