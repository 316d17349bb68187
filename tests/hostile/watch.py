"""Looks at a crawl from outside: memory of its processes, and ports that they listen on."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_EVERY = 0.1
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_PARENT = re.compile(r"^PPid:\s+(\d+)", re.MULTILINE)
_NAMED = re.compile(r"^Name:\s+(\S+)", re.MULTILINE)
_SOCKET = re.compile(r"socket:\[(\d+)\]")
_LISTENS = "0A"
_KIB = 1024


class Watch:
    """Polls a process and its children while the context lasts.

    `peaks` has the most memory (VmHWM, bytes) by process id; `ports` what any of them listened on.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peaks: dict[int, int] = {}
        self.ports: set[str] = set()
        self._done = Event()

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._poll, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._done.wait(_EVERY):
            for pid in family(self.pid):
                with suppress(OSError):  # it ended while it was looked at
                    self._look(pid)

    def _look(self, pid: int) -> None:
        status = (_PROC / str(pid) / "status").read_text(encoding="utf-8")
        if found := _PEAK.search(status):
            self.peaks[pid] = max(self.peaks.get(pid, 0), int(found[1]) * _KIB)
        self.ports |= listening(pid)

    @property
    def own_peak(self) -> int:
        """Of the process itself."""
        return self.peaks.get(self.pid, 0)

    @property
    def worst_child(self) -> int:
        """Of its children and theirs."""
        return max((peak for pid, peak in self.peaks.items() if pid != self.pid), default=0)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                status = (entry / "status").read_text(encoding="utf-8")
                if found := _PARENT.search(status):
                    parents[int(entry.name)] = int(found[1])
    found_pids = [pid]
    for known in found_pids:  # grows while it is walked
        found_pids += [child for child, parent in parents.items() if parent == known]
    return found_pids


def listening(pid: int) -> set[str]:
    """`address:port`, in hexadecimal as the kernel has it, of TCP sockets on which the process listens."""
    own = set()
    for link in (_PROC / str(pid) / "fd").iterdir():
        with suppress(OSError):
            if found := _SOCKET.match(str(link.readlink())):
                own.add(found[1])
    found_ports = set()
    for table in ("tcp", "tcp6"):
        for line in (_PROC / str(pid) / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
            parts = line.split()
            if parts[3] == _LISTENS and parts[9] in own:
                found_ports.add(parts[1])
    return found_ports
