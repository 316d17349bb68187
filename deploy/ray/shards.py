"""Crawls all shards of an output on a Ray cluster, one task a shard; ends with the gravest exit code.

    ray job submit -- python deploy/ray/shards.py --of 8 --folder /opt/khabar -- -s NEWS_OUTPUT=s3://news/a
    python deploy/ray/shards.py --address HOST:6379 --of 8 --folder /opt/khabar -- -s NEWS_OUTPUT=/srv/news

What follows `--` is given to each `scrapy crawl news`. The project and its environment are at the same paths
on every node. A shard goes to the same node each time, where its ledger is; when that node is gone, to
another, where the ledger is made anew from what was published (exit code 6, once). See docs/scale.md.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

Node = Mapping[str, Any]

# The gravest first; the codes are those of docs/reference.md.
GRAVITY = (4, 1, 2, 3, 6, 5, 0)
UNFINISHED, USAGE = 4, 2
_TAIL_LINES = 5
# Nothing passes through Ray's object store but exit codes; Ray asks for no less.
_STORE_BYTES = 80 * 1024 * 1024
# The crawl dies with the task's process, at once, so that its lock is free when the task is tried again.
_DIE_TOGETHER = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"


class CannotRun(Exception):
    """There is nothing to run on; `code` is what to end with."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; the exit code."""
    given = parsed(arguments)
    try:
        ray = connected(given.address)
    except CannotRun as error:
        print(f"shards.py: {error}", file=sys.stderr)
        return error.code
    try:
        return gravest(run_all(ray, given))
    finally:
        ray.shutdown()


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; argparse ends with 2 where they are wrong."""
    parser = argparse.ArgumentParser(prog="shards.py", description="Crawl all shards of an output on Ray.")
    add = parser.add_argument
    add("--of", type=int, required=True, help="how many shards the output is crawled in")
    what = "of the cluster; auto: that of this machine; local: none (default: RAY_ADDRESS, or auto)"
    add("--address", default=os.environ.get("RAY_ADDRESS", "auto"), metavar="HOST:PORT", help=what)
    add("--folder", default=".", help="of the project, on every node (default: here)")
    add("--python", default=sys.executable, help="of its environment, on every node")
    add("--cpus", type=float, default=1, help="cores that each shard takes (default: 1)")
    add(
        "--resource", metavar="NAME", help="only nodes with this custom resource, of which each shard takes 1"
    )
    add(
        "--retries", type=int, default=2, help="how often a shard begins anew when its node dies (default: 2)"
    )
    add("crawl", nargs="*", metavar="-- ARGUMENT", help="of each scrapy crawl news")
    given = parser.parse_args(arguments)
    if not 1 <= given.of <= 1_000:
        parser.error("--of must be from 1 to 1000")
    if given.cpus < 0 or given.retries < 0:
        parser.error("--cpus and --retries must not be negative")
    return given


def connected(address: str) -> Any:
    """The module `ray`, connected. Raises `CannotRun`."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise CannotRun(
            "Ray is not installed; `pip install ray` into the environment of the project", USAGE
        ) from None
    check_reachable(address)
    store = {"object_store_memory": _STORE_BYTES, "include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **store)
    except (OSError, RuntimeError, ValueError) as error:  # ConnectionError is an OSError
        said = " ".join(str(error).split())[:200]
        raise CannotRun(
            f"cannot use the Ray cluster {address!r} ({said}): is it up? `--address local` needs none",
            UNFINISHED,
        ) from None
    return ray


def check_reachable(address: str) -> None:
    """Ray itself would try for a minute. Raises `CannotRun`."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError, OverflowError) as error:
        raise CannotRun(f"no Ray cluster answers at {address}: {error}", UNFINISHED) from None


def run_all(ray: Any, given: argparse.Namespace) -> Iterator[int]:
    """Each shard's exit code as it ends, with a line about it."""
    running = {start(ray, given, number): number for number in range(1, given.of + 1)}
    while running:
        (done,), _ = ray.wait(list(running), num_returns=1)
        name = f"shard {running.pop(done)}/{given.of}"
        try:
            code, host, tail = ray.get(done)
        except ray.exceptions.RayError as error:
            code, host, tail = UNFINISHED, "no node", [str(error).strip().partition("\n")[0]]
        print(f"{name} on {host}: exit code {code}", flush=True)
        for line in tail:
            print(f"  {line}", flush=True)
        yield code


def start(ray: Any, given: argparse.Namespace, number: int) -> Any:
    """The task of one shard, on its node."""
    shard = f"{number}/{given.of}"
    options: dict[str, Any] = {"num_cpus": given.cpus, "max_retries": given.retries, "name": f"shard {shard}"}
    if given.resource:
        options["resources"] = {given.resource: 1}
    node = node_of(shard, candidates(ray.nodes(), given.resource))
    if node is not None:
        strategies = importlib.import_module("ray.util.scheduling_strategies")
        options["scheduling_strategy"] = strategies.NodeAffinitySchedulingStrategy(node["NodeID"], soft=True)
    scrapy = [given.python, "-m", "scrapy", "crawl", "news", "-a", f"shard={shard}", *given.crawl]
    task: Callable[..., Any] = ray.remote(crawl).options(**options).remote
    return task(scrapy, given.folder)


def candidates(nodes: Sequence[Node], resource: str | None) -> list[Node]:
    """Nodes that are alive and have the resource."""
    alive = [node for node in nodes if node["Alive"]]
    return [node for node in alive if resource is None or node["Resources"].get(resource)]


def node_of(shard: str, nodes: Sequence[Node]) -> Node | None:
    """The same node for a shard each time: when one is gone, only its own shards move.

    >>> nodes = [{"NodeName": name} for name in "abc"]
    >>> [node_of(f"{number}/4", nodes)["NodeName"] for number in (1, 2, 3, 4)]
    ['b', 'a', 'a', 'c']
    """

    def weight(node: Node) -> str:
        return hashlib.sha256(f"{shard} {node['NodeName']}".encode()).hexdigest()

    return max(nodes, key=weight, default=None)


def crawl(command: list[str], folder: str) -> tuple[int, str, list[str]]:
    """In a task: the exit code, where, and the last lines that were printed."""
    done = subprocess.run(  # noqa: S603  the operator's own command
        [command[0], "-c", _DIE_TOGETHER, *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    code = done.returncode if done.returncode >= 0 else UNFINISHED  # a signal ended it
    return code, socket.gethostname(), lines[-_TAIL_LINES:] if code else lines[:2]


def gravest(codes: Iterator[int]) -> int:
    """The one of them that comes first in `GRAVITY`; what is not in it is a bug's.

    >>> gravest(iter([0, 5, 6, 0]))
    6
    """
    found = {code if code in GRAVITY else 1 for code in codes}
    return next((code for code in GRAVITY if code in found), 0)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(UNFINISHED)
