"""A batch whose archives and output are in a bucket: nothing but the lock stays on the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.store.manifest import MANIFEST, parse_manifest
from tests.helpers_batch import archives, published, reclean
from tests.helpers_s3 import NEEDS_S3, Objects, served_objects

pytestmark = NEEDS_S3


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with served_objects() as found:
        yield found


def test_a_bucket_gets_the_files_that_a_folder_gets(objects: Objects, tmp_path: Path) -> None:
    paths = archives(tmp_path / "archives", 10, 2)
    for path in paths:
        objects.direct.put_object(Bucket=objects.bucket, Key=f"in/{path.name}", Body=path.read_bytes())
    place = objects.place("cleaned")
    done = reclean(place, [f"s3://{objects.bucket}/in/*.warc.gz"], "--workers", "1", folder=tmp_path)
    assert done.code == 0, done.err
    assert reclean(tmp_path / "folder", paths, "--workers", "1").code == 0
    listed = parse_manifest(objects.read(f"cleaned/{MANIFEST}").decode(), MANIFEST)
    found = {each.path: sha256(objects.read(f"cleaned/{each.path}")).hexdigest() for each in listed}
    assert found == published(tmp_path / "folder")
    again = reclean(place, [f"s3://{objects.bucket}/in/*.warc.gz"], "--workers", "1", folder=tmp_path)
    assert (again.code, again.err, again.out) == (0, "", done.out)
    local = [path for path in (tmp_path / "output").rglob("*") if path.is_file()]
    assert {path.name for path in local} == {"lock"}


def test_a_bucket_that_does_not_answer_is_one_line(objects: Objects, tmp_path: Path) -> None:
    paths = archives(tmp_path / "archives", 4, 1)
    done = reclean(f"s3://no-such-{os.getpid()}/cleaned", paths, folder=tmp_path)
    assert (done.code, len(done.err.splitlines())) == (4, 1), done.err
    assert "there is no such bucket" in done.err
    missing = f"s3://no-such-{os.getpid()}/*.warc.gz"
    done = reclean(tmp_path / "folder", [missing, *paths], "--workers", "1")
    assert done.code == 4
    assert [line for line in done.err.splitlines() if "there is no such bucket" in line]
    assert "4 articles" in done.out
