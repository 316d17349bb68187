"""The finished part files take the place of what earlier batches published there; nothing else is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from pipelines.archive.batch.parts import WRITER, waiting_name
from pipelines.store.errors import StoreError
from pipelines.store.manifest import LEDGER_COLUMNS, PublishedFile, with_files_of
from pipelines.store.output import Output
from pipelines.store.replacement import KEPT, Replacement
from pipelines.store.shards import SHARDS

# How long whoever has listed a partition's old files may take to open them.
_GRACE_SECONDS = 0.1


def refuse_foreign(output: Output) -> None:
    """Raise `StoreError` when files of a crawl are published there, or one in shards has begun."""
    if output.note(SHARDS) is not None:
        raise StoreError(f"{output.name} is a crawl's output ({SHARDS}); give --output a place of its own")
    others = [each.path for each in output.listed() if each.writer != WRITER]
    if others:
        raise StoreError(
            f"{output.name} is a crawl's output (it lists {others[0]}); give --output a place of its own"
        )


def publish(output: Output, work: str, files: Sequence[PublishedFile], now: datetime) -> None:
    """Readers find exactly these files: patterns partition by partition, the manifest in one step.

    Goes on where a crash left off: what is in place stays, what is not listed any more goes last.
    """
    there: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for target in output.targets():
        dataset, partition = target.split("/")[:2]
        there[dataset, partition.removeprefix("fetch_date=")].add(target)
    wanted: defaultdict[tuple[str, str], list[PublishedFile]] = defaultdict(list)
    for file in files:
        wanted[file.dataset, file.partition].append(file)
    output.sweep_replaced(now, KEPT)
    for place, some in sorted(wanted.items()):
        _bring_in(output, work, some, there[place], now)
    mine = [replace(file, stable_path=output.stable_path(file.path)) for file in files]
    output.update_manifest(lambda listed: with_files_of(WRITER, mine, listed))
    for target in set().union(*there.values()) - {file.path for file in files}:
        output.remove(target)


def in_place(output: Output, work: str, files: Iterable[PublishedFile]) -> bool:
    """Whether each part is published or waits to be."""
    return all(_waits(work, file) or output.holds(file.path, file.sha256) for file in files)


def _bring_in(
    output: Output, work: str, wanted: Sequence[PublishedFile], there: set[str], now: datetime
) -> None:
    paths = {file.path for file in wanted}
    waiting = {file.path: Path(work) / waiting_name(file.path) for file in wanted if _waits(work, file)}
    if not there - paths:
        for file in wanted:
            if file.path in waiting:
                output.put(waiting[file.path], file.path, file.sha256)
        return
    if waiting:
        file = wanted[0]
        added = tuple({name: asdict(each)[name] for name in LEDGER_COLUMNS} for each in wanted)
        change = Replacement(file.dataset, file.partition, added, tuple(sorted(there - paths)), now)
        output.replace(change, waiting, _GRACE_SECONDS)


def _waits(work: str, file: PublishedFile) -> bool:
    return not work.startswith("s3://") and (Path(work) / waiting_name(file.path)).is_file()
