"""The manifest: the list of published files, replaced whole so that a reader sees one state of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from pipelines.shard import shard_in
from pipelines.store.errors import NewerFormat, StoreError

MANIFEST = "manifest.json"
MANIFEST_VERSION = 2


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One published file. `path` is where patterns find it; `stable_path` outlives a compaction by a day.

    Both are below the output; times are ISO 8601; `writer` is the ledger that published it.
    """

    path: str
    stable_path: str
    dataset: str
    partition: str
    rows: int
    bytes: int
    sha256: str
    run_id: str
    min_fetched_at: str
    max_fetched_at: str
    writer: str


# Columns of the ledger's table `files`, which knows neither the place nor its own name.
LEDGER_COLUMNS = tuple(f.name for f in fields(PublishedFile) if f.name not in ("stable_path", "writer"))


def dump_manifest(files: Iterable[PublishedFile]) -> str:
    """The manifest as JSON, in the order of paths."""
    listed = [asdict(each) for each in sorted(files, key=lambda each: each.path)]
    plain = {"manifest_version": MANIFEST_VERSION, "files": listed}
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def parse_manifest(text: str, name: str) -> tuple[PublishedFile, ...]:
    """The files a manifest lists, of version 1 too; raises `StoreError` naming it when it is none."""
    try:
        plain = json.loads(text)
        if plain["manifest_version"] > MANIFEST_VERSION:
            raise NewerFormat(f"{name} has version {plain['manifest_version']}, this is {MANIFEST_VERSION}")
        return tuple(_entry(listed) for listed in plain["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{name} is no manifest ({type(error).__name__}: {error})") from None


def _entry(listed: dict[str, Any]) -> PublishedFile:
    known = {"stable_path": listed["path"], "writer": ""} | listed  # version 1 has neither
    return PublishedFile(**{field.name: known[field.name] for field in fields(PublishedFile)})


def with_files_of(
    writer: str, mine: Iterable[PublishedFile], there: Iterable[PublishedFile]
) -> tuple[PublishedFile, ...]:
    """What the manifest lists once `writer` has these files: those of other ledgers stay as they are.

    Raises `StoreError` where another ledger of the same shard has published since: who did not come first
    would publish the same articles again.
    """
    own = {each.path: each for each in mine}
    refuse_overtaken(writer, own, there)
    others = [each for each in there if each.writer != writer and each.path not in own]
    return tuple(sorted([*others, *own.values()], key=lambda each: each.path))


def refuse_overtaken(writer: str, known: Container[str], there: Iterable[PublishedFile]) -> None:
    """Raise `StoreError` where `overtaken_by` finds anything."""
    if unknown := overtaken_by(writer, known, there):
        raise StoreError(
            f"shard {shard_in(writer)} has another ledger, {unknown[0].writer}, of which {len(unknown)} "
            "files are not known here; the next run of this one begins with what was published"
        )


def overtaken_by(writer: str, known: Container[str], there: Iterable[PublishedFile]) -> list[PublishedFile]:
    """What other ledgers of the shard of `writer` list beside the paths that are `known` to it."""
    shard = shard_in(writer)
    if shard is None:
        return []
    others = [each for each in there if each.writer != writer and shard_in(each.writer) == shard]
    return [each for each in others if each.path not in known]


def files_of(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The files a ledger knows as part of the datasets, without place and writer."""
    rows = db.execute(f"SELECT {', '.join(LEDGER_COLUMNS)} FROM files ORDER BY path")  # noqa: S608  constants
    return [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in rows]
