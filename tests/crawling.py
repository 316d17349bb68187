"""Runs the real command in a process of its own, as a person or cron would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from demo.crawl import crawl_command, environment
from demo.server import Newsroom

ROOT = Path(__file__).resolve().parents[1]
# `make test-all` has time for every point of a proof, `make test` for a part of them.
THOROUGH = os.environ.get("KHABAR_EXTRAS") == "1"
IN_THE_LONG_FORM = pytest.mark.skipif(not THOROUGH, reason="`make test-all` takes the time")


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    code: int
    out: str
    err: str


def run(command: list[str], **env: str) -> Finished:
    """Run to the end from the project's folder."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment() | env, capture_output=True, text=True, timeout=300, check=False
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def scrapy(*arguments: str, **env: str) -> Finished:
    """`scrapy …` with this interpreter."""
    return run([sys.executable, "-m", "scrapy", *arguments], **env)


def crawl_newsroom(newsroom: Newsroom, sites: Path, output: Path) -> Finished:
    """One crawl of the demo newsroom."""
    return run(crawl_command(newsroom, sites, output))


def start_crawl(newsroom: Newsroom, sites: Path, output: Path) -> subprocess.Popen[bytes]:
    """The same crawl, left running in a process group of its own."""
    return start(crawl_command(newsroom, sites, output))


def start(command: list[str], **env: str) -> subprocess.Popen[bytes]:
    """A command left running in a process group of its own."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment() | {"PYTHONUNBUFFERED": "1"} | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )


def kill_when(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    """SIGKILL to the process and its group as soon as the condition holds; it may have ended by then."""
    while process.poll() is None and not condition():
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def requests_in(log: Path) -> int:
    """How many requests the newsroom has noted."""
    return log.read_text(encoding="utf-8").count("\n")


def rows(output: Path, dataset: str) -> list[dict[str, Any]]:
    """All rows of a dataset, read as any user of pyarrow would."""
    folder = output / dataset
    if not folder.is_dir():
        return []
    table = ds.dataset(folder, partitioning="hive").to_table()
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def parts(output: Path) -> Iterator[Path]:
    """Published files."""
    return (path for path in output.rglob("*.parquet") if ".state" not in path.parts)


def is_root() -> bool:
    """Whether permissions mean nothing to us."""
    return os.geteuid() == 0
