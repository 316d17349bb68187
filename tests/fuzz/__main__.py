"""`python -m tests.fuzz TARGET ...`: fuzz the readers of what strangers send; exit 1 on findings."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path

from pipelines.clean import warm_up
from tests.fuzz import seeds
from tests.fuzz.keeping import Counts, Findings
from tests.fuzz.targets import TARGETS
from tests.fuzz.watch import Asked, watch


def main() -> int:
    asked = _arguments()
    names = list(TARGETS) if asked.targets in ([], ["all"]) else asked.targets
    if unknown := [name for name in names if name not in TARGETS]:
        sys.stderr.write(f"fuzz: no target {unknown[0]!r}; there are: {' '.join(TARGETS)}\n")
        return 2
    warm_up()
    seeds.own_only = asked.own_seeds
    how = Asked(asked.seed, asked.folder, asked.seconds, asked.executions, times=not asked.no_times)
    broken = 0
    for name in names:
        begun = time.monotonic()
        counts, findings = watch(name, TARGETS[name], how)
        broken += bool(findings.kept)
        say(_account(name, counts, findings, time.monotonic() - begun, asked.seed, as_json=asked.json))
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all when none is named"
    )
    parser.add_argument("--seconds", type=float, default=600, help="for each target")
    parser.add_argument("--executions", type=int, help="stop after so many, for each target")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument(
        "--folder", type=Path, default=Path("output") / "fuzz", help="where findings are written"
    )
    parser.add_argument(
        "--no-times", action="store_true", help="judge no time: for a machine that does other things"
    )
    parser.add_argument("--own-seeds", action="store_true", help="start from our own documents alone")
    parser.add_argument("--json", action="store_true", help="one JSON object a target")
    return parser.parse_args()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _account(
    name: str, counts: Counts, findings: Findings, seconds: float, seed: int, *, as_json: bool
) -> str:
    if as_json:
        return json.dumps(
            {"target": name, "executions": counts.executions, "findings": sorted(findings.kept)}
        )
    told = (
        f"{name}: {counts.executions} executions and {counts.growths} growth probes, "
        f"{seconds / 60:.1f} min, seed {seed}, {counts.corpus} inputs kept, slowest {counts.slowest:.2f} s, "
        f"{len(findings.kept)} findings"
    )
    return "\n".join(
        (told, *(f"  {key} ({min(sizes)} bytes)" for key, sizes in sorted(findings.kept.items())))
    )


if __name__ == "__main__":
    sys.exit(main())
