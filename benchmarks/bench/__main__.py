"""What Khabar costs, as ratios, written into docs/performance.md.

    python -m benchmarks.bench [PART ...] [--data ../shared/data] [--quick] [--pages N] [--repeats N]

Each part is a module here with a function `tables(options)`; what it finds goes between the part's markers in
the document, and all else of the document stays. Exit code 2 and one line where a part cannot be measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.bench.machine import machine
from benchmarks.bench.table import BenchError, Options, Table, between_markers

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "performance.md"
PARTS = ("speed", "steps", "growth", "size", "crawl", "memory")


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every part asked for was measured and written, 2 when one could not be."""
    options, parts, document = _asked(argv)
    try:
        for part in parts:  # before hours are spent
            between_markers(document.read_text(encoding="utf-8"), part, "")
        for part in parts:
            print(f"bench: {part} ...", file=sys.stderr)
            _write(document, part, import_module(f"benchmarks.bench.{part}").tables(options))
    except (BenchError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0


def _write(document: Path, part: str, tables: list[Table]) -> None:
    content = "\n\n".join(table.markdown() for table in tables)
    print(f"{content}\n")
    text = document.read_text(encoding="utf-8")
    measured_on = f"Measured on {machine()}."
    changed = between_markers(text, part, f"\n{content}\n\n{measured_on}\n")
    document.write_text(changed, encoding="utf-8")


def _asked(argv: Sequence[str] | None) -> tuple[Options, Sequence[str], Path]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description="What Khabar costs.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="measuring data")
    parser.add_argument("--quick", action="store_true", help="few pages and small ledgers: does it run?")
    parser.add_argument("--pages", type=_positive, help="pages of a set, articles of a crawl")
    parser.add_argument("--repeats", type=_positive, help="pairs to take the median of")
    parser.add_argument(
        "--sizes", type=_sizes, help="known URLs of the ledgers, smallest first: 10000,100000"
    )
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="where the tables go")
    given = parser.parse_args(argv)
    if unknown := [part for part in given.parts if part not in PARTS]:
        parser.error(f"no part {unknown[0]}; there are {', '.join(PARTS)}")
    options = Options(given.data, given.quick, given.pages, given.repeats, given.sizes)
    return options, given.parts or PARTS, given.document


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_positive(each) for each in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
