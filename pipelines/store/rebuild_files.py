"""Which published files a rebuilt ledger takes for its own: their names hold the hash of their content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.shard import shard_in
from pipelines.store.errors import StoreError
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import Output
from pipelines.store.parquet import digest
from pipelines.store.schema import SCHEMAS

_TARGET = re.compile(
    r"(?P<dataset>[a-z_]+)/fetch_date=(?P<partition>\d{4}-\d\d-\d\d)/part-(?P<run>.+)-(?P<hash>[0-9a-f]{16})\.parquet"
)
ALL = "all"


@dataclass(frozen=True, slots=True)
class OurFile:
    """A file whose name is one of ours; `listed` is what the manifest says of it."""

    path: str
    dataset: str
    partition: str
    run_id: str
    hash: str
    listed: PublishedFile | None

    def is_whole(self, sha256: str) -> bool:
        """Whether its content is what name and manifest say, which a broken disk may have changed."""
        return sha256.startswith(self.hash) and (self.listed is None or self.listed.sha256 == sha256)


def our_file(path: str, listed: PublishedFile | None = None) -> OurFile | None:
    """None for a name that no run gives.

    >>> our_file("articles/fetch_date=2026-11-21/part-run-1-0123456789abcdef.parquet").run_id
    'run-1'
    >>> our_file("articles/fetch_date=2026-11-21/notes.parquet")
    """
    found = _TARGET.fullmatch(path)
    if found is None or found["dataset"] not in SCHEMAS:
        return None
    return OurFile(path, found["dataset"], found["partition"], found["run"], found["hash"], listed)


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose is what, on an output that several ledgers may share.

    `writer` is the name of the ledger that is rebuilt, `ALL`, or empty when nothing is to be taken over.
    `of_runs` says whose the runs are that the manifest or a WARC file names. With `alone`, what nobody names
    is ours.
    """

    writer: str
    of_runs: dict[str, str]
    alone: bool

    def ours(self, run_id: str, name: str = "") -> bool:
        """Whether a file of this run, with the name of a ledger in it or none, is ours."""
        if self.writer == ALL:
            return True
        known = name or self.of_runs.get(run_id, "")
        if shard := shard_in(self.writer):  # all of its ledgers, one after another, are one
            return shard_in(known or run_id) == shard
        return known == self.writer if known else self.alone and bool(self.writer)


def listed_files(output: Output, *, must_read: bool) -> tuple[PublishedFile, ...]:
    """What the manifest lists; nothing where it is damaged, unless we `must_read`: `StoreError`."""
    try:
        return output.listed()
    except StoreError:
        if must_read:
            raise
        return ()


def our_files(output: Output, listed: Iterable[PublishedFile], owners: Owners) -> Iterator[OurFile]:
    """Every visible file with a name of ours that is not another ledger's; those of the manifest first."""
    known = {entry.path: entry for entry in listed}
    found = [file for path in output.targets() if (file := our_file(path, known.get(path)))]
    for file in sorted(found, key=lambda file: (file.listed is None, file.path)):
        if owners.ours(file.run_id, file.listed.writer if file.listed else ""):
            yield file


def digest_of(output: Output, path: str) -> tuple[str, int]:
    """SHA-256 in hex and size in bytes of a published file. Raises `OSError`."""
    with output.open(path) as file:
        return digest(file), file.tell()
