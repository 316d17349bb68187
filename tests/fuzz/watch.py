"""Fuzzing in a child that may hang or crash: its parent knows which input was under way."""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.engine import Fuzzer
from tests.fuzz.keeping import Board, Counts, Findings
from tests.fuzz.targets import Target

# What a worker of the crawl may have.
MEMORY = 1024**3
HANG_SECONDS = 20.0  # of CPU in one input
STUCK_SECONDS = 300.0  # of the clock on the wall


@dataclass(frozen=True, slots=True)
class Asked:
    """How long to fuzz, from which seed, where findings go; `times` False judges no time."""

    seed: int
    folder: Path
    seconds: float = 600
    executions: int | None = None
    times: bool = True


def watch(name: str, target: Target, asked: Asked) -> tuple[Counts, Findings]:
    """Fuzz in children, one after the other's death, for so long or until so many executions."""
    board, total = Board(), Counts()
    findings = Findings(asked.folder, name)
    before = findings.on_disk()
    end, generation, left = time.monotonic() + asked.seconds, 0, asked.executions
    while time.monotonic() < end and (left is None or left > 0):
        how = _wait(_fork(target, asked, findings, board, (generation, end, left)), board)
        counts, data = board.read()
        total.add(counts)
        if how is None:
            break
        findings.add(how, data, f"{len(data)} bytes")
        generation += 1
        left = None if asked.executions is None else asked.executions - total.executions
    findings.take_in(before)
    return total, findings


def _fork(
    target: Target, asked: Asked, findings: Findings, board: Board, turn: tuple[int, float, int | None]
) -> int:
    """A child at work; `turn` is its number, when it ends and after how many executions."""
    generation, end, left = turn
    board.write(Counts(), b"")
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        rng = random.Random(f"{asked.seed}-{generation}")
        fuzzer = Fuzzer(target, rng, findings, board, times=asked.times)
        fuzzer.run(end, left)
        board.count(fuzzer.counts, 0)
        code = 0
    except BaseException:  # a child of fork must not return into its parent's code
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(child: int, board: Board) -> str | None:
    """How the child ended, when it was not by itself: what its input did to it."""
    under, since, cpu = (-1, b""), 0.0, 0.0
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return _told(status)
        counts, data = board.read()
        now, spent = time.monotonic(), _cpu_of(child)
        if (counts.executions + counts.growths, data) != under:
            under, since, cpu = (counts.executions + counts.growths, data), now, spent
        if spent - cpu > HANG_SECONDS or now - since > STUCK_SECONDS:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hang"
        time.sleep(0.25)


def _told(status: int) -> str | None:
    if os.WIFSIGNALED(status):
        return f"killed by signal {os.WTERMSIG(status)}"
    return None if os.WEXITSTATUS(status) == 0 else "the child ended"


def _cpu_of(pid: int) -> float:
    """CPU seconds of a process up to now."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
