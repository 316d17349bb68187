"""What NEWS_OUTPUT may be; quick to import, since a second run is told before all else is loaded."""

from __future__ import annotations

from pathlib import Path

from pipelines.store.errors import StoreError


def state_folder(place: str) -> Path:
    """An output's local folder of lock, scratch and ledger; raises `StoreError` for what is no output."""
    if not place or "://" in place:
        raise StoreError("it must be a folder")
    return Path(place) / ".state"
