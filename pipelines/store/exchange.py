"""Two names swap what they stand for in one step: Linux's renameat2 with RENAME_EXCHANGE, by way of libc."""

from __future__ import annotations

import ctypes
import errno
import os
import re
from pathlib import Path

from pipelines.store.errors import StoreError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
# ENOSYS: an old kernel; the others: the file system does not know the flag.
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def exchange(first: Path, second: Path) -> None:
    """Let `first` and `second`, both there, change places; nobody sees one of them missing.

    Raises `StoreError` naming the file system that cannot do that, `OSError` for what else is wrong.
    """
    try:
        _renameat2(first, second)
    except OSError as error:
        if error.errno in _UNKNOWN:
            raise StoreError(
                f"{second} cannot be exchanged in one step: {_file_system(second)} has no RENAME_EXCHANGE "
                f"({error.strerror}); compact on a file system that has it (ext4, xfs, btrfs, tmpfs)"
            ) from None
        raise


def _renameat2(first: Path, second: Path) -> None:
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # a libc before glibc 2.28, or another system's
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    if call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), ctypes.c_uint(_RENAME_EXCHANGE)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(first), None, str(second))


def _file_system(path: Path) -> str:
    """Kind and place of the file system of `path`, as the kernel lists them."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return "this system"
    found = [(place, kind) for _, place, kind, *_ in mounts if path.resolve().is_relative_to(_plain(place))]
    if not found:
        return "this system"
    place, kind = max(found, key=lambda mount: len(mount[0]))
    return f"the file system at {_plain(place)} ({kind})"


def _plain(place: str) -> str:
    r"""A mount point without the kernel's escapes for blanks.

    >>> _plain(r"/mnt/my\040disk")
    '/mnt/my disk'
    """
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place)
