"""Whether a run can write all that it will have to, asked before anything is fetched."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipelines.store.errors import StoreError
from pipelines.store.schema import SCHEMAS


def check_writable(output: Path, ledger: Path, day: date) -> None:
    """Raise `StoreError` naming the folder or file that a run on `day` could not write.

    By trying: what permissions say holds neither for root nor for a disk that is mounted read-only.
    """
    for folder in dict.fromkeys(map(_nearest, _folders(output, ledger, day))):
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"\0")
        except OSError as error:
            raise StoreError(_refused(folder, error)) from None
    try:
        if ledger.exists():
            ledger.open("r+b").close()
    except OSError as error:
        raise StoreError(_refused(ledger, error)) from None


def _folders(output: Path, ledger: Path, day: date) -> Iterator[Path]:
    yield output
    for dataset in SCHEMAS:
        yield output / dataset
        yield output / dataset / f"fetch_date={day.isoformat()}"
    yield output / "raw"
    yield output / ".state"
    yield ledger.parent


def _nearest(folder: Path) -> Path:
    """The folder itself, or the one in which it will be made."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _refused(place: Path, error: OSError) -> str:
    return f"cannot write {place}: {error.strerror}; let this user write there or choose another output"
