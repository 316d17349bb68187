"""Stores whose partitions have many small files, and compactions that are killed."""

from __future__ import annotations

import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pipelines.store.compact as compacting
from pipelines.store import partition, replacement
from pipelines.store.compact import Compacted, Compactor
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.partition import Partition
from pipelines.store.replacement import sweep_retired
from tests.helpers_store import NOW, Store, article, block, die_at, rejected, stage

Expected = set[tuple[Any, ...]]


def seed_rounds(output: Path, rounds: int = 3) -> tuple[Store, Expected]:
    """A store with a small file of each dataset for each round, and the identities of its rows."""
    store, expected = Store(output), set()
    for number in range(rounds):
        found = article(f"https://sahifa.test/news/{number}", f"متن {number}")
        with closing(Ledger(store.ledger_path)) as ledger:
            stage(ledger, found, block(1), block(4))
            stage(ledger, rejected(f"https://sahifa.test/about/{number}"))
        with store.publisher(f"run-{number:03}") as publisher:
            publisher.publish()
        expected |= {("articles", found.id), ("removed", found.id, 1), ("removed", found.id, 4)}
        expected |= {("rejected", f"https://sahifa.test/about/{number}")}
    return store, expected


def compact(
    store: Store, run_id: str = "compact-1", grace: float = 0, now: datetime = NOW
) -> list[Compacted]:
    """What `scrapy compact` does."""
    with store.publisher(run_id) as publisher:
        publisher.recover()
    with closing(Ledger(store.ledger_path)) as ledger:
        output = FolderOutput(store.output)
        sweep_retired(ledger, output, now)
        return list(Compactor(ledger, output, store.scratch, run_id, now, grace=grace).compact())


def copy(store: Store, output: Path) -> Store:
    """The same store elsewhere, second names still being second names."""
    output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(store.output), str(output)], check=True)
    return Store(output)


# Where a child may be killed: the steps of a compaction, by where their name is looked up.
STEPS: dict[str, tuple[Any, str]] = {
    "write": (compacting, "write_tables"),
    "note": (replacement, "note"),
    "second name": (FolderOutput, "_link"),
    "build": (Partition, "build"),
    "exchange": (partition, "exchange"),
    "move what is new": (partition, "_move_new"),
    "drop the old names": (Partition, "_drop_hollow"),
    "ledger": (replacement, "finish"),
    "manifest": (compacting, "write_manifest"),
    "forget the note": (replacement, "_forget"),
}


def compact_until_killed(output: Path, step: str, when: str, number: int) -> None:
    """In a child: compact, and die before or after the given call of the step."""
    die_at(STEPS[step], when, number)
    compact(Store(output))
