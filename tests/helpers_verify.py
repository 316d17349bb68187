"""Published files are looked at, damaged and described anew."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.policy import MIB
from pipelines.store.manifest import dump_manifest
from pipelines.store.output import FolderOutput
from pipelines.store.parquet import file_digest
from pipelines.store.verify import Known, Problem, verify
from pipelines.workers import Workers
from tests.helpers_store import Store


def looked(store: Store, known: Known | None = None, seconds: float = 60) -> list[Problem]:
    async def run() -> list[Problem]:
        workers = Workers(1, seconds, 4096 * MIB, cleans=False)
        try:
            return (await verify(FolderOutput(store.output), lambda: known or Known(), workers)).problems
        finally:
            workers.stop()

    return asyncio.run(run())


def part(store: Store, dataset: str = "articles") -> Path:
    return next(store.output / name for name in store.visible() if name.startswith(dataset))


def write_anew(store: Store, path: Path, table: pa.Table, *, honest: bool = False) -> None:
    """Other content under the file's name; `honest`: the manifest says so."""
    pq.write_table(table, path)
    if honest:
        state_truth(store, path)


def state_truth(store: Store, path: Path) -> None:
    """The manifest has size and digest of the file as it is."""
    target = path.relative_to(store.output).as_posix()
    true = {"bytes": path.stat().st_size, "sha256": file_digest(path), "stable_path": target}
    listed = [replace(e, **true) if e.path == target else e for e in FolderOutput(store.output).listed()]
    (store.output / "manifest.json").write_text(dump_manifest(listed), encoding="utf-8")


def table_of(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)
