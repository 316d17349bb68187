"""Publishing to an object store: a real server behind a proxy that does what networks and stores do."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.store.errors import StoreError
from pipelines.store.manifest import MANIFEST
from pipelines.store.output import state_folder
from tests.helpers_s3 import (
    NEEDS_S3,
    Machine,
    Objects,
    publish_in_child,
    publish_rounds,
    s3_environment,
    served_proxy,
)
from tests.helpers_store import FORKSERVER, NOW, seed, seed_small
from tests.s3_proxy import KINDS, Asked, Proxy

Expected = set[tuple[Any, ...]]
pytestmark = NEEDS_S3


@pytest.fixture(scope="module")
def any_proxy() -> Iterator[Proxy]:
    with served_proxy() as proxy:
        yield proxy


@pytest.fixture
def objects(any_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """A new bucket; the client finds it as users have it found, and is in a hurry."""
    any_proxy.restart()
    for name, value in s3_environment(any_proxy).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    monkeypatch.setattr("pipelines.store.s3._SETTLING", 0.0)
    return Objects.make(any_proxy)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Expected]:
    """A machine to copy, with a spool of two files to be."""
    folder = tmp_path_factory.mktemp("template") / "small"
    _, expected = seed_small(folder)
    return Machine(folder, ""), expected


def faulty(number: int, kind: str, *, onwards: bool = False) -> Any:
    """The fault of one request, or of all from it on."""

    def fault(asked: Asked) -> str | None:
        return kind if asked.number == number or (onwards and asked.number > number) else None

    return fault


def requests_of(template: Machine, objects: Objects, folder: Path) -> list[Asked]:
    """What a publication asks for when nothing goes wrong."""
    template.copy(folder / "whole", objects.place("whole")).publish("run-1")
    asked = list(objects.proxy.asked)
    objects.proxy.restart()
    return asked


# -- an output like any other


def test_every_row_is_published_once_and_listed(objects: Objects, tmp_path: Path) -> None:
    _, expected = seed(tmp_path)
    machine = Machine(tmp_path, objects.place())
    machine.publish()
    machine.assert_settled(expected)
    objects.assert_no_partial_part()
    assert all(key.startswith("khabar/") for key in objects.names())
    asked = objects.proxy.asked.copy()
    machine.publish()
    assert not [each for each in objects.proxy.asked[len(asked) :] if each.method == "PUT"]


def test_a_place_without_a_prefix_is_the_bucket(objects: Objects, tmp_path: Path) -> None:
    _, expected = seed_small(tmp_path)
    machine = Machine(tmp_path, f"s3://{objects.bucket}/")
    machine.publish()
    machine.assert_settled(expected)
    assert MANIFEST in objects.names()


def test_parquet_is_read_in_ranges(objects: Objects, tmp_path: Path) -> None:
    seed_small(tmp_path)
    machine = Machine(tmp_path, objects.place())
    machine.publish()
    output = machine.output()
    target = next(output.targets())
    with output.open(target) as file:
        file.seek(-4, os.SEEK_END)
        assert file.read() == b"PAR1"
        assert file.read() == b""
        assert pq.ParquetFile(file).read().num_rows == 1
    with pytest.raises(FileNotFoundError, match="articles/none"):
        output.open("articles/none.parquet")


def test_raw_files_are_kept_whole_and_leave_the_machine(objects: Objects, tmp_path: Path) -> None:
    output = Machine(tmp_path, objects.place()).output()
    output.raw_folder.mkdir(parents=True)
    data = os.urandom(3 << 20)
    path = output.raw_folder / "khabar-run-1-00000.warc.gz"
    path.write_bytes(data)
    output.keep_raw(path)
    assert not path.exists()
    with output.open_raw(path.name) as file:
        file.seek(1 << 20)
        assert file.read(99) == data[1 << 20 :][:99]
        assert file.read() == data[(1 << 20) + 99 :]
    path.write_bytes(data)  # a kill came between
    output.keep_raw(path)
    assert not path.exists()
    path.write_bytes(b"another")
    with pytest.raises(StoreError, match="other content; it was not overwritten"):
        output.keep_raw(path)
    assert path.exists()
    assert objects.read(f"khabar/raw/{path.name}") == data


# -- what goes wrong once


@pytest.mark.parametrize("kind", KINDS)
def test_an_accident_of_any_request_changes_nothing(
    template: tuple[Machine, Expected], objects: Objects, tmp_path: Path, kind: str
) -> None:
    machine, expected = template
    count = len(requests_of(machine, objects, tmp_path))
    assert count >= 6
    for number in range(count):
        copied = machine.copy(tmp_path / str(number), objects.place(str(number)))
        objects.proxy.fault, objects.proxy.after = faulty(number, kind), objects.assert_no_partial_part
        copied.publish()
        objects.proxy.restart()
        copied.assert_settled(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_stays_down_is_an_error_and_a_later_run_settles_everything(
    template: tuple[Machine, Expected], objects: Objects, tmp_path: Path, kind: str
) -> None:
    machine, expected = template
    for number in range(len(requests_of(machine, objects, tmp_path))):
        copied = machine.copy(tmp_path / str(number), objects.place(str(number)))
        objects.proxy.fault = faulty(number, kind, onwards=True)
        with pytest.raises(StoreError, match=rf"^s3://{objects.bucket}/{number}: "):
            copied.publish("run-1")
        objects.proxy.restart()
        objects.assert_no_partial_part()
        assert copied.rows() <= Counter(expected)
        copied.publish("run-2")
        copied.assert_settled(expected)


def test_a_killed_process_doubles_nothing_though_its_request_arrives_later(
    template: tuple[Machine, Expected], objects: Objects, tmp_path: Path
) -> None:
    """kill -9 while a request is on its way; the store does it once the next run has published."""
    machine, expected = template
    asked = requests_of(machine, objects, tmp_path)
    for number in [each.number for each in asked if each.method == "PUT"]:
        copied = machine.copy(tmp_path / str(number), objects.place(str(number)))
        objects.proxy.fault = faulty(number, "hold")
        child = FORKSERVER.Process(
            target=publish_in_child,
            args=(copied.folder, copied.place, "run-1", s3_environment(objects.proxy)),
        )
        child.start()
        assert objects.proxy.holding.wait(60)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        copied.publish("run-2")
        copied.assert_settled(expected)
        objects.proxy.release.set()
        assert objects.proxy.released.wait(60)
        copied.assert_settled(expected)
        objects.assert_no_partial_part()
        objects.proxy.restart()


def test_an_object_that_another_left_under_our_name_is_not_overwritten(
    objects: Objects, tmp_path: Path
) -> None:
    output = Machine(tmp_path, objects.place()).output()
    objects.direct.put_object(Bucket=objects.bucket, Key="khabar/raw/khabar-1.warc.gz", Body=b"theirs")
    path = tmp_path / "khabar-1.warc.gz"
    path.write_bytes(b"ours")
    with pytest.raises(StoreError, match="not overwritten"):
        output.keep_raw(path)
    assert objects.read("khabar/raw/khabar-1.warc.gz") == b"theirs"


def test_a_file_damaged_before_its_commit_is_published_again(
    template: tuple[Machine, Expected], objects: Objects, tmp_path: Path
) -> None:
    machine, expected = template
    copied = machine.copy(tmp_path / "machine", objects.place())
    objects.proxy.fault = lambda asked: "denied" if asked.path.endswith(MANIFEST) else None
    with pytest.raises(StoreError, match="s3:PutObject"):
        copied.publish("run-1")
    objects.proxy.restart()
    damaged = next(copied.output().targets())
    objects.direct.put_object(Bucket=objects.bucket, Key=f"khabar/{damaged}", Body=b"damaged")
    copied.publish("run-2")
    assert damaged not in copied.output().targets()
    copied.assert_settled(expected)


# -- two machines


@pytest.mark.parametrize("strip", [False, True])
def test_two_machines_on_one_prefix_never_overwrite_each_other(
    objects: Objects, tmp_path: Path, strip: bool
) -> None:
    rounds = 4 if strip else 25
    objects.proxy.strip = strip
    children = [
        FORKSERVER.Process(
            target=publish_rounds,
            args=(tmp_path / name, objects.place(), rounds, s3_environment(objects.proxy), strip),
        )
        for name in ("east", "west")
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    east = Machine(tmp_path / "east", objects.place())
    assert sorted(east.rows().values()) == [1] * 2 * rounds
    east.assert_manifest_lists_what_is_visible()


def test_a_manifest_changed_in_between_is_read_again(objects: Objects, tmp_path: Path) -> None:
    _, expected = seed_small(tmp_path / "ours")
    _, theirs = seed(tmp_path / "theirs")
    other = Machine(tmp_path / "theirs", objects.place())
    machine = Machine(tmp_path / "ours", objects.place())

    def meanwhile(asked: Asked) -> None:
        if asked.method == "PUT" and asked.path.endswith(MANIFEST):
            objects.proxy.fault = lambda asked: None
            other.publish("run-9")

    objects.proxy.fault = meanwhile
    machine.publish()
    assert set(machine.rows()) == expected | theirs
    machine.assert_manifest_lists_what_is_visible()


@pytest.mark.parametrize("refuses", [True, False])
def test_a_store_without_conditional_writes_is_found_out_and_can_be_used(
    objects: Objects, tmp_path: Path, refuses: bool
) -> None:
    """One that refuses them, and one that ignores them without a word."""
    if refuses:
        objects.proxy.fault = lambda asked: "unknown" if asked.conditions else None
    else:
        objects.proxy.strip = True
    _, expected = seed(tmp_path)
    machine = Machine(tmp_path, objects.place())
    output = machine.output()
    output.check(NOW.date())
    assert not output._conditions
    machine.publish()
    machine.assert_settled(expected)
    machine.output().update_manifest(lambda files: files[1:])
    machine.stage("later")
    machine.publish("run-2")
    machine.assert_manifest_lists_what_is_visible()


def test_a_store_with_conditional_writes_is_trusted_with_them(objects: Objects, tmp_path: Path) -> None:
    output = Machine(tmp_path, objects.place()).output()
    output.check(NOW.date())
    assert output._conditions
    assert objects.names() == []


def test_a_damaged_manifest_is_written_anew(objects: Objects, tmp_path: Path) -> None:
    seed_small(tmp_path)
    machine = Machine(tmp_path, objects.place())
    machine.publish()
    objects.direct.put_object(Bucket=objects.bucket, Key=f"khabar/{MANIFEST}", Body=b'{"files": [')
    with pytest.raises(StoreError, match=r"manifest\.json is no manifest"):
        machine.output().listed()
    machine.stage("later")
    machine.publish("run-2")
    machine.assert_manifest_lists_what_is_visible()


# -- one line each


def test_a_missing_bucket_is_named(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^s3://no-such-bucket/x: there is no such bucket; make it"):
        Machine(tmp_path, "s3://no-such-bucket/x").output().check(NOW.date())


def test_missing_credentials_are_named(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(StoreError, match="there are no credentials; set AWS_ACCESS_KEY_ID"):
        Machine(tmp_path, objects.place()).output().check(NOW.date())


def test_a_profile_that_is_none_is_one_line(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match="the AWS settings cannot be used"):
        Machine(tmp_path, objects.place()).output()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_credentials_without_a_right_are_told_which_they_need(
    objects: Objects, tmp_path: Path, method: str
) -> None:
    objects.proxy.fault = lambda asked: "denied" if asked.method == method else None
    with pytest.raises(StoreError, match=r"the credentials are refused; they need s3:PutObject"):
        Machine(tmp_path, objects.place()).output().check(NOW.date())


def test_an_endpoint_that_does_not_answer_is_named_without_its_secrets(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://who:canary@127.0.0.1:9")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9 does not answer") as caught:
        Machine(tmp_path, objects.place()).output().check(NOW.date())
    assert "canary" not in str(caught.value)


def test_an_answer_cut_short_is_asked_for_again(objects: Objects, tmp_path: Path) -> None:
    seed_small(tmp_path)
    machine = Machine(tmp_path, objects.place())
    machine.publish()
    output = machine.output()
    target = next(output.targets())
    objects.proxy.restart()
    objects.proxy.fault = lambda asked: "short" if asked.method == "GET" and asked.number < 3 else None
    with output.open(target) as file:
        assert pq.ParquetFile(BytesIO(file.read())).metadata.num_rows == 1
    assert [each.method for each in objects.proxy.asked] == ["HEAD", "GET", "GET", "GET"]


def test_the_local_folder_of_a_place_is_no_other_places() -> None:
    places = [
        "s3://news/khabar",
        "s3://news-khabar",
        "s3://news/khabar/x",
        "s3://news/Khabar",
        "s3://other/khabar",
    ]
    folders = [state_folder(place) for place in places]
    assert len(set(folders)) == len(places)
    assert {folder.parent for folder in folders} == {Path("output/.state")}
    assert state_folder("s3://news/khabar/") == state_folder("s3://news/khabar")
