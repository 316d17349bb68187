"""Whether what is done for one URL, page or row costs the same however many there were before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from benchmarks.bench.growing_ledger import KnownLedger, cost
from benchmarks.bench.growing_rest import key_costs, memory_costs, publication_costs
from benchmarks.bench.speed import repeats
from benchmarks.bench.table import BenchError, Options, Table, times

_SIZES = (10_000, 100_000, 1_000_000, 5_000_000)
_QUICK = (10_000, 50_000, 200_000)
# Free bytes that a ledger needs for each URL it knows.
_BYTES_EACH = 2000

Costs = dict[str, list[float]]


def tables(options: Options) -> list[Table]:
    """The ledger by known URLs, keys by hosts, site memory by pages seen, publication by rows."""
    sizes = options.sizes or (_QUICK if options.quick else _SIZES)
    small = max(sizes) < min(_QUICK)  # a test of whether it runs
    with tempfile.TemporaryDirectory(prefix="khabar-bench-") as folder:
        free = shutil.disk_usage(folder).free
        if free < _BYTES_EACH * sum(sizes):
            raise BenchError(f"ledgers of {sum(sizes):,} URLs need more than is free in {folder}")
        found = _ledgers(sizes, Path(folder), repeats(options))
    pages = (10, 20) if small else (10, 100, 1000) if options.quick else (10, 100, 1000, 10_000)
    rows = (20, 40) if small else (1000, 5000) if options.quick else (1000, 10_000, 100_000)
    hosts = (10, 20) if small else (10, 1000, 20_000) if options.quick else (10, 1000, 100_000)
    return [
        *found,
        _table("Keys, by distinct hosts", "hosts", hosts, key_costs, repeats(options)),
        _table("Site memory, by pages of the site seen", "pages", pages, memory_costs, repeats(options)),
        _table("Publication, by rows of one publication", "rows", rows, publication_costs, repeats(options)),
    ]


def _ledgers(sizes: Sequence[int], folder: Path, rounds: int) -> list[Table]:
    """All ledgers are measured in turn, so that a slow moment of the machine falls on all of them."""
    with ExitStack() as stack:
        ledgers = [stack.enter_context(closing(KnownLedger(folder / str(n), n))) for n in sizes]
        for ledger in ledgers:  # once without counting, for what is read at first
            _measured(ledger.steps())
            _measured(ledger.once())
        steps: list[list[dict[str, float]]] = [[] for _ in ledgers]
        once: list[list[dict[str, float]]] = [[] for _ in ledgers]
        for _ in range(rounds):
            for at, ledger in enumerate(ledgers):
                steps[at].append(_measured(ledger.steps()))
                once[at].append(_measured(ledger.once()))
    columns = ("URLs known", *(f"{size:,}" for size in sizes))
    how = f"CPU of one, beside the same at {sizes[0]:,} known URLs; medians of {rounds} rounds."
    return [
        Table("Ledger: what is done for each URL or request", columns, _relative(steps), (how,)),
        Table("Ledger: what is done for each place or run", columns, _relative(once)),
    ]


def _measured(steps: dict[str, Callable[[], int]]) -> dict[str, float]:
    return {name: cost(step) for name, step in steps.items()}


def _relative(found: Sequence[Sequence[dict[str, float]]]) -> tuple[tuple[str, ...], ...]:
    """A row for each step: the medians of its ratios to the first, round by round."""
    first = found[0]
    rows = []
    for name in first[0]:
        ratios = (
            median(here[name] / base[name] for here, base in zip(each, first, strict=True)) for each in found
        )
        rows.append((name, *map(times, ratios)))
    return tuple(rows)


def _table(
    title: str, unit: str, sizes: Sequence[int], costs: Callable[[int], dict[str, float]], rounds: int
) -> Table:
    found: list[list[dict[str, float]]] = [[] for _ in sizes]
    for _ in range(rounds):
        for at, size in enumerate(sizes):
            found[at].append(costs(size))
    return Table(title, (unit, *(f"{size:,}" for size in sizes)), _relative(found))
