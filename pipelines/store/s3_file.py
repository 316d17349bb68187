"""An object as a file to read and seek in, for pyarrow and the WARC reader."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO

from pipelines.store.s3_client import Bucket, Head

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def open_object(bucket: Bucket, target: str, buffer_size: int) -> BinaryIO:
    """Asks for `buffer_size` bytes or more at a time; raises `FileNotFoundError` and `StoreError`."""
    head = bucket.head(target)
    if head is None:
        raise FileNotFoundError(f"{bucket.place.name} has no {target}")
    return io.BufferedReader(_Ranges(bucket, target, head), buffer_size)


class _Ranges(io.RawIOBase):
    """Each read is one request for a range of the object as it was when it was opened."""

    def __init__(self, bucket: Bucket, target: str, head: Head) -> None:
        self._bucket = bucket
        self._target = target
        self._head = head
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._head.size}[whence]
        if start + offset < 0:
            raise ValueError("a seek to before the file")
        self._at = start + offset
        return self._at

    def readall(self) -> bytes:
        """The base class would ask for 8 KiB at a time."""
        found = self._bucket.read(self._target, self._at, self._head.size, self._head.etag)
        self._at += len(found)
        return found

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        stop = min(self._at + len(view), self._head.size)
        found = self._bucket.read(self._target, self._at, stop, self._head.etag)
        view[: len(found)] = found
        self._at += len(found)
        return len(found)
