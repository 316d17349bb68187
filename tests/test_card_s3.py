"""The documents beside the data on an object store: put whole, with their types, over what is ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.upkeep.card import CARD, CROISSANT, SECOND, VIEWS
from pipelines.store.file_figures import FIGURES
from tests.helpers_card import write
from tests.helpers_s3 import NEEDS_S3, Machine, Objects, served_objects

pytestmark = NEEDS_S3
TYPES = {
    CARD: "text/markdown; charset=utf-8",
    CROISSANT: "application/json",
    VIEWS: "application/sql; charset=utf-8",
}


@pytest.fixture(scope="module")
def objects() -> Iterator[Objects]:
    with served_objects() as found:
        yield found


def test_they_are_put_beside_the_data_with_their_types(objects: Objects, tmp_path: Path) -> None:
    machine = Machine(tmp_path, objects.place())
    machine.stage("1", "2")
    machine.publish()
    state = tmp_path / ".state"
    assert write(machine.place, state=state).targets == (CARD, CROISSANT, VIEWS)
    for name, kind in TYPES.items():
        found = objects.direct.get_object(Bucket=objects.bucket, Key=f"khabar/{name}")
        assert found["ContentType"] == kind
    card = objects.read(f"khabar/{CARD}").decode()
    assert "**2 articles**" in card
    assert "Not counted" not in card
    assert json.loads(objects.read(f"khabar/{CROISSANT}"))["url"] == f"{machine.place}/"
    assert f"'{machine.place}'" in objects.read(f"khabar/{VIEWS}").decode()
    assert (state / FIGURES).is_file()
    # A later run puts them again; somebody's own README stays.
    objects.direct.put_object(Bucket=objects.bucket, Key=f"khabar/{CARD}", Body=b"# Mine")
    machine.stage("3")
    machine.publish("run-2")
    written = write(machine.place, state=state)
    assert written.targets == (SECOND, CROISSANT, VIEWS)
    assert written.said[0].startswith(f"{machine.place}/{CARD}")
    assert objects.read(f"khabar/{CARD}") == b"# Mine"
    assert "**3 articles**" in objects.read(f"khabar/{SECOND}").decode()


def test_an_object_that_is_gone_is_named(objects: Objects, tmp_path: Path) -> None:
    machine = Machine(tmp_path, objects.place("gone"))
    machine.stage("1")
    machine.publish()
    (file,) = machine.output().listed()
    objects.direct.delete_object(Bucket=objects.bucket, Key=f"gone/{file.path}")
    written = write(machine.place, state=tmp_path / ".state")
    assert [line.split(":")[0] for line in written.not_counted] == [file.path]
    assert "No article could be counted." in objects.read(f"gone/{CARD}").decode()
