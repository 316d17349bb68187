"""Cleaning beside trafilatura's extraction, in CPU time, page by page the same."""

from __future__ import annotations

from benchmarks.bench.side import run_side
from benchmarks.bench.table import Options, Table, spread
from benchmarks.bench.workloads import DEMO, ROUNDS, TAUGHT, require

_SETS = ("wcxb", "fundus", "sites")
_PAGES = 200
_REPEATS = 5


def tables(options: Options) -> list[Table]:
    """One table of pages that come alone, one of pages of sites that are known."""
    require(options.data, *_SETS)
    alone = tuple(_row(options, name, known=False) for name in (*_SETS, DEMO))
    known = tuple(_row(options, name, known=True) for name in ("sites", DEMO))
    columns = ("set", "pages", "median", "least", "most")
    how = (
        f"CPU of `trafilatura.bare_extraction` divided by CPU of `clean`: above 1 ours is faster. "
        f"{repeats(options)} pairs of processes in turn, each measured after loading and warming up."
    )
    taught = (
        f"The first {TAUGHT} pages of a site teach its memory and are not measured, the others are given "
        f"{ROUNDS} times; our side includes learning from them."
    )
    return [
        Table("Speed: pages alone", columns, alone, (how,)),
        Table("Speed: pages of sites that are known", columns, known, (taught,)),
    ]


def repeats(options: Options) -> int:
    """Pairs to measure."""
    return options.repeats or (2 if options.quick else _REPEATS)


def pages(options: Options) -> int:
    """Pages of a set to measure."""
    return options.pages or (20 if options.quick else _PAGES)


def _row(options: Options, name: str, *, known: bool) -> tuple[str, ...]:
    ratios = []
    count = 0
    for _ in range(repeats(options)):
        theirs, ours = (
            run_side(side, name, options.data, pages=pages(options), known=known)
            for side in ("trafilatura", "learning" if known else "ours")
        )
        ratios.append(theirs["seconds"] / ours["seconds"])
        count = ours["pages"]
    return (name, str(count), *spread(ratios))
