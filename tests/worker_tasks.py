"""What a page may do to a worker."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path


class Unpicklable(Exception):
    """Like lxml's errors: what pickle keeps of it is not enough to make it again."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def add(left: int, right: int) -> int:
    return left + right


def slow_add(left: int, right: int) -> int:
    time.sleep(0.02)
    return left + right


def process_number() -> int:
    return os.getpid()


def shares_what_is_loaded() -> bool:
    """Whether the server this worker was forked from had loaded the cleaning."""
    return "pipelines.warmed" in sys.modules and gc.get_freeze_count() > 0


def memory_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_AS)[0]


def backtrack() -> object:
    return re.match(r"(a+)+$", "a" * 60 + "!")


def huge_power() -> int:
    return int(pow(3, 1 << 31))


def swallow_memory() -> int:
    return len(b"x" * (8 << 30))


def swallow_memory_in_pieces() -> int:
    pieces = []
    while True:
        pieces.append(bytearray(8 << 20))


def keep_pages() -> int:
    """Parse until there is no memory; trees are not freed."""
    from pipelines.page.tree import parse

    trees = []
    while True:
        trees.append(parse("<p>" + "<b class='x'>word</b>" * 40_000))


def memory_of_c() -> int:
    """Bytes that the C library's own allocator gives before it refuses."""
    import ctypes

    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    taken = []
    while place := library.malloc(8 << 20):
        taken.append(place)
    for place in taken:
        library.free(place)
    return len(taken) * (8 << 20)


def repeated(size: int) -> str:
    return "x" * size


def segfault(marks: Path) -> None:
    mark(marks)
    os.kill(os.getpid(), signal.SIGSEGV)


def segfault_once(marks: Path) -> str:
    if mark(marks) == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    return "second try"


def process_number_after_a_crash(marks: Path) -> int:
    if mark(marks) == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    return os.getpid()


def exit_at_once(code: int) -> None:
    os._exit(code)


def mark(marks: Path) -> int:
    """Leave a mark; how many there are."""
    with marks.open("a") as file:
        file.write("x")
    return marks.stat().st_size


def divide(marks: Path) -> float:
    mark(marks)
    return 1 / 0


def raise_unpicklable() -> None:
    raise Unpicklable("خطأ", 7)


def parse_broken_xml() -> None:
    from lxml import etree

    etree.fromstring("<a><b></a>")


def recurse() -> None:
    recurse()


def leave() -> None:
    sys.exit(3)


def raise_timeout() -> None:
    raise TimeoutError("the page's own")


def cancel() -> None:
    raise asyncio.CancelledError


def half_a_pair() -> None:
    raise ValueError("\ud83d")


def unpicklable_result() -> Callable[[], int]:
    return lambda: 1


def letters(text: str) -> str:
    return text[::-1]
