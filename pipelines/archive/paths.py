"""Which archive files patterns name: on this machine, and in a bucket."""

from __future__ import annotations

import glob
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pipelines.masking import hidden
from pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from pipelines.store.s3_client import Bucket

_WILD = "*?["
# What is asked of a disk and of a bucket at a time.
_LOCAL_BYTES, _REMOTE_BYTES = 1024**2, 8 * 1024**2


class NoSuchFile(StoreError):
    """A pattern matches nothing; the message names it."""


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file as it was when it was looked up.

    `place` is its absolute path or `s3://bucket/key`, `name` the last part of it; `mark` changes when the
    file does (ETag, or time of change and size).
    """

    place: str
    name: str
    size: int
    mark: str

    def open(self) -> BinaryIO:
        """To read and seek in; raises `OSError` and, of a bucket, `StoreError`."""
        return open_archive(self.place)


def open_archive(place: str) -> BinaryIO:
    """The file at `ArchiveFile.place`; raises `OSError` and, of a bucket, `StoreError`."""
    if not place.startswith("s3://"):
        return io.BufferedReader(io.FileIO(place), _LOCAL_BYTES)
    from pipelines.store.s3_file import open_object  # noqa: PLC0415  botocore takes 0.4 s to load

    bucket, key = _bucket_and_key(place)
    return open_object(bucket, key, _REMOTE_BYTES)


def archive_files(patterns: Sequence[str]) -> tuple[ArchiveFile, ...]:
    """The files that the patterns name, in the order of their places, each once.

    A pattern is a path or `s3://bucket/key` with `*`, `?`, `[...]`, and `**` for folders at any depth; a
    folder stands for its `*.warc.gz` and `*.warc` files. Raises `StoreError` naming the pattern that matches
    nothing and the bucket that cannot be reached.
    """
    found: dict[str, ArchiveFile] = {}
    for pattern in patterns:
        try:
            matched = list(_remote(pattern) if pattern.startswith("s3://") else _local(pattern))
        except StoreError as error:  # the bucket is no output here
            raise StoreError(str(error).replace("NEWS_OUTPUT", "its name")) from None
        if not matched:
            raise NoSuchFile(
                f"{hidden(pattern)}: no such file; give a WARC file or a pattern that matches some"
            )
        found.update((each.place, each) for each in matched)
    return tuple(found[place] for place in sorted(found))


def _local(pattern: str) -> Iterator[ArchiveFile]:
    # A file may be called like a pattern.
    exact = Path(pattern)
    if exact.is_dir():
        names: list[str] = [str(path) for end in ("*.warc.gz", "*.warc") for path in exact.glob(end)]
    else:
        names = [pattern] if exact.is_file() else glob.glob(pattern, recursive=True)  # noqa: PTH207  Path's takes no absolute pattern
    for name in names:
        path = Path(name)
        with suppress(FileNotFoundError):  # it went since
            if path.is_file():
                stat = path.stat()
                mark = f"{stat.st_mtime_ns}-{stat.st_size}"
                yield ArchiveFile(str(path.resolve()), path.name, stat.st_size, mark)


def _remote(pattern: str) -> Iterator[ArchiveFile]:
    wild = min((pattern.find(sign) for sign in _WILD if sign in pattern), default=len(pattern))
    if wild == len(pattern):
        bucket, key = _bucket_and_key(pattern)
        keys: Iterator[str] = iter([key])
    else:
        folder = pattern[:wild].rpartition("/")[0]
        bucket = _bucket(folder)
        rest = pattern[len(folder) + 1 :]
        keys = (key for key in bucket.all_targets() if _matches(key.split("/"), rest.split("/")))
    for key in keys:
        head = bucket.head(key)
        if head is not None:
            place = f"{bucket.place.name}/{key}"
            yield ArchiveFile(place, key.rpartition("/")[2], head.size, head.etag.strip('"'))


def _matches(parts: list[str], pattern: list[str]) -> bool:
    """As `glob` does: a `*` ends at a slash, `**` stands for any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**" and len(pattern) > 1:
        return any(_matches(parts[skip:], pattern[1:]) for skip in range(len(parts)))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _bucket_and_key(place: str) -> tuple[Bucket, str]:
    folder, _, key = place.rpartition("/")
    return _bucket(folder), key


@cache
def _bucket(folder: str) -> Bucket:
    """Clients take a tenth of a second to make. Raises `StoreError`."""
    from pipelines.store.s3_client import Bucket, Place  # noqa: PLC0415  as above

    try:
        place = Place.parse(folder)
    except StoreError as error:
        raise StoreError(f"{hidden(folder)}: {error}") from None
    return Bucket(place)
