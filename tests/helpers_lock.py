"""Other processes that want the lock."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

from pipelines.store.errors import OutputLocked
from pipelines.store.lock import OutputLock


def hold(path: Path, holder: str, pipe: Connection) -> None:
    """Take the lock, say so, and keep it until killed."""
    lock = OutputLock(path, holder)
    pipe.send("held")
    time.sleep(600)
    lock.release()


def attempt(path: Path, holder: str, pipe: Connection) -> None:
    """Try to take the lock; say what came of it."""
    try:
        with OutputLock(path, holder):
            pipe.send("held")
    except OutputLocked as refusal:
        pipe.send(str(refusal))
