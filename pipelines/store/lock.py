"""One run at a time on an output and a ledger: flock, which dies with the process and so is never stale."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from pipelines.store.errors import OutputLocked, StoreError

# Somebody who only looks holds the lock for some microseconds.
_SECOND_TRY_SECONDS = 0.05


class OutputLock:
    """Held from construction until `release`. Raises `OutputLocked` at once when another holds it.

    `what` it is that only one may use; without it the folder that has the lock's folder.
    """

    def __init__(self, path: Path, holder: str, what: str | None = None) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+", encoding="utf-8")  # no process that is started inherits it
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror}") from None
        try:
            _lock(self._file)
        except BlockingIOError:
            refusal = _refusal(self._file, what or str(path.parent.parent))
            self._file.close()
            raise refusal from None
        try:
            self._file.truncate(0)
            self._file.write(f"{holder} (process {os.getpid()})\n")
            self._file.flush()
        except OSError as error:  # a full disk; closing would try to write again
            with suppress(OSError):
                self._file.close()
            raise StoreError(f"cannot write {path}: {error.strerror}") from None

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


class RunLock:
    """Both locks of a run; two outputs may have one ledger. Raises as `OutputLock`, holding neither.

    `state` is the local folder of the output called `output`.
    """

    def __init__(self, state: Path, ledger: Path, holder: str, output: str) -> None:
        with ExitStack() as held:
            for path, what in lock_files(state, ledger, output):
                held.enter_context(OutputLock(path, holder, what))
            self._held = held.pop_all()

    def release(self) -> None:
        """Let the next run in."""
        self._held.close()

    def __enter__(self) -> RunLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def lock_files(state: Path, ledger: Path, output: str) -> tuple[tuple[Path, str], tuple[Path, str]]:
    """Where the locks of an output and a ledger are, each with what it is for."""
    real = ledger.resolve()  # by whatever name it is called
    return (state / "lock", output), (real.with_name(f"{real.name}.lock"), str(ledger))


def check_free(state: Path, ledger: Path, output: str) -> None:
    """Raise `OutputLocked` if a run holds either now; makes nothing and keeps nothing."""
    for path, what in lock_files(state, ledger, output):
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError), path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _refusal(file, what) from None


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_SECOND_TRY_SECONDS)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _refusal(file: IO[str], what: str) -> OutputLocked:
    file.seek(0)
    return OutputLocked(f"{what} is in use by {file.read().strip() or 'another run'}")
