"""`python -m tests.web.figures [SCENE ...]`: runs the suite's crawls and prints what the servers saw.

One line per host; everything but the stored articles is counted from the servers' own log.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.web.hosts import Outlet, spacings
from tests.web.scenes import SCENES, Scene

_HEADER = (
    "host",
    "behaviour",
    "requests",
    "stored/expected",
    "304",
    "smallest spacing",
    "violations",
)


def table(scene: Scene) -> Iterator[str]:
    """Markdown rows, a host each."""
    for host in scene.hosts:
        yield f"| {' | '.join(_cells(scene, host))} |"


def _cells(scene: Scene, host: Outlet) -> Iterator[str]:
    runs = [scene.log(host, number) for number, _ in enumerate(scene.finished, start=1)]
    log = scene.log(host)
    gaps = [gap for run in runs for gap in spacings(run)]
    yield host.name
    yield host.behaviour
    yield " + ".join(str(len(run)) for run in runs)
    yield f"{len(scene.stored(host))}/{len(host.expected())}"
    yield str(sum(entry.status == 304 for entry in log))
    yield f"{min(gaps):.2f} s" if gaps else "-"
    yield str(len(host.violations(log)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(names: list[str]) -> None:
    """Play the scenes of those names, or all."""
    _say(f"| {' | '.join(_HEADER)} |\n|{'---|' * len(_HEADER)}")
    for name in names or SCENES:
        with tempfile.TemporaryDirectory() as folder:
            for line in table(SCENES[name](Path(folder))):
                _say(line)


if __name__ == "__main__":
    main(sys.argv[1:])
