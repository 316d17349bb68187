"""What a batch is told and what its tasks answer; these records travel between processes and machines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from pipelines import SCHEMA_VERSION
from pipelines.archive.paths import ArchiveFile
from pipelines.cleaner import cleaning_digest
from pipelines.policy import DEFAULT_POLICY, Policy

# Hosts, sites and bands are spread over so many slots; a task takes a range of them.
SLOTS = 1 << 16


class Step(StrEnum):
    """The steps of a batch, in their order; each is a map over its tasks."""

    INDEX = "index"
    CHOOSE = "choose"
    VIEW = "view"
    LEARN = "learn"
    CLEAN = "clean"
    DECIDE = "decide"
    BAND = "band"
    PAIR = "pair"
    CLUSTER = "cluster"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Job:
    """What all tasks of a batch share: `work` is the folder or S3 place of what steps hand on.

    `cleaner` names the cleaning; it is told, so that all machines of a cluster mean the same.
    """

    output: str
    work: str
    page_seconds: float
    page_memory_bytes: int
    sites: tuple[str, ...] = ()  # only these; all without
    policy: Policy = DEFAULT_POLICY
    cleaner: str = field(default_factory=cleaning_digest)


@dataclass(frozen=True, slots=True)
class Input:
    """An archive; `key` names what is made of it: another content or another cleaner has another."""

    archive: ArchiveFile
    key: str

    @classmethod
    def of(cls, archive: ArchiveFile, job: Job) -> Input:
        """The archive as the job cleans it; a page's bounds decide whether it is a row."""
        bounds = f"{job.page_seconds:g} {job.page_memory_bytes}"
        made_by = (job.cleaner, str(SCHEMA_VERSION), bounds, *job.sites)
        return cls(archive, digest_of(archive.place, archive.mark, *made_by))

    @property
    def run_id(self) -> str:
        """What the rows say fetched them: the same wherever the archive lies."""
        return f"archive-{digest_of(self.archive.name, str(self.archive.size))}"


@dataclass(frozen=True, slots=True)
class Slice:
    """One of `count` equal ranges of slots."""

    number: int
    count: int

    @property
    def first(self) -> int:
        """Its first slot."""
        return self.number * SLOTS // self.count

    @property
    def beyond(self) -> int:
        """The first slot of the next."""
        return (self.number + 1) * SLOTS // self.count

    def __str__(self) -> str:
        return f"{self.number}of{self.count}"


WHOLE = Slice(0, 1)


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a step: `result` is the file it makes, `inputs` are the files it reads.

    `learns` are the keys of the archives whose pages teach; `day` and `run_id` are of a part file.
    """

    step: Step
    result: str
    inputs: tuple[str, ...] = ()
    source: Input | None = None
    part: Slice = WHOLE
    learns: tuple[str, ...] = ()
    day: date | None = None
    run_id: str = ""

    @property
    def name(self) -> str:
        """As users know it."""
        return self.source.archive.place if self.source else f"step {self.step}, part {self.part}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a task has to say of its result, kept in it: counts, lines for the user, bytes by day, files."""

    counts: Mapping[str, int] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()
    days: Mapping[str, int] = field(default_factory=dict)
    files: tuple[dict[str, Any], ...] = ()
    learnt: tuple[str, ...] = ()

    def dumps(self) -> str:
        """As JSON."""
        return json.dumps(
            {
                "counts": dict(sorted(self.counts.items())),
                "damaged": self.damaged,
                "days": dict(sorted(self.days.items())),
                "files": self.files,
                "learnt": self.learnt,
            }
        )

    @classmethod
    def loads(cls, text: str) -> Report:
        """What `dumps` wrote."""
        said = json.loads(text)
        return cls(
            said["counts"], tuple(said["damaged"]), said["days"], tuple(said["files"]), tuple(said["learnt"])
        )


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A task that came to no result, and why; `final` when trying again cannot help."""

    task: Task
    why: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A task and what it reports."""

    task: Task
    report: Report


Outcome = Made | GivenUp


def digest_of(*parts: str) -> str:
    """16 hex digits that stand for the parts."""
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def slot_of(what: str | bytes) -> int:
    """The slot of a host, a site or a key of a signature; the same in every process."""
    data = what.encode("utf-8", "surrogatepass") if isinstance(what, str) else what
    return int.from_bytes(hashlib.blake2b(data, digest_size=2).digest(), "big")
