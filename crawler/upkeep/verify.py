"""What `scrapy verify` does: read, compare, show; forget when asked."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from crawler.config import RunConfig
from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand
from crawler.terminal import Terminal, harmless, json_line
from pipelines.policy import MIB
from pipelines.shard import shard_in
from pipelines.store.errors import LedgerDamaged, StoreError
from pipelines.store.forget import Forgotten, forget_missing
from pipelines.store.ledger_file import open_read_only
from pipelines.store.manifest import PublishedFile, files_of
from pipelines.store.output import Output
from pipelines.store.shard_files import ShardFiles
from pipelines.store.unsettled import unsettled
from pipelines.store.verify import Known, Listing, Problem, Verified, deadline, verify
from pipelines.store.verify_raw import verify_raw
from pipelines.store.warc_files import run_of
from pipelines.workers import Workers

# Address space of a reader: a row group of 64 MiB of text, decoded, beside Arrow's own threads.
_READER_MIB = 4_096
# Beside a second for each 2 MB of the largest file: a slow disk is not taken for a hanging reader.
_SECONDS = 60.0
# WARC files grow to 1 GiB.
_RAW_SECONDS = _SECONDS + 1024**3 / 2e6


class Verification:
    """One call of the command."""

    def __init__(self, command: StoreCommand) -> None:
        self._command = command

    def run(self, opts: argparse.Namespace) -> ExitCode:
        """All of it; the exit code tells what was found."""
        configs = self._command.configs()
        forgotten = self._forgotten(configs) if opts.forget else None
        found, notes = asyncio.run(self._all(configs, raw=opts.raw))
        if opts.format == "json":
            self._command.show([json_line(plain(found, notes, forgotten))])
        else:
            self._command.show(view(found, notes, forgotten, Terminal.of(sys.stdout)))
        return ExitCode.DAMAGED if found.problems or (forgotten and forgotten.unknown) else ExitCode.OK

    def _forgotten(self, configs: Sequence[RunConfig]) -> Forgotten:
        """By the ledger, or by that of each shard that has one here."""
        found = Forgotten((), 0, 0)
        for config in configs:
            if len(configs) == 1 or config.ledger.exists():
                with self._command.opened(config=config) as store:
                    found += forget_missing(store.ledger, store.output)
        return found

    async def _all(self, configs: Sequence[RunConfig], *, raw: bool) -> tuple[Verified, list[str]]:
        """What the ledger has published, or the shards; and of several shards, what none has."""
        output = self._command.config.open_output()
        if not any(config.ledger.exists() for config in configs) and _is_empty(output):
            raise StoreError(f"nothing is published below {output.name}: is NEWS_OUTPUT right?")
        found, notes = Verified(), []
        for config in configs:
            own = config.open_output()
            part = ShardFiles(own, config.shard) if config.shard else own
            with self._ledger(config.ledger) as (db, problems):
                found += await self._verified(part, db)
                found.problems += problems
                notes += await self._raw(own, part, db, found) if raw else []
        if len(configs) > 1:
            found += await self._verified(ShardFiles(output, None), None)
        found.problems = list(dict.fromkeys(found.problems))
        return found, list(dict.fromkeys(notes))

    async def _verified(self, part: Listing, db: sqlite3.Connection | None) -> Verified:
        workers = self._workers(deadline(_SECONDS, [*_known(db).files, *_manifest(part)]))
        try:
            return await verify(part, lambda: _known(db), workers)
        finally:
            workers.stop()

    async def _raw(
        self, output: Output, part: Listing, db: sqlite3.Connection | None, found: Verified
    ) -> list[str]:
        bad = {each.file for each in found.problems}
        paths = [each.path for each in _manifest(part) if each.path not in bad]
        workers = self._workers(_RAW_SECONDS)
        shard = part.shard if isinstance(part, ShardFiles) else None
        try:
            problems, notes = await verify_raw(
                output, db, paths, workers, ours=lambda name: shard_in(run_of(name) or "") == shard
            )
        finally:
            workers.stop()
        found.problems.extend(problems)
        return notes

    def _workers(self, seconds: float) -> Workers:
        return Workers(self._command.config.workers, seconds, _READER_MIB * MIB, cleans=False)

    @contextmanager
    def _ledger(self, path: Path) -> Iterator[tuple[sqlite3.Connection | None, list[Problem]]]:
        """The ledger, if there is one; one that is damaged is a problem, not the end."""
        try:
            db = open_read_only(path) if path.exists() else None
        except LedgerDamaged as error:
            said, _, mend = str(error).partition("; ")
            yield None, [Problem(str(path), said, mend)]
            return
        try:
            yield db, []
        finally:
            if db is not None:
                db.close()


def _known(db: sqlite3.Connection | None) -> Known:
    if db is None:
        return Known()
    writer = db.execute("SELECT value FROM meta WHERE name = 'writer'").fetchone()
    left = unsettled(db)
    files = [PublishedFile(**each, stable_path=each["path"], writer=writer[0]) for each in files_of(db)]
    return Known(tuple(each for each in files if each.path not in left), left)


def _manifest(output: Listing) -> tuple[PublishedFile, ...]:
    try:
        return output.listed()
    except StoreError:  # `verify` names it
        return ()


def _is_empty(output: Output) -> bool:
    return not _manifest(output) and next(iter(output.targets()), None) is None


def plain(found: Verified, notes: list[str], forgotten: Forgotten | None) -> dict[str, object]:
    """For JSON."""
    return {
        "files": found.files,
        "rows": found.rows,
        "bytes": found.bytes,
        "problems": [asdict(each) for each in found.problems],
        "notes": notes,
        "forgotten": asdict(forgotten) if forgotten else None,
    }


def view(found: Verified, notes: list[str], forgotten: Forgotten | None, terminal: Terminal) -> Iterator[str]:
    """Lines for a person: what was forgotten, one line a problem, what is noted, the verdict."""
    if forgotten is not None:
        yield f"{len(forgotten.files)} files that are gone, with {forgotten.rows} rows, are off the lists"
        yield from (f"  {harmless(path)}" for path in forgotten.files)
        if forgotten.unknown:
            wrong = f"{forgotten.unknown} more rows were missing than these held, and are forgotten, too"
            yield terminal.paint(wrong, "red")
    for each in found.problems:
        yield terminal.paint(harmless(str(each)), "red")
    yield from map(harmless, notes)
    looked = f"{found.files:,} files, {found.rows:,} rows, {found.bytes:,} bytes"
    if found.problems:
        yield f"{len(found.problems)} problems; looked at {looked}"
    else:
        yield terminal.paint(f"All as the manifest says: {looked}", "green")
