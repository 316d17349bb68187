"""A store of objects in a process of its own, and machines that publish there."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pyarrow.parquet as pq
import pytest

from pipelines.store.ledger import Ledger
from pipelines.store.output import open_output
from pipelines.store.publish import Publisher
from pipelines.store.s3 import S3Output
from tests.crawling import ROOT, THOROUGH
from tests.helpers_store import NOW, article, stage
from tests.s3_proxy import Proxy

NEEDS_S3 = [
    pytest.mark.xdist_group("s3"),
    # `make test-all` and `make check` set it: there, what is missing fails the tests.
    pytest.mark.skipif(
        not find_spec("moto") and not THOROUGH, reason="moto is not installed; `make test-all` installs it"
    ),
]
KEY, SECRET, TOKEN = "AKIACANARY0000000000", "canary/secret+of+the+store", "canary-session-token"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def s3_server() -> Iterator[int]:
    """The server's port; the process ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-m", "tests.s3_server", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=quiet, stderr=quiet) as server:
        try:
            for _ in range(600):
                assert server.poll() is None
                with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5):
                    break
                time.sleep(0.1)
            yield port
        finally:
            server.kill()


def client(port: int) -> Any:
    """Straight to the store, past the proxy."""
    import botocore.session

    return botocore.session.get_session().create_client("s3", endpoint_url=f"http://127.0.0.1:{port}")


@dataclass(frozen=True)
class Objects:
    """A bucket of the store as it is, and the proxy that leads there."""

    bucket: str
    proxy: Proxy
    direct: Any

    @classmethod
    def make(cls, proxy: Proxy) -> Objects:
        found = cls(f"news-{secrets.token_hex(4)}", proxy, client(proxy.upstream))
        found.direct.create_bucket(Bucket=found.bucket)
        return found

    def place(self, prefix: str = "khabar") -> str:
        return f"s3://{self.bucket}/{prefix}"

    def names(self) -> list[str]:
        pages = self.direct.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        data: bytes = self.direct.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data

    def assert_no_partial_part(self) -> None:
        """Every part has the hash that its name says."""
        for key in self.names():
            if key.endswith(".parquet"):
                assert sha256(self.read(key)).hexdigest()[:16] == key.removesuffix(".parquet")[-16:], key
        assert not self.direct.list_multipart_uploads(Bucket=self.bucket).get("Uploads")


@dataclass(frozen=True)
class Machine:
    """A ledger of its own that publishes at a place; opened anew each time, as after a restart."""

    folder: Path
    place: str

    @property
    def ledger_path(self) -> Path:
        return self.folder / ".state" / "ledger.sqlite"

    def output(self) -> S3Output:
        found = open_output(self.place, self.folder / ".state")
        assert isinstance(found, S3Output)
        return found

    def publish(self, run_id: str = "run-1", *, probe: bool = False) -> None:
        """What a run does; `probe` as it does first."""
        output = self.output()
        if probe:
            output.check(NOW.date())
        with closing(Ledger(self.ledger_path)) as ledger:
            Publisher(ledger, output, self.folder / ".state" / "scratch", run_id).publish()

    def stage(self, *names: str) -> None:
        with closing(Ledger(self.ledger_path)) as ledger:
            for name in names:
                stage(ledger, article(f"https://sahifa.test/{name}", f"text of {name}"))

    def copy(self, folder: Path, place: str) -> Machine:
        shutil.copytree(self.folder, folder)
        return Machine(folder, place)

    def rows(self) -> Counter[tuple[Any, ...]]:
        """Every row of every visible file by what makes it one, as `Store.identities` has them."""
        found: Counter[tuple[Any, ...]] = Counter()
        output = self.output()
        for target in output.targets():
            with output.open(target) as file:
                rows = (
                    pq.ParquetFile(BytesIO(file.read()), page_checksum_verification=True).read().to_pylist()
                )
            if target.startswith("articles/"):
                found.update(("articles", row["id"]) for row in rows)
            elif target.startswith("rejected/"):
                found.update(("rejected", row["url"]) for row in rows)
            else:
                found.update(("removed", row["article_id"], row["order"]) for row in rows)
        return found

    def assert_manifest_lists_what_is_visible(self) -> None:
        output = self.output()
        listed = output.listed()
        assert [each.path for each in listed] == sorted(output.targets())
        for each in listed:
            with output.open(each.stable_path) as file:
                data = file.read()
            assert (len(data), sha256(data).hexdigest()) == (each.bytes, each.sha256)

    def assert_settled(self, expected: set[tuple[Any, ...]]) -> None:
        """Every row in exactly one listed file, every URL at its end, nothing left over."""
        assert self.rows() == Counter(expected)
        self.assert_manifest_lists_what_is_visible()
        with closing(sqlite3.connect(self.ledger_path)) as db:
            assert db.execute("SELECT count(*) FROM spool").fetchall() == [(0,)]
            assert db.execute("SELECT count(*) FROM files WHERE published = 0").fetchall() == [(0,)]
            states = {state for (state,) in db.execute("SELECT state FROM urls")}
        assert states <= {"committed", "rejected"}
        assert not list((self.folder / ".state").glob("*/*.parquet"))


def publish_in_child(folder: Path, place: str, run_id: str, environment: dict[str, str]) -> None:
    """What a process does that may be killed at any time."""
    os.environ.update(environment)
    Machine(folder, place).publish(run_id)


def publish_rounds(
    folder: Path, place: str, rounds: int, environment: dict[str, str], probe: bool = False
) -> None:
    """One machine's month: something new each time, published at once; `probe` as a run does first."""
    os.environ.update(environment)
    machine = Machine(folder, place)
    for number in range(rounds):
        machine.stage(f"{folder.name}-{number}")
        machine.publish(f"run-{folder.name}-{number}", probe=probe)


def s3_environment(proxy: Proxy) -> dict[str, str]:
    """The variables by which users name a store, for the one behind the proxy."""
    return ENVIRONMENT | {"AWS_ENDPOINT_URL_S3": proxy.url}


@contextmanager
def served_proxy() -> Iterator[Proxy]:
    """A proxy with a store of its own behind it."""
    with s3_server() as port, Proxy(port).serving() as proxy:
        yield proxy


@contextmanager
def served_objects() -> Iterator[Objects]:
    """A bucket behind a proxy, both of which the environment names until the block ends."""
    with pytest.MonkeyPatch.context() as patch, served_proxy() as proxy:
        for name, value in s3_environment(proxy).items():
            patch.setenv(name, value)
        yield Objects.make(proxy)
