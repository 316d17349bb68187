"""Quality gate of near-duplicates, on labelled pairs of our own: `tests/near/`.

    python -m benchmarks.near [--raise] [--show] [--texts FOLDER]

`tests/near/floors.toml` pins precision and recall; they only go up. With `--texts`, a folder of JSON lines
(`source`, `date_extracted`, `content`; gzip), it tells how real articles fall into clusters, too, and how
many pairs are found of those that a comparison of all shingles finds.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gate import Figures, lifted, shortfalls
from benchmarks.near_pairs import FOLDER, Pair, fingerprint, pairs
from benchmarks.near_texts import report
from pipelines.similarity.near import bands, is_near, signature

FLOORS = FOLDER / "floors.toml"


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair and whether it was found: it has a key in common, and its signatures are near."""

    pair: Pair
    found: bool


def judge(labelled: Sequence[Pair]) -> tuple[Judged, ...]:
    """What is found of each pair."""
    return tuple(Judged(pair, _found(pair)) for pair in labelled)


def _found(pair: Pair) -> bool:
    one, other = signature(pair.one), signature(pair.other)
    if one is None or other is None:
        return False
    return bool(set(bands(one)) & set(bands(other))) and is_near(one, other)


def figures(judged: Sequence[Judged]) -> Figures:
    """Precision and recall of all pairs, those held out and each language; of each kind what is right."""
    kinds = {
        f"kind {kind}": _right([each for each in judged if each.pair.kind == kind]) for kind in _kinds(judged)
    }
    sets = {"all": list(judged), "held": [each for each in judged if each.pair.held]}
    for language in sorted({each.pair.language for each in judged}):
        sets[f"language {language}"] = [each for each in judged if each.pair.language == language]
    return {name: _precision_recall(some) for name, some in sets.items()} | kinds


def _kinds(judged: Sequence[Judged]) -> list[str]:
    return sorted({each.pair.kind for each in judged})


def _right(judged: Sequence[Judged]) -> dict[str, float]:
    return {"right": sum(each.found == each.pair.near for each in judged) / len(judged)}


def _precision_recall(judged: Sequence[Judged]) -> dict[str, float]:
    both = sum(each.found and each.pair.near for each in judged)
    found, near = sum(each.found for each in judged), sum(each.pair.near for each in judged)
    return {"precision": both / found if found else 1.0, "recall": both / near if near else 1.0}


def fallen(pinned: str, floors: Figures, judged: Sequence[Judged]) -> Iterator[str]:
    """One line for each figure below its floor."""
    if pinned == fingerprint([each.pair for each in judged]):
        yield from shortfalls(floors, figures(judged))
    else:
        yield "the pairs are not the pinned ones: pin them with --raise"


def read_floors(file: Path = FLOORS) -> tuple[str, Figures]:
    """(hash of the pairs, floors) as pinned; none where there is no file."""
    if not file.exists():
        return "", {}
    pinned = tomllib.loads(file.read_text(encoding="utf-8"))
    return pinned.pop("pairs"), pinned


def write_floors(pinned: str, floors: Figures, file: Path = FLOORS) -> None:
    """Pin these floors."""
    lines = [
        "# Floors of the gate on near-duplicates; they only go up (python -m benchmarks.near --raise).",
        f'pairs = "{pinned}"',
    ]
    for name, values in floors.items():
        lines += ["", f'["{name}"]', *(f"{key} = {value:.3f}" for key, value in sorted(values.items()))]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every floor holds, 1 when one fell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.near", description="Gate of near-duplicates.")
    parser.add_argument("--raise", dest="lift", action="store_true", help="lift floors that were beaten")
    parser.add_argument("--show", action="store_true", help="pairs that are found wrong")
    parser.add_argument("--texts", type=Path, help="real articles to measure on, too")
    arguments = parser.parse_args(argv)
    judged = judge(pairs())
    pinned, floors = read_floors()
    count = Counter(each.pair.near for each in judged)
    print(f"{len(judged)} pairs, {count[True]} near")
    for name, values in figures(judged).items():
        print(f"{name:20}", "  ".join(f"{key} {value:.3f}" for key, value in values.items()))
    if arguments.show:
        print("\n".join(_line(each) for each in judged if each.found != each.pair.near))
    if arguments.lift:
        same = fingerprint([each.pair for each in judged])
        pinned, floors = same, lifted(floors if pinned == same else {}, figures(judged))
        write_floors(pinned, floors)
    wrong = list(fallen(pinned, floors, judged))
    print("\n".join(wrong) if wrong else "all floors hold")
    if arguments.texts:
        print("\n".join(report(arguments.texts)))
    return 1 if wrong else 0


def _line(judged: Judged) -> str:
    pair = judged.pair
    said = "found" if judged.found else "missed"
    return f"{said} {pair.kind} {pair.language}: {pair.one[:60]!r} | {pair.other[:60]!r}"


if __name__ == "__main__":
    sys.exit(main())
