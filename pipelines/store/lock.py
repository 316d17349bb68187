"""One run at a time on an output: flock, which dies with the process and so is never stale."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from pipelines.store.errors import OutputLocked, StoreError


class OutputLock:
    """Held from construction until `release`. Raises `OutputLocked` at once when another holds it."""

    def __init__(self, path: Path, holder: str) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            other = self._file.read().strip() or "another run"
            self._file.close()
            raise OutputLocked(f"{path.parent.parent} is in use by {other}") from None
        self._file.truncate(0)
        self._file.write(f"{holder} (process {os.getpid()})\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next run in."""
        self._file.close()

    def __enter__(self) -> OutputLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
