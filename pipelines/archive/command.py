"""`python -m pipelines reclean`: archives cleaned as one batch into an output of its own."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pipelines.archive.batch.engine import Engine, LocalEngine
from pipelines.archive.batch.job import Input, Job
from pipelines.archive.batch.plan import Batch, Summary
from pipelines.archive.batch.publishing import refuse_foreign
from pipelines.archive.batch.ray_engine import NoRay, RayEngine
from pipelines.archive.batch.shelf import open_shelf
from pipelines.archive.paths import ArchiveFile, archive_files
from pipelines.masking import hidden
from pipelines.policy import MIB
from pipelines.store.errors import OutputLocked, StoreError
from pipelines.store.lock import OutputLock
from pipelines.store.output import Output, open_output
from pipelines.store.place import ledger_path, state_folder
from pipelines.urls.site_names import is_site_name

_ENGINES = ("one", "pool", "ray")
_PATH = "archives: a file, folder, pattern or s3://bucket/pattern; may be given several times"
_ENGINE = "one process, a pool of them (without: this), or a Ray cluster; the rows are the same"


class Code(IntEnum):
    """Exit codes, the same as those of a crawl."""

    OK = 0
    USAGE = 2
    LOCKED = 3
    UNFINISHED = 4


class _Wrong(Exception):
    """A mistake in what was asked for, told in one line."""


class _Stopped(Exception):
    """SIGTERM or Ctrl-C."""


def reclean(argv: Sequence[str]) -> int:
    """Carry out the command; its exit code."""
    asked = _parser().parse_args(argv)
    try:
        with _told_to_stop():
            return _reclean(asked)
    except (_Wrong, NoRay) as error:
        return _say(str(error), Code.USAGE)
    except OutputLocked as error:
        return _say(str(error), Code.LOCKED)
    except (StoreError, OSError) as error:
        return _say(str(error), Code.UNFINISHED)
    except _Stopped:
        return _say("stopped; run it again to go on", Code.UNFINISHED)


def _reclean(asked: argparse.Namespace) -> int:
    state, output = _output(asked.output)
    archives, missing = _archives(asked.path)
    for line in missing:
        _say(line)
    if not archives:
        return Code.USAGE
    # A cluster's machines see the same folder, by its whole path.
    place = asked.output if asked.output.startswith("s3://") else str(Path(asked.output).resolve())
    job = Job(
        output=place,
        work=f"{place.rstrip('/')}/.state/batch",
        page_seconds=asked.page_seconds,
        page_memory_bytes=asked.page_memory_mb * MIB,
        sites=tuple(sorted(set(asked.site))),
    )
    with OutputLock(state / "lock", f"reclean of {len(archives)} archives", output.name):
        refuse_foreign(output)
        shelf = open_shelf(job.work)
        shelf.sweep()
        output.sweep()
        engine = _engine(asked, job)
        try:
            batch = Batch(job, engine, shelf, output, _say)
            summary = batch.run([Input.of(archive, job) for archive in archives])
        finally:
            engine.stop()
    return _told(summary, len(archives), missing)


def _engine(asked: argparse.Namespace, job: Job) -> Engine:
    count = asked.workers or os.cpu_count() or 1
    if asked.engine == "ray":
        return RayEngine(job, asked.address, count, _say)
    return LocalEngine(job, 1 if asked.engine == "one" else count)


def _output(place: str) -> tuple[Path, Output]:
    try:
        state = state_folder(place)
        output = open_output(place, state)
    except StoreError as error:
        raise _Wrong(f"--output {hidden(place)}: {error}") from None
    if ledger_path(state, "").exists():
        raise _Wrong(f"--output {place} is a crawl's: it has a ledger; give a place of its own")
    return state, output


def _archives(patterns: Sequence[str]) -> tuple[list[ArchiveFile], list[str]]:
    """The archives that the patterns name, each once, and a line for each that names none."""
    found: dict[str, ArchiveFile] = {}
    missing = []
    for pattern in patterns:
        try:
            found |= {each.place: each for each in archive_files([pattern])}
        except StoreError as error:
            missing.append(f"--path {error}")
    return [found[place] for place in sorted(found)], missing


def _told(summary: Summary, archives: int, missing: Sequence[str]) -> int:
    """Print what came of it; the exit code."""
    counts = summary.counts
    passed, rejected = (_by_kind(counts, f"{kind}.") for kind in ("passed", "rejected"))
    print(f"archives  {archives} ({len(summary.given_up)} given up)")
    print(f"pages     {counts['pages']}: {counts['articles']} articles, {_listed(rejected, 'rejected')}")
    print(f"records   {_listed(passed, 'passed over')}")
    print(
        f"published {counts['published.rows']} articles in all, {counts['published.changed']} of them new "
        f"versions; {counts['published.stored_already']} captures said nothing new; "
        f"{counts['published.clusters']} clusters of near-duplicates; {summary.files} files"
    )
    for line in (*summary.damaged, *summary.given_up):
        _say(line)
    return Code.UNFINISHED if summary.given_up or summary.damaged or missing else Code.OK


def _by_kind(counts: Counter[str], start: str) -> dict[str, int]:
    return {
        name.removeprefix(start): count for name, count in sorted(counts.items()) if name.startswith(start)
    }


def _listed(some: dict[str, int], what: str) -> str:
    kinds = ", ".join(f"{count} {name}" for name, count in some.items())
    return f"{sum(some.values())} {what}" + (f" ({kinds})" if kinds else "")


def _say(line: str, code: int = 0) -> int:
    print(f"reclean: {line}", file=sys.stderr, flush=True)
    return code


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """SIGTERM ends a batch as Ctrl-C does: workers are stopped, what is done stays done."""

    def stop(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  as signal calls it
        raise _Stopped

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines reclean",
        description="Clean WARC archives into an output of its own; what was done before is not done again.",
    )
    add = parser.add_argument
    add("--path", action="append", required=True, metavar="PATTERN", help=_PATH)
    add("--output", required=True, metavar="PLACE", help="a folder or s3://bucket/prefix of its own")
    add("--engine", choices=_ENGINES, default="pool", help=_ENGINE)
    add("--workers", type=_positive, metavar="N", help="processes of a pool or a local Ray (all CPUs)")
    add("--address", metavar="HOST:PORT", help="head of the Ray cluster (without: a Ray on this machine)")
    add("--site", action="append", default=[], type=_site, metavar="NAME", help="only this site's pages")
    add("--page-seconds", type=_seconds, default=10.0, metavar="S", help="a page's deadline (10)")
    add("--page-memory-mb", type=_memory, default=1024, metavar="MB", help="a page's memory (1024)")
    return parser


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text}: it must be at least 1")
    return number


def _seconds(text: str) -> float:
    if not 0.1 <= (number := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: it must be at least 0.1")
    return number


def _memory(text: str) -> int:
    if (number := int(text)) < 256:
        raise argparse.ArgumentTypeError(f"{text}: it must be at least 256")
    return number


def _site(text: str) -> str:
    if not is_site_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a site")
    return text
