"""The manifest: the list of published files, replaced whole so that a reader sees one state of it."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
_COLUMNS = (
    "path", "dataset", "partition", "rows", "bytes", "sha256", "run_id", "min_fetched_at", "max_fetched_at",
)  # fmt: skip


def build_manifest(db: sqlite3.Connection) -> dict[str, Any]:
    """The manifest of all files the ledger knows as part of the datasets."""
    rows = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM files ORDER BY path")  # noqa: S608  constants
    return {
        "manifest_version": MANIFEST_VERSION,
        "files": [dict(zip(_COLUMNS, row, strict=True)) for row in rows],
    }


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by a file with this text; a crash leaves the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:  # raised again: no half-written file stays
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sweep_temporaries(output: Path) -> None:
    """Remove what killed runs left of a manifest half written."""
    for temporary in output.glob(f".{MANIFEST}.*.tmp"):
        temporary.unlink(missing_ok=True)


def write_manifest(output: Path, db: sqlite3.Connection) -> None:
    """Write `manifest.json` below `output`."""
    text = json.dumps(build_manifest(db), indent=1, ensure_ascii=False)
    write_atomically(output / MANIFEST, text + "\n")


def read_manifest(output: Path) -> dict[str, Any]:
    """The manifest below `output`; an empty one where nothing was published yet."""
    path = output / MANIFEST
    if not path.exists():
        return {"manifest_version": MANIFEST_VERSION, "files": []}
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
