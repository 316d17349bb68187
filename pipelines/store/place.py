"""What NEWS_OUTPUT may be; quick to import, since a second run is told before all else is loaded."""

from __future__ import annotations

from pathlib import Path

from pipelines.shard import Shard
from pipelines.store.errors import StoreError


def state_folder(place: str, ledger: str = "", shard: Shard | None = None) -> Path:
    """An output's local folder of lock, scratch and ledger; raises `StoreError` for what is no output.

    Of an object store it is the folder of `ledger`, when that is given. A shard has a folder below it.
    """
    base = _base(place, ledger)
    return base / shard.name if shard else base


def _base(place: str, ledger: str) -> Path:
    if place.startswith("s3://"):
        from pipelines.store.s3_client import Place  # noqa: PLC0415  botocore takes 0.4 s to load

        usual = Path("output") / ".state" / Place.parse(place).slug
        return Path(ledger).parent if ledger else usual
    if not place or "://" in place:
        raise StoreError("it must be a folder or s3://bucket/prefix")
    return Path(place) / ".state"


def ledger_path(state: Path, given: str) -> Path:
    """The ledger at the path given as NEWS_STATE, or at its usual place in the state folder."""
    return Path(given) if given else state / "ledger.sqlite"
