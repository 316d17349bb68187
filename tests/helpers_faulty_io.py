"""A disk that refuses the Nth call: a small server with `faulty_io.c` preloaded forks a child for each fault.

Arrow is imported once, not for each of some hundred faults. The library is compiled by the tests.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from tests.helpers_compact import compact
from tests.helpers_store import Store, seed_small

SOURCE = Path(__file__).with_name("faulty_io.c")
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
_NEVER = 2**40


class Disk(IntEnum):
    """How the disk refuses, as `faulty_io.c` numbers it."""

    ONCE = 0  # the Nth call
    BROKEN = 1  # the Nth call and every one after it
    FULL = 2  # those of them that take space; half of the first write goes through


@dataclass(frozen=True)
class Fault:
    """Which call below `folder` fails, counted from 1, while `action` is done."""

    folder: str
    action: str
    at: int = _NEVER
    disk: int = Disk.ONCE
    error: int = errno.ENOSPC


@dataclass(frozen=True)
class Outcome:
    """`error` is the class of what was raised, if anything was; `calls` were made, failed ones included."""

    calls: int
    error: str | None
    message: str


def recover_and_publish(output: Path) -> None:
    """What the end of a run does, the opening of the ledger included."""
    with Store(output).publisher("run-faulty") as publisher:
        publisher.recover()
        publisher.publish()


def recover_and_compact(output: Path) -> None:
    """What `scrapy compact` does."""
    compact(Store(output), "run-faulty")


ACTIONS: dict[str, Callable[[Path], object]] = {
    "publish": recover_and_publish,
    "compact": recover_and_compact,
}


def compiled(folder: Path) -> Path:
    """The library, compiled into `folder`."""
    assert COMPILER is not None
    library = folder / "faulty_io.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, SOURCE], check=True)
    return library


class FaultyDisk:
    """Asks the server."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def try_out(self, fault: Fault) -> Outcome:
        """Do the action in a child of the server whose disk refuses."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(asdict(fault)) + "\n")
        self._server.stdin.flush()
        return Outcome(**json.loads(self._server.stdout.readline()))


@contextmanager
def faulty_disk(library: Path) -> Iterator[FaultyDisk]:
    """A server for as long as the block lasts."""
    command = [sys.executable, "-c", "from tests.helpers_faulty_io import serve; serve()", str(library)]
    server = subprocess.Popen(
        command,
        cwd=SOURCE.parents[1],
        env=os.environ | {"LD_PRELOAD": str(library)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield FaultyDisk(server)
    finally:
        server.communicate()


# -- in the server


def serve() -> None:
    """Fork for each line of the standard input, and answer with a line."""
    with tempfile.TemporaryDirectory() as folder:  # what is done for the first time takes most of the time
        seed_small(Path(folder))
        recover_and_publish(Path(folder))

    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    library = ctypes.CDLL(sys.argv[1])
    library.faulty_io_arm.argtypes = (ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int)
    library.faulty_io_calls.restype = ctypes.c_long
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            _suffer(library, Fault(**json.loads(line)))
        os.waitpid(child, 0)


def _suffer(library: Any, fault: Fault) -> None:
    """Do it, say what came of it, and end without tidying up, as a process does that is killed then."""
    error, message = None, ""
    library.faulty_io_arm(fault.folder.encode(), fault.at, fault.disk, fault.error)
    try:
        ACTIONS[fault.action](Path(fault.folder))
    except BaseException as raised:  # told to the test, which knows what may be raised
        error, message = type(raised).__name__, str(raised)
    outcome = Outcome(library.faulty_io_calls(), error, message)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    sys.stdout.flush()
    os._exit(0)
