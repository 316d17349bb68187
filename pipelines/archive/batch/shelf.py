"""Where steps leave what the next ones read: whole files under names that say what they were made of.

A file is there complete or not at all, so that a batch that was killed goes on where it was, and a task that
two machines do at once has one result.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pipelines.store.durable import sync_folder
from pipelines.store.errors import StoreError
from pipelines.store.parquet import file_digest

if TYPE_CHECKING:  # botocore takes 0.4 s to load
    from pipelines.store.s3_client import Bucket

_READ_BYTES = 2**20


class Shelf(Protocol):
    """Raises `StoreError` or `OSError` when the place refuses."""

    def has(self, name: str) -> bool:
        """Whether the file is there."""

    def open(self, name: str) -> BinaryIO:
        """The file, to read and seek in."""

    def keep(self, file: Path, name: str) -> None:
        """Move a local file here, whole, in place of what has its name."""

    def names(self, folder: str) -> list[str]:
        """The files below a folder of the place."""

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""

    def scratch(self) -> Path:
        """A new local path to write at, from which `keep` is a rename where that can be."""

    def sweep(self) -> None:
        """Remove what killed tasks left half-made; only while none is under way."""


def open_shelf(place: str) -> Shelf:
    """The shelf in a folder or at `s3://bucket/prefix`."""
    if place.startswith("s3://"):
        from pipelines.store.s3_client import Bucket, Place  # noqa: PLC0415  botocore takes 0.4 s to load

        return S3Shelf(Bucket(Place.parse(place)))
    return FolderShelf(Path(place))


class FolderShelf:
    """A folder of this machine, or one that all machines of a cluster see under the same path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, name: str) -> bool:
        return (self._folder / name).is_file()

    def open(self, name: str) -> BinaryIO:
        return (self._folder / name).open("rb")

    def keep(self, file: Path, name: str) -> None:
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as written:
            os.fsync(written.fileno())
        file.replace(target)
        sync_folder(target.parent)

    def names(self, folder: str) -> list[str]:
        files = (self._folder / folder).glob("**/*")
        return sorted(path.relative_to(self._folder).as_posix() for path in files if path.is_file())

    def remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def scratch(self) -> Path:
        folder = self._folder / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=folder)
        os.close(handle)
        return Path(path)

    def sweep(self) -> None:
        shutil.rmtree(self._folder / "scratch", ignore_errors=True)


class S3Shelf:
    """A prefix of an object store; each file is put with one request."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def has(self, name: str) -> bool:
        return self._bucket.head(name) is not None

    def open(self, name: str) -> BinaryIO:
        from pipelines.store.s3_file import open_object  # noqa: PLC0415  as above

        return open_object(self._bucket, name, _READ_BYTES)

    def keep(self, file: Path, name: str) -> None:
        with file.open("rb") as body:
            if not self._bucket.put(name, body, file_digest(file)):
                raise StoreError(f"{self._bucket.place.name}/{name} was not put")
        file.unlink()

    def names(self, folder: str) -> list[str]:
        return sorted(self._bucket.targets(folder))

    def remove(self, name: str) -> None:
        self._bucket.delete(name)

    def scratch(self) -> Path:
        handle, path = tempfile.mkstemp(prefix="khabar-batch-")
        os.close(handle)
        return Path(path)

    def sweep(self) -> None:
        """Each machine sweeps its own temporary folder."""
