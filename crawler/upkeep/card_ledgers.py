"""What the ledgers of an output tell its card: where all addresses ended, and by which runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crawler.config import RunConfig
from pipelines.health.waterfall import Ends, Step, of_ends
from pipelines.shard import shards
from pipelines.store.ends import KnownEnds, ends_by_site
from pipelines.store.errors import StoreError
from pipelines.store.ledger_file import open_read_only
from pipelines.store.output import Output
from pipelines.store.shards import number_of_shards

_RUNS = "SELECT count(*), max(run_id) FROM runs"


@dataclass(frozen=True, slots=True)
class Ledgers:
    """Of all that could be read; `missing` has a line for each of the others."""

    steps: tuple[Step, ...]
    runs: int
    last_run: str
    missing: tuple[str, ...]


def read_ledgers(config: RunConfig, output: Output, known: KnownEnds, *, has_files: bool) -> Ledgers:
    """The ledger of the output, or those of all its shards that are on this machine.

    Where it `has_files`, there have been ledgers. What is `known` is not counted again.
    """
    total, runs, last, missing, elsewhere = Ends(), 0, "", [], 0
    try:
        paths = list(_paths(config, output))
    except StoreError as error:
        return Ledgers((), 0, "", (str(error),))
    for path in paths:
        if not path.exists():
            elsewhere += 1
            continue
        try:
            with closing(open_read_only(path)) as db:
                ends = known[path] if path in known else ends_by_site(db)
                number, newest = db.execute(_RUNS).fetchone()
        except (StoreError, sqlite3.Error) as error:
            missing.append(str(error))
            continue
        for each in ends.values():
            total.add(each)
        runs, last = runs + number, max(last, newest or "")
    if elsewhere and has_files:
        missing.append(f"ledgers that are not here: {elsewhere} of {len(paths)}; a batch has none")
    return Ledgers(of_ends(total) if total.states else (), runs, last, tuple(missing))


def _paths(config: RunConfig, output: Output) -> Iterator[Path]:
    """Where the ledgers are, or would be; shards have theirs side by side, unless NEWS_STATE names one."""
    of = number_of_shards(output)
    if of is None or config.ledger != config.state / config.ledger.name:
        yield config.ledger
        return
    base = config.state.parent if config.shard else config.state
    for shard in shards(of):
        yield base / shard.name / config.ledger.name
