"""Quality gate: the scorer's figures for our cleaner must not fall below their pinned floors.

    python -m benchmarks.gate --score PATH/score.py [--sets rtl,fundus] [--raise]

`floors.toml` pins, for each data set, the hash of its gold and a floor for each figure; floors only go up:
`--raise` lifts those that were beaten (by more than noise would, there is none) and never lowers one. It also
writes what data cards say of the cleaning (pipelines/card/gate_scores.toml), with trafilatura beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from pipelines import EXTRACTOR_VERSION
from pipelines.card.scores import KINDS, SCORES, Scores, SetScores, dump_scores, parse_scores

FLOORS = Path(__file__).with_name("floors.toml")
CARD = Path(__file__).parents[1] / "pipelines" / "card" / SCORES
ADAPTER = "benchmarks.adapter:clean_site"
PEER = "trafilatura"
# Pages of these are there for their encodings: whether they are articles nobody said.
NOT_JUDGED = frozenset({"encodings"})
# Less is better for these, so their floor is a ceiling.
CEILINGS = frozenset({"leak", "head"})
PAGES = "n"
_IGNORED = frozenset({"pages_per_cpu_s"})
# Figures are pinned with three decimals, rounded to the lenient side.
_STEP = 1000

Figures = dict[str, dict[str, float]]


def measure(score: Path, sets: Sequence[str], adapter: str = ADAPTER) -> Figures:
    """Set -> figure -> value, as the scorer gives them for `adapter`; `n` is the number of pages."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "score.json"
        command = [sys.executable, str(score), "--sets", ",".join(sets), "--json", str(report), adapter]
        subprocess.run(command, check=True)
        found = json.loads(report.read_text(encoding="utf-8"))
    return {
        name: {key: value for key, value in figures[adapter].items() if key not in _IGNORED}
        for name, figures in found.items()
    }


def shortfalls(floors: Figures, measured: Figures) -> Iterator[str]:
    """One line for each figure that is worse than its floor."""
    for name, figures in measured.items():
        for key, floor in floors.get(name, {}).items():
            value = figures.get(key)
            if value is None:
                yield f"{name} {key}: not measured, floor {floor}"
            elif value > floor if key in CEILINGS else value < floor:
                yield f"{name} {key}: {value:.4f}, floor {floor}"


def lifted(floors: Figures, measured: Figures) -> Figures:
    """The floors, each replaced by today's figure where that is better."""
    result: Figures = {name: dict(figures) for name, figures in floors.items()}
    for name, figures in measured.items():
        pinned = result.setdefault(name, {})
        for key, value in figures.items():
            if key == PAGES:
                continue
            today = _pinned(key, value)
            best = min if key in CEILINGS else max
            pinned[key] = best(pinned.get(key, today), today)
    return result


def _pinned(key: str, value: float) -> float:
    lenient = -(-value * _STEP // 1) if key in CEILINGS else value * _STEP // 1
    return float(lenient / _STEP)


def card_scores(known: Scores | None, floors: Figures, peer: Figures) -> Scores:
    """What cards say from now on; `peer` is what it reached today on the sets measured, the others stay."""
    sets = dict(known.sets) if known else {}
    for name, figures in peer.items():
        beside = {key: _pinned(key, value) for key, value in figures.items() if key != PAGES}
        sets[name] = SetScores(int(figures[PAGES]), floors[name], beside)
    ordered = {name: sets[name] for name in KINDS if name in sets}
    return Scores(EXTRACTOR_VERSION, f"{PEER} {version(PEER)}", ordered)


def gold_hash(data: Path, name: str) -> str:
    """Hash of a set's gold: floors hold for the pages they were measured on."""
    return hashlib.sha256((data / name / "gold.jsonl").read_bytes()).hexdigest()[:16]


def read_floors() -> tuple[dict[str, str], Figures]:
    """(set -> hash of its gold, set -> figure -> floor) as pinned."""
    pinned = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    hashes = {name: table.pop("gold") for name, table in pinned.items()}
    return hashes, pinned


def write_floors(hashes: dict[str, str], floors: Figures) -> None:
    """Pin these floors."""
    lines = ["# Floors of the quality gate; they only go up (benchmarks/gate.py --raise)."]
    for name in sorted(floors):
        lines += ["", f"[{name}]", f'gold = "{hashes[name]}"']
        lines += [f"{key} = {value:.3f}" for key, value in sorted(floors[name].items())]
    FLOORS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every figure holds its floor, 1 when one fell, 2 when the data is not the pinned one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description="Quality gate.")
    parser.add_argument("--score", type=Path, required=True, help="the scorer, beside its data")
    parser.add_argument("--sets", help="only these sets, comma-separated")
    parser.add_argument("--raise", dest="lift", action="store_true", help="lift floors that were beaten")
    arguments = parser.parse_args(argv)
    data = arguments.score.resolve().parent.parent / "data"
    hashes, floors = read_floors() if FLOORS.exists() else ({}, {})
    present = sorted(path.parent.name for path in data.glob("*/gold.jsonl"))
    present = [name for name in present if name not in NOT_JUDGED]
    sets = arguments.sets.split(",") if arguments.sets else present
    changed = [name for name in sets if name in hashes and hashes[name] != gold_hash(data, name)]
    if changed:
        print(f"gate: the gold of {', '.join(changed)} is not the pinned one", file=sys.stderr)
        return 2
    measured = measure(arguments.score, sets)
    if arguments.lift:
        floors = lifted(floors, measured)
        write_floors(hashes | {name: gold_hash(data, name) for name in sets}, floors)
        known = parse_scores(CARD.read_text(encoding="utf-8")) if CARD.exists() else None
        scores = card_scores(known, floors, measure(arguments.score, sets, PEER))
        CARD.write_text(dump_scores(scores), encoding="utf-8")
        return 0
    fallen = list(shortfalls(floors, measured))
    print("\n".join(fallen) if fallen else f"gate: all floors of {len(sets)} sets hold")
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
