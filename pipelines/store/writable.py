"""Whether a run can write all that it will have to, asked before anything is fetched."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from pipelines.store.errors import StoreError


def check_writable(folders: Iterable[Path], ledger: Path | None = None) -> None:
    """Raise `StoreError` naming the first folder that cannot be written, or the ledger.

    By trying: what permissions say holds neither for root nor for a disk that is mounted read-only.
    """
    for folder in dict.fromkeys(map(_nearest, folders)):
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"\0")
        except OSError as error:
            raise StoreError(_refused(folder, error)) from None
    if ledger is None:
        return
    check_writable([ledger.parent])
    try:
        if ledger.exists():
            ledger.open("r+b").close()
    except OSError as error:
        raise StoreError(_refused(ledger, error)) from None


def _nearest(folder: Path) -> Path:
    """The folder itself, or the one in which it will be made."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _refused(place: Path, error: OSError) -> str:
    return f"cannot write {place}: {error.strerror}; let this user write there or choose another output"
