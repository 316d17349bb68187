"""One published file against what the manifest says of it; run in a worker, whom a bad file may kill."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.store.errors import StoreError
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import Output, open_output
from pipelines.store.parquet import digest
from pipelines.store.schema import SCHEMAS
from pipelines.store.schema_fit import misfit

MISSING = "missing"
# Rows decoded at a time: texts are some kB each.
_BATCH_ROWS = 1_024


def check_part(place: str, entry: PublishedFile) -> list[str]:
    """What is wrong with the file of `entry` in the output at `place`; `MISSING` when it is not there."""
    output = open_output(place)
    try:
        with output.open(entry.path) as file:
            found = [*_bytes(file, entry), *unreadable(file, entry)]
            found.extend(_second_name(output, file, entry))
    except FileNotFoundError:
        return [MISSING]
    except (OSError, StoreError) as error:
        return [f"cannot be read: {error}"]
    return found


def check_unlisted(place: str, target: str) -> list[str]:
    """What keeps readers from reading a file that nobody lists."""
    try:
        with open_output(place).open(target) as file:
            return list(unreadable(file, None))
    except (OSError, StoreError) as error:
        return [f"cannot be read: {error}"]


def _bytes(file: BinaryIO, entry: PublishedFile) -> Iterator[str]:
    found = digest(file)
    if (size := file.tell()) != entry.bytes:
        yield f"has {size} bytes, not {entry.bytes}"
    elif found != entry.sha256:
        yield "is not what was published: its SHA-256 differs"


def unreadable(file: BinaryIO, entry: PublishedFile | None) -> Iterator[str]:
    """What readers would stumble over: every page is read, with its checksum, and every value looked at."""
    file.seek(0)
    try:
        with pq.ParquetFile(pa.PythonFile(file, mode="r"), page_checksum_verification=True) as parquet:
            if entry is not None and (wrong := misfit(entry.dataset, parquet.schema_arrow)) is not None:
                yield wrong
            rows = 0
            for batch in parquet.iter_batches(batch_size=_BATCH_ROWS):
                batch.validate(full=True)
                rows += batch.num_rows
    except (OSError, ValueError, pa.ArrowException) as error:
        yield f"is no whole Parquet file ({_line(error)})"
        return
    if entry is not None and rows != entry.rows:
        yield f"has {rows} rows, not {entry.rows}"


def _second_name(output: Output, file: BinaryIO, entry: PublishedFile) -> Iterator[str]:
    """Readers of the manifest take `stable_path`: mostly a second name of the same file."""
    if entry.stable_path == entry.path:
        return
    try:
        with output.open(entry.stable_path) as second:
            if _inode(second) == _inode(file):
                return
            if digest(second) != entry.sha256:
                yield f"is another file under its second name {entry.stable_path}"
    except (OSError, StoreError):
        yield f"its second name {entry.stable_path} cannot be read"


def _inode(file: BinaryIO) -> tuple[int, int]:
    about = os.fstat(file.fileno())
    return about.st_dev, about.st_ino


def is_well_formed(entry: PublishedFile) -> bool:
    """Whether a manifest's entry can be looked up at all: types, a known dataset, a path below it."""
    values: list[object] = [entry.path, entry.stable_path, entry.dataset, entry.sha256, entry.writer]
    figures: list[object] = [entry.rows, entry.bytes]
    if not all(isinstance(each, str) for each in values) or not all(isinstance(n, int) for n in figures):
        return False
    inside = ".." not in f"{entry.path}/{entry.stable_path}".split("/")
    return entry.dataset in SCHEMAS and inside and entry.path.startswith(f"{entry.dataset}/")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
