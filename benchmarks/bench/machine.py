"""On what was measured: figures of another machine or library are other figures."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("lxml", "numpy", "pyarrow", "trafilatura")


def machine() -> str:
    """The machine and the versions of what runs on it, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, {libraries}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    """The processor's name, of Linux; elsewhere its architecture."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8", errors="replace").splitlines() if about.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
