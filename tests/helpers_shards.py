"""Shards of one output, each with a ledger of its own, as runs on one machine or on several see them."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from crawler.config import RunConfig
from crawler.run import Run
from pipelines.shard import Shard, new_run_id
from pipelines.store.compact import Compactor
from pipelines.store.ledger import Ledger
from pipelines.store.ledger_file import name_beforehand
from pipelines.store.output import FolderOutput, Output, open_output
from pipelines.store.publish import Publisher
from pipelines.store.reconcile_shards import AllReconciled, reconcile_shards
from tests.helpers_compact import STEPS
from tests.helpers_store import NOW, article, die_at, stage


@dataclass(frozen=True)
class ShardStore:
    """A shard of the output at `place`, whose state is below `folder`; opened anew each time."""

    place: str
    folder: Path
    shard: Shard

    @property
    def state(self) -> Path:
        return self.folder / self.shard.name

    @property
    def ledger_path(self) -> Path:
        return self.state / "ledger.sqlite"

    def output(self) -> Output:
        return open_output(self.place, self.state)

    def config(self) -> RunConfig:
        return RunConfig(self.place, self.state, self.ledger_path, 1, 10, 512 << 20, shard=self.shard)

    @contextmanager
    def run(self) -> Iterator[Run]:
        """A whole run, opened as `scrapy crawl` does and closed at the end of the block."""
        run = Run(self.config(), "news")
        try:
            yield run
        finally:
            run.close()

    def crawl(self, *names: str) -> Run:
        """A run that stores an article of each name."""
        with self.run() as run:
            self.stage(run.ledger, *names)
        return run

    def stage(self, ledger: Ledger, *names: str) -> None:
        for name in names:
            stage(ledger, article(self.url(name), f"text of {name}"))

    def url(self, name: str) -> str:
        return f"https://{self.shard.name}.test/{name}"

    def publish(self, *names: str, of: ShardStore | None = None) -> None:
        """What a run does, without its workers; the articles are those `of` another, if it is given."""
        name_beforehand(self.ledger_path, self.shard)
        with closing(Ledger(self.ledger_path)) as ledger:
            (of or self).stage(ledger, *names)
            run_id = new_run_id(NOW, self.shard)
            Publisher(ledger, self.output(), self.state / "scratch", run_id).publish()

    def compact(self) -> None:
        """What `scrapy compact` does."""
        with closing(Ledger(self.ledger_path)) as ledger:
            scratch, run_id = self.state / "scratch", new_run_id(NOW, self.shard)
            Publisher(ledger, self.output(), scratch, run_id).recover()
            list(Compactor(ledger, self.output(), scratch, run_id, NOW, grace=0).compact())

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.ledger_path)) as db:
            return db.execute(sql).fetchall()

    def urls(self) -> set[str]:
        """Of the articles that the ledger knows."""
        return {url for (url,) in self.query("SELECT url FROM urls WHERE state = 'committed'")}


def in_folder(output: Path, of: int) -> list[ShardStore]:
    """All shards of an output that is a folder."""
    return [ShardStore(str(output), output / ".state", Shard(number, of)) for number in range(1, of + 1)]


def visible(output: Path) -> Counter[str]:
    """URLs of the articles that a reader's pattern finds."""
    found: Counter[str] = Counter()
    for path in (output / "articles").glob("**/*.parquet"):
        found.update(pq.ParquetFile(path).read(columns=["url"])["url"].to_pylist())
    return found


def listed(output: Output) -> Counter[str]:
    """URLs of the articles that a reader of the manifest finds."""
    found: Counter[str] = Counter()
    for each in output.listed():
        if each.dataset == "articles":
            with output.open(each.path) as file:
                found.update(pq.ParquetFile(file).read(columns=["url"])["url"].to_pylist())
    return found


def writers(output: Output) -> dict[str, int]:
    """Ledgers that the manifest names, and their files."""
    return dict(Counter(each.writer for each in output.listed()))


def assert_manifest_equals_folder(output: Path) -> None:
    found = {path.relative_to(output).as_posix() for path in output.glob("[!.]*/**/*.parquet")}
    assert {each.path for each in FolderOutput(output).listed()} == found


def said(output: Path) -> Any:
    return json.loads((output / "shards.json").read_text(encoding="utf-8"))


def publish_rounds(store: ShardStore, rounds: int, environment: dict[str, str]) -> None:
    """In a child: one shard's month, each round published, and every third compacted."""
    os.environ.update(environment)
    for number in range(rounds):
        store.publish(f"{number}-a", f"{number}-b")
        if number % 3 == 2:
            store.compact()


def compact_until_killed(store: ShardStore, step: str, when: str) -> None:
    """In a child: compact, and die before or after the first call of the step."""
    die_at(STEPS[step], when, 1)
    store.compact()


def reconciled(output: Path, stores: list[ShardStore], site: str | None = None) -> AllReconciled:
    """The balance of all shards of a folder."""
    places = {each.shard: (each.ledger_path, each.output()) for each in stores}
    return reconcile_shards(places, FolderOutput(output), site)
