"""What processes take of the machine, seen from outside: CPU seconds and memory, sampled from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/<pid>/stat, counted from behind the name (proc(5)).
_PARENT, _USER, _SYSTEM, _RSS = 1, 11, 12, 21


@dataclass(frozen=True, slots=True)
class Seen:
    """A process at a moment: CPU seconds it took so far, resident bytes."""

    parent: int
    cpu: float
    rss: int


def look() -> dict[int, Seen]:
    """Every process there is, by its number."""
    found = {}
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            with suppress(OSError):  # it ended while it was looked at
                fields = (_PROC / entry.name / "stat").read_text(encoding="utf-8", errors="replace")
                values = fields.rpartition(")")[2].split()
                cpu = (int(values[_USER]) + int(values[_SYSTEM])) / _TICKS
                found[int(entry.name)] = Seen(int(values[_PARENT]), cpu, int(values[_RSS]) * _PAGE_BYTES)
    return found


def descendants(pid: int, known: dict[int, Seen]) -> set[int]:
    """Children of a process, and theirs."""
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for child, seen in known.items() if seen.parent in fresh} - found
        found |= fresh
    return found


def machine_busy() -> float:
    """CPU seconds that all cores together worked since the machine started, time stolen from it included."""
    first = (_PROC / "stat").read_text(encoding="ascii").split("\n", 1)[0]
    user, nice, system, _idle, _wait, *interrupts = map(int, first.split()[1:9])
    return (user + nice + system + sum(interrupts)) / _TICKS


class Sampler:
    """Looks at a process and its descendants every so many seconds while the context lasts.

    A process that ends is known as it was when last seen: what it took since is lost. `others` are processes
    beside it whose CPU counts.
    """

    def __init__(self, pid: int, others: Iterable[int] = (), every: float = 0.25) -> None:
        self.pid = pid
        self._others = tuple(others)
        self._every = every
        self.cpu: dict[int, float] = {}
        self.peaks: dict[int, int] = {}
        self.course: list[tuple[float, int]] = []  # seconds since the start, resident bytes of the process
        self._before: dict[int, float] = {}
        self._done = Event()

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        self._busy = machine_busy()
        known = look()
        self._before = {pid: known[pid].cpu for pid in self._others if pid in known}
        self._thread = Thread(target=self._poll, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _poll(self) -> None:
        self.sample()
        while not self._done.wait(self._every):
            self.sample()

    def sample(self) -> None:
        """Look once."""
        known = look()
        for pid in {self.pid, *self._others, *descendants(self.pid, known)} & known.keys():
            seen = known[pid]
            self.cpu[pid] = max(self.cpu.get(pid, 0.0), seen.cpu)
            self.peaks[pid] = max(self.peaks.get(pid, 0), seen.rss)
        if self.pid in known and known[self.pid].rss:
            self.course.append((time.monotonic() - self._begun, known[self.pid].rss))
        self.seconds = time.monotonic() - self._begun
        self.machine = machine_busy() - self._busy

    # -- what came of it, in CPU seconds

    @property
    def own(self) -> float:
        """Of the process itself."""
        return self.cpu.get(self.pid, 0.0)

    @property
    def children(self) -> dict[int, float]:
        """Of its descendants, by their numbers."""
        return {pid: cpu for pid, cpu in self.cpu.items() if pid != self.pid and pid not in self._others}

    @property
    def beside(self) -> float:
        """Of the `others`, since the start."""
        return sum(self.cpu.get(pid, 0.0) - before for pid, before in self._before.items())

    @property
    def strangers(self) -> float:
        """Of all other programs on the machine."""
        return max(self.machine - self.own - self.beside - sum(self.children.values()), 0.0)
