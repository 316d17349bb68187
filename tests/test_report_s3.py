"""The report of an output on an object store: the same rows, and a damaged object is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.store.report_data import report_data
from tests.helpers_s3 import NEEDS_S3, Machine, Objects, served_objects

pytestmark = NEEDS_S3
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with served_objects() as found:
        yield found


def test_rows_on_an_object_store_are_read_in_the_same_way(objects: Objects, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "machine", objects.place())
    machine.stage("a", "b")
    machine.publish()
    data = report_data({machine.ledger_path: None}, machine.output(), AT)
    assert data.unread == ()
    assert {each.text for each in data.published.articles} == {"text of a", "text of b"}
    file = next(each for each in machine.output().listed() if each.dataset == "articles")
    objects.direct.put_object(Bucket=objects.bucket, Key=f"khabar/{file.path}", Body=b"damaged")
    data = report_data({machine.ledger_path: None}, machine.output(), AT)
    assert [each.what for each in data.unread] == [f"published file {file.path}"]
