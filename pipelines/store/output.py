"""Where the datasets are published, behind one small interface: a folder, or a prefix of an object store."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from pipelines.store.durable import sync_folder, write_atomically
from pipelines.store.errors import NewerFormat, StoreError
from pipelines.store.manifest import MANIFEST, PublishedFile, dump_manifest, parse_manifest
from pipelines.store.parquet import file_digest
from pipelines.store.partition import Partition, sweep_aside
from pipelines.store.place import state_folder
from pipelines.store.replacement import Replacement
from pipelines.store.schema import SCHEMAS
from pipelines.store.writable import check_writable

# Second names of the published files, of which a compaction does not take them away at once.
STABLE = ".state/files"

Files = tuple[PublishedFile, ...]


class Output(Protocol):
    """Raises `OSError` or `StoreError` when the store refuses. Targets are paths below the output."""

    name: str  # as users call it
    raw_folder: Path  # local: WARC files are written there

    def check(self, day: date) -> None:
        """Raise unless files of `day` can be put here; asked once, before anything is fetched."""

    def put(self, part: Path, target: str, digest: str) -> None:
        """Move the verified file `part` to `target`: it is visible whole and durable, or not at all."""

    def holds(self, target: str, digest: str) -> bool:
        """Whether `target` is there with this SHA-256."""

    def remove(self, target: str) -> None:
        """Take `target` away, if it is there."""

    def targets(self) -> Iterator[str]:
        """Every Parquet file that a reader's pattern below the datasets finds."""

    def open(self, target: str) -> BinaryIO:
        """A published file, to read and seek in."""

    def stable_path(self, target: str) -> str:
        """The path of `target` that readers of the manifest may rely on."""

    def listed(self) -> Files:
        """What the manifest lists; nothing where nothing was published yet."""

    def update_manifest(self, change: Callable[[Files], Files]) -> None:
        """Replace what the manifest lists by `change` of it, in one step, whoever else does so."""

    def note(self, target: str) -> bytes | None:
        """What a small file beside the datasets says; None where there is none."""

    def note_once(self, target: str, text: bytes) -> bool:
        """Put that file, unless there is one; whether this is the one that is there."""

    def put_document(self, target: str, text: str) -> None:
        """Put a text for people or tools beside the datasets, in place of what is there; never seen half."""

    def replace(self, change: Replacement, parts: Mapping[str, Path], grace: float) -> None:
        """Bring in the verified files `parts` by their targets; patterns find them in place of the removed.

        A store that cannot switch a partition in one step only puts them: the manifest is the switch there,
        and the removed ones stay until they are removed one by one. `grace` is in seconds: how long whoever
        has listed the old files may take to look at them.
        """

    def replaced(self, change: Replacement) -> bool:
        """After a crash: whether `replace` came so far that it is done now; it is completed."""

    def take_back(self, change: Replacement) -> None:
        """After a crash: take away what an unfinished `replace` left."""

    def sweep_replaced(self, now: datetime, kept: timedelta) -> None:
        """Let go of what `replace` kept aside `kept` ago, files of the ledger apart."""

    def sweep(self) -> None:
        """Remove what killed runs left half-made."""

    def keep_raw(self, path: Path) -> None:
        """A WARC file of the local raw folder is complete: keep it with the output."""

    def open_raw(self, name: str) -> BinaryIO:
        """A WARC file of the local raw folder, or that was kept."""

    def remove_raw(self, name: str) -> None:
        """Take a WARC file away, if it is there, from the local raw folder and from where it was kept."""

    def raw_names(self) -> Iterator[str]:
        """The WARC files of the local raw folder and those that were kept, each once."""


def open_output(place: str, state: Path | None = None) -> Output:
    """The output at a folder's path or at `s3://bucket/prefix`; `state` is not its usual local folder."""
    if "://" in place:
        # botocore takes 0.4 s to load, and most outputs are folders.
        from pipelines.store.s3 import S3Output  # noqa: PLC0415  as above
        from pipelines.store.s3_client import Bucket, Place  # noqa: PLC0415  as above

        return S3Output(Bucket(Place.parse(place)), state or state_folder(place))
    return FolderOutput(Path(place))


class FolderOutput:
    """Datasets in a folder of this machine. A file has its name by a rename, so it is seen whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)
        self.raw_folder = folder / "raw"

    def check(self, day: date) -> None:
        datasets = [self.folder / dataset for dataset in SCHEMAS]
        check_writable(
            [self.folder, *datasets, *(each / f"fetch_date={day.isoformat()}" for each in datasets)]
        )

    def put(self, part: Path, target: str, digest: str) -> None:  # noqa: ARG002  its name holds the digest
        final = self.folder / target
        final.parent.mkdir(parents=True, exist_ok=True)
        self._link(part, target)
        with self._locked("partitions", fcntl.LOCK_SH):
            part.rename(final)
        for folder in (final.parent, final.parent.parent, self.folder):
            sync_folder(folder)

    def _link(self, file: Path, target: str) -> None:
        """Give `file` its second name; where the file system has no hard links, there is none."""
        second = self.folder / STABLE / target
        second.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            second.unlink(missing_ok=True)
            second.hardlink_to(file)
            sync_folder(second.parent)

    def holds(self, target: str, digest: str) -> bool:
        path = self.folder / target
        if not (path.exists() and file_digest(path) == digest):
            return False
        if not (self.folder / STABLE / target).exists():
            self._link(path, target)
        return True

    def remove(self, target: str) -> None:
        for path in (self.folder / target, self.folder / STABLE / target):
            if path.exists():
                path.unlink()

    def targets(self) -> Iterator[str]:
        for dataset in SCHEMAS:
            for path in sorted((self.folder / dataset).glob("**/*.parquet")):
                yield path.relative_to(self.folder).as_posix()

    def open(self, target: str) -> BinaryIO:
        return (self.folder / target).open("rb")

    def stable_path(self, target: str) -> str:
        second = f"{STABLE}/{target}"
        return second if (self.folder / second).exists() else target

    def listed(self) -> Files:
        path = self.folder / MANIFEST
        if not path.exists():
            return ()
        return parse_manifest(path.read_text(encoding="utf-8", errors="replace"), str(path))

    def update_manifest(self, change: Callable[[Files], Files]) -> None:
        with self._locked("manifest"):
            try:
                there = self.listed()
            except NewerFormat:
                raise
            except StoreError:  # damaged: each ledger lists its own files again
                there = ()
            text = dump_manifest(change(there))
            path = self.folder / MANIFEST
            if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
                write_atomically(path, text)

    @contextmanager
    def _locked(self, what: str, how: int = fcntl.LOCK_EX) -> Iterator[None]:
        """Held for milliseconds; runs that have ledgers of their own may publish into one folder.

        Nothing is put into the partitions while one of them is exchanged, and one at a time is.
        """
        path = self.folder / ".state" / f"{what}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            fcntl.flock(file, how)
            yield

    def note(self, target: str) -> bytes | None:
        path = self.folder / target
        return path.read_bytes() if path.exists() else None

    def note_once(self, target: str, text: bytes) -> bool:
        path = self.folder / target
        with self._locked("manifest"):
            if path.exists():
                return False
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.decode())
            return True

    def put_document(self, target: str, text: str) -> None:
        with self._locked("manifest"):  # runs on two machines may have the same process id
            write_atomically(self.folder / target, text)

    def replace(self, change: Replacement, parts: Mapping[str, Path], grace: float) -> None:
        with self._locked("partitions"):
            self._replace(Partition(self.folder, change), change, parts, grace)

    def _replace(
        self, partition: Partition, change: Replacement, parts: Mapping[str, Path], grace: float
    ) -> None:
        try:
            for target, part in parts.items():
                self._link(part, target)
                if not (self.folder / STABLE / target).exists():
                    raise StoreError(
                        f"{self.name} is on a file system without hard links; compact needs them"
                    )
            partition.build(parts)
            partition.switch(grace)
        finally:
            partition.age_from(change.begun_at)

    def replaced(self, change: Replacement) -> bool:
        partition = Partition(self.folder, change)
        with self._locked("partitions"):
            if not partition.switched:
                return False
            partition.settle()
            partition.age_from(change.begun_at)
            return True

    def take_back(self, change: Replacement) -> None:
        Partition(self.folder, change).undo()
        for target in change.targets:
            (self.folder / STABLE / target).unlink(missing_ok=True)

    def sweep_replaced(self, now: datetime, kept: timedelta) -> None:
        with self._locked("partitions"):  # other ledgers sweep, too
            sweep_aside(self.folder, now, kept)

    def sweep(self) -> None:
        if left := list(self.folder.glob(".*.[0-9]*.tmp")):
            with self._locked("manifest"):  # nobody is between writing and naming it
                for temporary in left:
                    temporary.unlink(missing_ok=True)

    def keep_raw(self, path: Path) -> None:
        """It was written where it belongs."""

    def open_raw(self, name: str) -> BinaryIO:
        return (self.raw_folder / name).open("rb")

    def remove_raw(self, name: str) -> None:
        (self.raw_folder / name).unlink(missing_ok=True)

    def raw_names(self) -> Iterator[str]:
        return (path.name for path in self.raw_folder.glob("*.warc.gz") if path.is_file())
