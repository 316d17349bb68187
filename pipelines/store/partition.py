"""A partition of a folder gets other files in one step: a folder built beside it takes its place.

Measured with readers in a loop: pyarrow and DuckDB list a folder and then look at each name, and leave out
without a word what is gone by then. One that listed the old folder just before the exchange would so miss the
whole partition. Therefore the new folder holds the removed names for a moment, as files of zeros: whoever
comes with old names gets an error, never too few rows; whoever lists at that moment gets one, too, and reads
again. They have the old sizes, since Polars opens a file twice and panics when it has become shorter; the
file system stores nothing for them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.store.durable import sync_folder
from pipelines.store.errors import StoreError
from pipelines.store.exchange import exchange
from pipelines.store.replacement import Replacement

# Old folders stay here for those who have opened them.
_ASIDE = Path(".state", "replaced")


class Partition:
    """The folder of one partition and the one that takes its place; targets are below `output`."""

    def __init__(self, output: Path, change: Replacement) -> None:
        self._output = output
        self._change = change
        self._here = output / change.dataset / f"fetch_date={change.partition}"
        # The new folder until the exchange, the old one from then on.
        self._aside = output / _ASIDE / change.name

    def build(self, parts: Mapping[str, Path]) -> None:
        """The new folder: the parts by their targets, and all that stays, foreign files too."""
        shutil.rmtree(self._aside, ignore_errors=True)
        self._aside.mkdir(parents=True)
        for target, part in parts.items():
            part.rename(self._aside / Path(target).name)
        _link_all(self._here, self._aside, self._removed)
        for name in self._removed:
            with (self._aside / name).open("wb") as file:
                file.truncate((self._here / name).stat().st_size)
        _take_after(self._here, self._aside)
        sync_folder(self._aside)

    def switch(self, grace: float) -> None:
        """Exchange the folders; the removed names go `grace` seconds later."""
        self._begin_sweeping(grace)
        exchange(self._aside, self._here)
        try:
            self._sync()
            _move_new(self._aside, self._here, self._removed)  # what came in the meantime
            time.sleep(grace)
        finally:
            self._drop_hollow()

    def _begin_sweeping(self, grace: float) -> None:
        """Another process takes the hollow names away, too: they do not outlive this one when it is killed.

        It works in the new folder, wherever that is by then; the files of the old one are out of its reach.
        """
        with suppress(OSError):  # without it the next start does so
            subprocess.Popen(  # noqa: S603  no name is part of the command
                ["/bin/sh", "-c", 'sleep "$0"; rm -f -- "$@"', str(grace), *sorted(self._removed)],
                cwd=self._aside,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    @property
    def switched(self) -> bool:
        """Whether the exchange happened."""
        return all((self._output / target).exists() for target in self._change.targets)

    def settle(self) -> None:
        """After a crash: what `switch` did not come to."""
        self._sync()
        if self._aside.exists():
            # Part files are not put while folders are exchanged: one that is lacking was compacted by its
            # ledger since.
            _move_new(self._aside, self._here, self._removed | _parts_in(self._aside))
        self._drop_hollow()

    def undo(self) -> None:
        """The new folder, which nobody saw, goes."""
        shutil.rmtree(self._aside, ignore_errors=True)

    def age_from(self, now: datetime) -> None:
        """The old folder is kept for some time from `now` on."""
        if self._aside.exists():
            os.utime(self._aside, (now.timestamp(), now.timestamp()))

    @property
    def _removed(self) -> frozenset[str]:
        return frozenset(Path(target).name for target in self._change.removed)

    def _sync(self) -> None:
        for folder in (self._here.parent, self._aside.parent):
            if folder.exists():
                sync_folder(folder)

    def _drop_hollow(self) -> None:
        for name in self._removed:
            (self._here / name).unlink(missing_ok=True)
        sync_folder(self._here)


def _parts_in(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.glob("part-*.parquet"))


def sweep_aside(output: Path, now: datetime, kept: timedelta) -> None:
    """Remove the old folders that were replaced `kept` ago."""
    for folder in (output / _ASIDE).glob("*"):
        age = now.timestamp() - folder.stat().st_mtime
        if age < 0:  # the clock was ahead: count anew
            os.utime(folder, (now.timestamp(), now.timestamp()))
        elif age >= kept.total_seconds():
            shutil.rmtree(folder)


def _link_all(old: Path, new: Path, without: Iterable[str] = ()) -> None:
    """Give everything in `old` a second name in `new`."""
    for entry in _entries(old, without):
        second = new / entry.name
        if entry.is_dir(follow_symlinks=False):
            second.mkdir()
            _link_all(Path(entry.path), second)
            _take_after(Path(entry.path), second)
        else:
            _link(Path(entry.path), second)


def _link(path: Path, second: Path) -> None:
    try:
        os.link(path, second, follow_symlinks=False)
    except FileNotFoundError:  # its owner took it away
        return
    except OSError as error:
        raise StoreError(
            f"cannot give {path} a second name ({error.strerror}); its partition cannot be compacted"
        ) from None


def _move_new(old: Path, new: Path, without: Iterable[str] = ()) -> None:
    """Bring what `new` lacks over from `old`."""
    for entry in _entries(old, without):
        place = new / entry.name
        if not os.path.lexists(place):
            Path(entry.path).rename(place)
        elif entry.is_dir(follow_symlinks=False) and place.is_dir():
            _move_new(Path(entry.path), place)


def _entries(folder: Path, without: Iterable[str]) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if entry.name not in without]


def _take_after(old: Path, new: Path) -> None:
    """Rights and owner of the old folder: root may compact what others publish."""
    shutil.copystat(old, new)
    status = old.stat()
    with suppress(PermissionError):
        os.chown(new, status.st_uid, status.st_gid)
