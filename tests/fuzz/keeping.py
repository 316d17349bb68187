"""What a run of the fuzzer keeps: where it is, for the parent to see, and what it found."""

from __future__ import annotations

import hashlib
import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path

# The longest input there is room for.
_MAX_ROOM = 4 * 1024 * 1024
_HEAD = struct.Struct("<QQQdI")
# Files of one kind of finding: the first ones, and then smaller ones alone.
_PER_KEY, _MOST_PER_KEY = 2, 6


@dataclass(slots=True)
class Counts:
    """What a run did: executions, growth probes, slowest input in CPU seconds."""

    executions: int = 0
    growths: int = 0
    corpus: int = 0
    slowest: float = 0.0

    def add(self, other: Counts) -> None:
        """What another child did."""
        self.executions += other.executions
        self.growths += other.growths
        self.corpus = max(self.corpus, other.corpus)
        self.slowest = max(self.slowest, other.slowest)


class Board:
    """Memory that parent and child share: the input under way, and how far the child is."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _HEAD.size + _MAX_ROOM)
        self.write(Counts(), b"")

    def write(self, counts: Counts, data: bytes) -> None:
        """Before each input."""
        kept = data[:_MAX_ROOM]
        self._map[_HEAD.size : _HEAD.size + len(kept)] = kept
        self.count(counts, len(kept))

    def count(self, counts: Counts, length: int) -> None:
        self._map[: _HEAD.size] = _HEAD.pack(
            counts.executions, counts.growths, counts.corpus, counts.slowest, length
        )

    def read(self) -> tuple[Counts, bytes]:
        """How far the child is, and its input."""
        executions, growths, corpus, slowest, length = _HEAD.unpack(self._map[: _HEAD.size])
        data = self._map[_HEAD.size : _HEAD.size + length]
        return Counts(executions, growths, corpus, slowest), data


@dataclass(slots=True)
class Findings:
    """Inputs that broke something, by what they broke; each in a file of the folder."""

    folder: Path
    target: str
    kept: dict[str, list[int]] = field(default_factory=dict)

    def add(self, key: str, data: bytes, detail: str) -> bool:
        """Whether it was new, or shorter than what is known of the kind."""
        lengths = self.kept.setdefault(key, [])
        is_new = not lengths
        if len(lengths) >= _MOST_PER_KEY or (len(lengths) >= _PER_KEY and len(data) >= min(lengths)):
            return False
        lengths.append(len(data))
        self.folder.mkdir(parents=True, exist_ok=True)
        kind = hashlib.sha256(key.encode()).hexdigest()[:8]
        name = f"{self.target}-{kind}-{hashlib.sha256(data).hexdigest()[:8]}"
        (self.folder / f"{name}.bin").write_bytes(data)
        (self.folder / f"{name}.txt").write_text(f"{key}\n\n{detail}\n", encoding="utf-8")
        return is_new

    def on_disk(self) -> dict[Path, int]:
        """Accounts in the folder of this target, with the time of their last change."""
        return {path: path.stat().st_mtime_ns for path in self.folder.glob(f"{self.target}-*.txt")}

    def take_in(self, before: dict[Path, int]) -> None:
        """What children wrote since: their memory is gone."""
        for path, changed in sorted(self.on_disk().items()):
            if before.get(path) != changed:
                key = path.read_text(encoding="utf-8").splitlines()[0]
                self.kept.setdefault(key, []).append(path.with_suffix(".bin").stat().st_size)
