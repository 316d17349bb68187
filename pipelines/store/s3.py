"""The output at a prefix of an object store: every object is put whole, once, and never overwritten.

A file is put with one request, so nothing partial ever has a name; the condition `If-None-Match: *` keeps
what is there. The manifest is read, changed and put back under the condition that nobody else did meanwhile.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipelines.store.durable import sync_folder
from pipelines.store.errors import NewerFormat, StoreError
from pipelines.store.manifest import MANIFEST, dump_manifest, parse_manifest
from pipelines.store.output import Files
from pipelines.store.parquet import file_digest
from pipelines.store.replacement import Replacement
from pipelines.store.s3_client import Bucket, NoConditions
from pipelines.store.s3_file import open_object
from pipelines.store.schema import SCHEMAS

# Dozens of machines that publish in the same second get through within these.
_TRIES = 20
_LONGEST_PAUSE = 5.0
# Without conditional writes: what another machine may take between reading the manifest and putting it.
_SETTLING = 1.0
_PROBES = ".khabar"
# What browsers are told of the documents beside the datasets.
_DOCUMENT_TYPES = {
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
    ".sql": "application/sql; charset=utf-8",
}
_NO_ETAG = f'"{"0" * 32}"'


class S3Output:
    """Datasets below `s3://bucket/prefix`; in `state` are lock, scratch and the WARC being written."""

    def __init__(self, bucket: Bucket, state: Path) -> None:
        self.name = bucket.place.name
        self.raw_folder = state / "raw"
        self._bucket = bucket
        self._outbox = state / "outbox"
        self._conditions = True

    def check(self, day: date) -> None:  # noqa: ARG002  prefixes need not be made
        probe = f"{_PROBES}/{secrets.token_hex(8)}.probe"
        try:
            self._put_small(probe, b"")
            # A store that ignores conditions says nothing; it must not be trusted with them.
            self._conditions = not (
                self._put_small(probe, b"", IfNoneMatch="*") or self._put_small(probe, b"", IfMatch=_NO_ETAG)
            )
        except NoConditions:
            self._conditions = False
        self._bucket.delete(probe)

    def put(self, part: Path, target: str, digest: str) -> None:
        """From the outbox: a request that a kill cut off may still reach the store, so it is always ended."""
        self._outbox.mkdir(parents=True, exist_ok=True)
        waiting = part.replace(self._outbox / part_name(target))
        sync_folder(self._outbox)
        self._send(waiting, target, digest)

    def _send(self, file: Path, target: str, digest: str) -> None:
        """Put a local file whole, unless it is there; it is gone from here once it is safe there."""
        for attempt in range(_TRIES):
            if self._put_file(file, target, digest) or self._has(target, digest, file.stat().st_size):
                break
            _pause(attempt)  # another request for the same name is under way: our own earlier one
        if not self._has(target, digest, file.stat().st_size):
            raise StoreError(f"{self.name}/{target} does not have what was put there; try again later")
        file.unlink()

    def _put_file(self, file: Path, target: str, digest: str) -> bool:
        if self._conditions:
            try:
                with file.open("rb") as body:
                    return self._bucket.put(target, body, digest, IfNoneMatch="*")
            except NoConditions:
                self._conditions = False
        if self._bucket.head(target) is not None:
            return False
        with file.open("rb") as body:
            return self._bucket.put(target, body, digest)

    def _has(self, target: str, digest: str, size: int) -> bool:
        """Whether the file is there; raises `StoreError` when another is."""
        head = self._bucket.head(target)
        if head is None:
            return False
        if (head.size, self._bucket.digest(target, head)) != (size, digest):
            raise StoreError(f"{self.name}/{target} is there with other content; it was not overwritten")
        return True

    def holds(self, target: str, digest: str) -> bool:
        waiting = self._outbox / part_name(target)
        head = self._bucket.head(target)
        if head is None and waiting.is_file() and file_digest(waiting) == digest:
            self._send(waiting, target, digest)
            return True
        return head is not None and self._bucket.digest(target, head) == digest

    def remove(self, target: str) -> None:
        self._bucket.delete(target)

    def targets(self) -> Iterator[str]:
        for dataset in SCHEMAS:
            yield from (each for each in self._bucket.targets(dataset) if each.endswith(".parquet"))

    def open(self, target: str) -> BinaryIO:
        return open_object(self._bucket, target, 2**20)

    def stable_path(self, target: str) -> str:
        return target

    def listed(self) -> Files:
        return self._listed(self._bucket.get(MANIFEST))

    def _listed(self, found: tuple[bytes, str] | None) -> Files:
        if found is None:
            return ()
        return parse_manifest(found[0].decode("utf-8", "replace"), f"{self.name}/{MANIFEST}")

    def update_manifest(self, change: Callable[[Files], Files]) -> None:
        for attempt in range(_TRIES):
            found = self._bucket.get(MANIFEST)
            try:
                there = self._listed(found)
            except NewerFormat:
                raise
            except StoreError:  # damaged: each ledger lists its own files again
                there = ()
            text = dump_manifest(change(there)).encode()
            if found is not None and found[0] == text:
                return
            if self._put_manifest(text, found[1] if found else None):
                return
            _pause(attempt)
        raise StoreError(f"{self.name}/{MANIFEST} was changed by others {_TRIES} times; try again later")

    def note(self, target: str) -> bytes | None:
        found = self._bucket.get(target)
        return found[0] if found else None

    def note_once(self, target: str, text: bytes) -> bool:
        if self._conditions:
            try:
                return self._put_small(target, text, IfNoneMatch="*")
            except NoConditions:
                self._conditions = False
        if self.note(target) is not None:
            return False
        self._put_small(target, text)
        time.sleep(_SETTLING)
        return self.note(target) == text

    def put_document(self, target: str, text: str) -> None:
        plain, kind = text.encode(), _DOCUMENT_TYPES[PurePosixPath(target).suffix]
        self._bucket.put(target, plain, hashlib.sha256(plain).hexdigest(), ContentType=kind)

    def replace(self, change: Replacement, parts: Mapping[str, Path], grace: float) -> None:  # noqa: ARG002  nobody waits
        digests = {str(each["path"]): str(each["sha256"]) for each in change.added}
        for target, part in parts.items():
            self.put(part, target, digests[target])

    def replaced(self, change: Replacement) -> bool:
        return all(self.holds(str(each["path"]), str(each["sha256"])) for each in change.added)

    def take_back(self, change: Replacement) -> None:
        for target in change.targets:
            self.remove(target)

    def sweep_replaced(self, now: datetime, kept: timedelta) -> None:
        """What was replaced is removed object by object."""

    def _put_manifest(self, text: bytes, etag: str | None) -> bool:
        """Whether it is certain that the manifest is this now."""
        if self._conditions:
            try:
                condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
                return self._put_small(MANIFEST, text, **condition)
            except NoConditions:
                self._conditions = False
        self._put_small(MANIFEST, text)
        time.sleep(_SETTLING)
        return False  # it is read again: whoever came between may have taken ours away

    def _put_small(self, target: str, text: bytes, **condition: str) -> bool:
        return self._bucket.put(target, text, hashlib.sha256(text).hexdigest(), **condition)

    def sweep(self) -> None:
        shutil.rmtree(self._outbox, ignore_errors=True)

    def keep_raw(self, path: Path) -> None:
        self._send(path, f"raw/{path.name}", file_digest(path))

    def remove_raw(self, name: str) -> None:
        self._bucket.delete(f"raw/{name}")
        (self.raw_folder / name).unlink(missing_ok=True)

    def raw_names(self) -> Iterator[str]:
        local = {path.name for path in self.raw_folder.glob("*.warc.gz")}
        kept = {part_name(each) for each in self._bucket.targets("raw") if each.endswith(".warc.gz")}
        return iter(sorted(local | kept))

    def open_raw(self, name: str) -> BinaryIO:
        local = self.raw_folder / name
        if local.exists():
            return local.open("rb")
        return open_object(self._bucket, f"raw/{name}", 2**17)


def part_name(target: str) -> str:
    """The last part of a target: it holds the run and a hash, so no two files share it."""
    return target.rpartition("/")[2]


def _pause(attempt: int) -> None:
    """Long enough for another to finish; at random, so that two do not meet again."""
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.05 * 2**attempt)))  # noqa: S311  no secret
