"""A Ray cluster of two nodes on this machine, for tests and benchmarks: real raylets of one CPU each."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench.processes import descendants, look
from demo.crawl import environment

# What is smallest that Ray takes: reports of tasks are all that goes through it.
_STORE_BYTES = 100_000_000
_PATIENCE_SECONDS = 120
# No news to Ray's makers, no page to look at.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_IMPORT_WARNING": "1"}


@dataclass(frozen=True, slots=True)
class Node:
    """One `ray start --block`, which has all processes of its node below it."""

    process: subprocess.Popen[bytes]

    def pids(self) -> set[int]:
        """The processes of the node, workers and what they started included."""
        return descendants(self.process.pid, look()) | {self.process.pid}

    def works(self) -> bool:
        """Whether one of its processes carries out a task: Ray says so in its title."""
        for pid in self.pids():
            with suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::_"):
                    return True
        return False

    def kill(self) -> None:
        """SIGKILL to all of them, as if the machine went away."""
        pids = self.pids()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A head and another node; `address` is the head's."""

    address: str
    head: Node
    other: Node


@contextmanager
def two_nodes() -> Iterator[Cluster]:
    """The cluster, ready for tasks; nothing of it is left after the block.

    It lets in who has its token, which is in the environment while the block lasts, for commands that use it.
    """
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    before = {name: os.environ.get(name) for name in token}
    os.environ |= token
    try:
        with _two_nodes() as cluster:
            yield cluster
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _two_nodes() -> Iterator[Cluster]:
    address = f"127.0.0.1:{_free_port()}"
    started: list[Node] = []
    # A socket's path has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        try:
            port = address.rpartition(":")[2]
            started.append(
                _start("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}")
            )
            _await_port(started[0], address)
            started.append(_start(f"--address={address}"))
            _await_nodes(address, 2)
            yield Cluster(address, *started)
        finally:
            for node in reversed(started):
                node.kill()


def _start(*options: str) -> Node:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    command += [f"--object-store-memory={_STORE_BYTES}", "--disable-usage-stats", *options]
    quiet = subprocess.DEVNULL
    env = environment() | _QUIET
    return Node(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, env=env, process_group=0))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_port(head: Node, address: str) -> None:
    host, _, port = address.rpartition(":")
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and head.process.poll() is None:
        with suppress(OSError), socket.create_connection((host, int(port)), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"Ray's head did not come up at {address}")


def _await_nodes(address: str, count: int) -> None:
    """Asked by a process of its own: this one stays free of Ray."""
    script = (
        "import sys, time, ray\n"
        "ray.init(sys.argv[1], logging_level='ERROR', log_to_driver=False)\n"
        f"while sum(n['Alive'] for n in ray.nodes()) < {count}: time.sleep(0.2)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, address],
        env=environment() | _QUIET,
        timeout=_PATIENCE_SECONDS,
        check=True,
        capture_output=True,
    )
