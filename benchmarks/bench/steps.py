"""Where the time of `clean` goes, step by step, and the floors below which nothing can fall."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from benchmarks.bench.side import STEPS, run_side
from benchmarks.bench.speed import pages, repeats
from benchmarks.bench.table import Options, Table, times
from benchmarks.bench.workloads import require

_SET = "wcxb"
# Steps of a smaller share are told as one.
_LEAST_SHARE = 0.01
_FLOORS = {
    "lxml": "lxml alone: `document_fromstring` of the bytes",
    "decode": "our decoding and parsing",
    "trafilatura": "`trafilatura.bare_extraction`",
    "ours": "`clean`",
}


def tables(options: Options) -> list[Table]:
    """Shares of the steps, and floors as parts of trafilatura's whole."""
    require(options.data, _SET)
    shares: defaultdict[str, list[float]] = defaultdict(list)
    wholes: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(repeats(options)):
        said = {side: run_side(side, _SET, options.data, pages=pages(options)) for side in (STEPS, *_FLOORS)}
        seconds = {side: float(each["seconds"]) for side, each in said.items()}
        for name, spent in said[STEPS]["steps"].items():
            shares[name] += [0.0] * (number - len(shares[name])) + [spent / seconds[STEPS]]
        for side in _FLOORS:
            wholes[side].append(seconds[side] / seconds["trafilatura"])
    return [_floors(wholes), _steps(shares, median(wholes["ours"]))]


def _floors(wholes: dict[str, list[float]]) -> Table:
    rows = tuple((told, times(median(wholes[side]))) for side, told in _FLOORS.items())
    note = f"CPU for the same pages of {_SET} as multiples of trafilatura's whole; medians over pairs."
    return Table("Floors", ("work", "of trafilatura"), rows, (note,))


def _steps(shares: dict[str, list[float]], whole: float) -> Table:
    """Each step's own work, without that of the steps within it."""
    found = {name: median(each) for name, each in shares.items()}
    large = {name: share for name, share in found.items() if share >= _LEAST_SHARE}
    small = sum(found.values()) - sum(large.values())
    large = dict(sorted(large.items(), key=lambda each: -each[1]))
    large |= {f"{len(found) - len(large)} smaller steps": small, "between the steps": 1 - sum(found.values())}
    rows = tuple((name, f"{share:.1%}", times(share * whole)) for name, share in large.items())
    note = "A step's own work, without that of other steps which it calls."
    return Table("Steps of clean", ("step", "share", "of trafilatura"), rows, (note,))
