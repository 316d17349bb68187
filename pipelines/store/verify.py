"""Every published file against the manifest: there, whole, readable, of its dataset, and nothing beside it.

Files are read in workers, since a bad one may crash or hang its reader. A problem counts when it is seen
again against a manifest read anew: files change under a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pipelines.records import Reason
from pipelines.store.errors import StoreError
from pipelines.store.manifest import MANIFEST, PublishedFile
from pipelines.store.output import Files
from pipelines.store.part_check import MISSING, check_part, check_unlisted, is_well_formed
from pipelines.workers import TaskFailed, Workers

_RESTORE = "restore it from a copy, or move it away and run `scrapy verify --forget`"
_GONE = "restore it{}, or `scrapy verify --forget`"
_MOVE = "move it away; readers find it"
_AGAIN = "the next crawl lists it again"
_REWRITE = "move it away; the next crawl lists the files of its ledger again"


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that is not as it should be, and the mend."""

    file: str
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.wrong}: {self.mend}"


@dataclass(frozen=True, slots=True)
class Known:
    """What a ledger says of an output: its published files, and those it has not finished with."""

    files: Files = ()
    unsettled: frozenset[str] = frozenset()


@dataclass(slots=True)
class Verified:
    """What `verify` looked at, and what it found wrong."""

    files: int = 0
    rows: int = 0
    bytes: int = 0
    problems: list[Problem] = field(default_factory=list)

    def __iadd__(self, other: Verified) -> Verified:
        self.files += other.files
        self.rows += other.rows
        self.bytes += other.bytes
        self.problems += other.problems
        return self


def deadline(seconds: float, files: Iterable[PublishedFile]) -> float:
    """Seconds a worker may take for the largest of `files`: `seconds`, and one more for each 2 MB."""
    return seconds + max((each.bytes for each in files if is_well_formed(each)), default=0) / 2e6


class Listing(Protocol):
    """An output as far as it is looked at here, or what of it is one shard's."""

    @property
    def name(self) -> str:
        """As users call the output."""

    def targets(self) -> Iterable[str]:
        """As `Output.targets`."""

    def listed(self) -> Files:
        """As `Output.listed`."""


async def verify(output: Listing, known: Callable[[], Known], workers: Workers) -> Verified:
    """Look at every file; raises `OSError` or `StoreError` when the output refuses to be listed."""
    first = await _once(output, known(), workers, None)
    if not first.problems:
        return first
    names = {each.file for each in first.problems}
    again = await _once(output, known(), workers, names)
    return Verified(first.files, first.rows, first.bytes, again.problems)


async def _once(output: Listing, known: Known, workers: Workers, only: set[str] | None) -> Verified:
    there = set(output.targets())
    listed, problems = _listed(output, known, there)
    mine = {each.path: each for each in listed}
    if not any(each.file == MANIFEST for each in problems):
        left_out = (each.path for each in known.files if each.path not in mine)
        problems += [Problem(path, "published, but not in the manifest", _AGAIN) for path in left_out]
    unlisted = there - mine.keys() - {each.path for each in known.files} - known.unsettled
    judged = [each for each in listed if each.path not in known.unsettled]
    if only is not None:
        judged, unlisted = [each for each in judged if each.path in only], unlisted & only
    problems += await _checked(output.name, judged, workers)
    problems += await _foreign(output.name, sorted(unlisted), workers)
    kept = [each for each in problems if only is None or each.file in only]
    return Verified(len(judged), sum(e.rows for e in judged), sum(e.bytes for e in judged), kept)


def _listed(output: Listing, known: Known, there: set[str]) -> tuple[list[PublishedFile], list[Problem]]:
    """What the manifest lists, or else the ledger, and what is wrong with the manifest."""
    try:
        listed = output.listed()
    except StoreError as error:
        return list(known.files), [Problem(MANIFEST, str(error), _REWRITE)]
    if not listed and (known.files or there - known.unsettled):
        return list(known.files), [Problem(MANIFEST, "is missing or lists nothing", _REWRITE)]
    if not all(map(is_well_formed, listed)):
        broken = next(each for each in listed if not is_well_formed(each))
        wrong = Problem(MANIFEST, f"has an entry that is none ({str(broken.path)[:100]})", _REWRITE)
        return [each for each in listed if is_well_formed(each)], [wrong]
    return list(listed), []


async def _checked(place: str, files: list[PublishedFile], workers: Workers) -> list[Problem]:
    said = await asyncio.gather(*(_said(workers, check_part, place, each) for each in files))
    problems = []
    for each, wrong in zip(files, said, strict=True):
        if wrong:
            whose = f" (listed by ledger {each.writer})" if wrong == [MISSING] and each.writer else ""
            second = f", from {each.stable_path} if it is there" if each.stable_path != each.path else ""
            mend = _GONE.format(second) if wrong == [MISSING] else _RESTORE
            problems.append(Problem(each.path, "; ".join(wrong) + whose, mend))
    return problems


async def _foreign(place: str, targets: list[str], workers: Workers) -> list[Problem]:
    said = await asyncio.gather(*(_said(workers, check_unlisted, place, each) for each in targets))
    return [
        Problem(target, "; ".join(["not in the manifest", *wrong]), _MOVE)
        for target, wrong in zip(targets, said, strict=True)
    ]


async def _said(workers: Workers, check: Callable[..., list[str]], *args: object) -> list[str]:
    """What the check says in a worker, or what became of the worker."""
    try:
        return await workers.run(check, *args)
    except TaskFailed as failure:
        died = {
            Reason.EXTRACT_TIMEOUT: "its reader does not come to an end",
            Reason.WORKER_MEMORY: "its reader runs out of memory",
            Reason.WORKER_CRASH: "its reader crashes",
        }
        return [f"{died.get(failure.reason, 'cannot be checked')} ({failure.detail})"]
