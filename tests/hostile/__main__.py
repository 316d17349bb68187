"""`python -m tests.hostile`: one crawl of the hostile web with 1,000 good articles, judged and measured."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.judge import JUDGES, MIB, lag
from tests.hostile.runner import Outcome, crawl

_MOST_SHOWN = 60
_STACKS_SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--keep", action="store_true", help="keep the output and the log")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="khabar-hostile-"))
    outcome = crawl(folder, asked.articles)
    broken = {name: list(judge(outcome)) for name, judge in (JUDGES | {"lag": lag}).items()}
    for line in (*figures(outcome), *report(broken), *stacks(outcome)):
        sys.stdout.write(f"{line}\n")
    if any(broken.values()) or asked.keep:
        sys.stdout.write(f"kept: {folder}\n")
    else:
        shutil.rmtree(folder)
    return int(any(broken.values()))


def figures(outcome: Outcome) -> Iterator[str]:
    """One line a figure."""
    found = outcome.figures
    late = {name: f"{value * 1000:.1f} ms" for name, value in found.lag["percentiles"].items()}
    known = {
        "good articles": len(outcome.world.articles()),
        "hostile addresses": len(list(outcome.world.cases())),
        "hosts": len(outcome.world.hosts),
        "requests": outcome.web.asked.total(),
        "seconds": f"{found.seconds:.0f}",
        "exit code": outcome.code,
        "peak of the Scrapy process": f"{found.own_peak / MIB:.0f} MiB",
        "peak of a worker": f"{found.worker_peak / MIB:.0f} MiB",
        "processes beside it": found.workers,
        "canaries asked": len(outcome.web.canaries),
        **{f"reactor lag p{name}": value for name, value in late.items()},
        "reactor lag max": f"{found.lag['max'] * 1000:.1f} ms",
        **{f"reactor busy p{name}": f"{value * 1000:.1f} ms" for name, value in found.lag["busy"].items()},
        "samples of the lag": found.lag["samples"],
    }
    yield from (f"{name:30}{value:>14}" for name, value in known.items())


def report(broken: dict[str, list[str]]) -> Iterator[str]:
    """What does not hold."""
    for name, found in broken.items():
        if found:
            yield f"BROKEN {name}: {len(found)}"
            yield from (f"  {line}" for line in found[:_MOST_SHOWN])


def stacks(outcome: Outcome) -> Iterator[str]:
    """What held the reactor up."""
    for busy, stack in outcome.figures.lag["stacks"][:_STACKS_SHOWN]:
        yield f"busy for {busy * 1000:.0f} ms: {stack}"


if __name__ == "__main__":
    sys.exit(main())
