"""Archives cleaned by one process, by a pool and by a two-node Ray cluster: the same rows, at which price.

    python -m benchmarks.scale [--data ../shared/data] [--pages N] [--files N] [--document docs/batches.md]

Builds WARC files as a news archive has them of the measuring data, without it of the demo newsroom's pages,
cleans them with each engine, compares all rows, and writes the table between the document's markers. Exit
code 1 when rows differ, 2 and one line where nothing can be measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

import duckdb

from benchmarks.archives import Given, build
from benchmarks.bench.machine import machine
from benchmarks.bench.processes import Seen, descendants, look
from benchmarks.bench.table import BenchError, Table, between_markers, times
from benchmarks.bench.workloads import DEMO, has, pages_of
from benchmarks.cluster import Cluster, two_nodes
from demo.crawl import environment
from pipelines.store.schema import SCHEMAS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "batches.md"
_PART = "archives"
_SETS = ("sites", "wcxb", "fundus", "daniel", "rtl", "chinese", "metadata", "dates", "not-articles")
_PAGES, _FILES = 1_500, 6
_MIB = 1024 * 1024
# Of a page, which is what a busy machine gives it: what a deadline ends says nothing of the engines.
_PAGE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One engine's batch: seconds on the wall and of all CPUs, the most resident bytes at a moment."""

    engine: str
    output: Path
    seconds: float
    cpu: float
    peak: int


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = _asked(argv)
    try:
        between_markers(options.document.read_text(encoding="utf-8"), _PART, "")
        return _measure(options)
    except (BenchError, OSError) as error:
        print(f"scale: {error}", file=sys.stderr)
        return 2


def _measure(options: argparse.Namespace) -> int:
    if find_spec("ray") is None:
        raise BenchError("Ray is not installed; make scale-test installs it")
    pages, source = _pages(options.data, options.pages)
    with tempfile.TemporaryDirectory(prefix="khabar-scale-") as name:
        folder = Path(name)
        paths = build(folder / "archives", pages, options.files, torn=True)
        size = sum(path.stat().st_size for path in paths)
        cleaned = [_clean(engine, paths, folder / engine) for engine in ("one", "pool", "ray")]
        wrong = [line for other in cleaned[1:] for line in _differences(cleaned[0], other)]
        table = _table(cleaned, len(pages))
    for line in wrong:
        print(f"scale: {line}", file=sys.stderr)
    if wrong:
        return 1
    notes = (
        f"{len(pages):,} pages of {source} in {len(paths)} archives of {size / _MIB:.0f} MiB, the last one "
        f"torn; Ray {version('ray')}. The rows of all three datasets are the same in all columns (DuckDB, "
        "`EXCEPT ALL`)."
    )
    content = f"{table.markdown()}\n\n{notes}\n\nMeasured on {machine()}."
    print(content)
    text = options.document.read_text(encoding="utf-8")
    options.document.write_text(between_markers(text, _PART, f"\n{content}\n"), encoding="utf-8")
    return 0


def _pages(data: Path, most: int) -> tuple[list[Given], str]:
    """Pages with addresses, and where they are from."""
    here = [name for name in _SETS if has(name, data)]
    found = []
    for name in here or [DEMO]:
        for number, (url, body, headers) in enumerate(pages_of(name, data)):
            address = url if url.startswith("http") else f"http://{name}.test/{number}"
            found.append((address, body, headers))
    if len(found) > most:
        found = [found[at * len(found) // most] for at in range(most)]
    return found, f"the measuring data ({', '.join(here)})" if here else "the demo newsroom"


def _clean(engine: str, paths: Sequence[Path], output: Path) -> Cleaned:
    print(f"scale: {engine} ...", file=sys.stderr)
    command = [sys.executable, "-m", "pipelines", "reclean", "--engine", engine, "--output", str(output)]
    command += ["--page-seconds", str(_PAGE_SECONDS)]
    command += [word for path in paths for word in ("--path", str(path))]
    with ExitStack() as opened:
        cluster = opened.enter_context(two_nodes()) if engine == "ray" else None
        if cluster is not None:
            command += ["--address", cluster.address]
        begun = time.monotonic()
        env = environment() | {name: os.environ[name] for name in os.environ if name.startswith("RAY_")}
        batch = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        with batch, _Taken(batch.pid, cluster) as taken:
            batch.wait()
        seconds = time.monotonic() - begun
    if batch.returncode != 4:  # the torn archive is told, and all else is done
        raise BenchError(f"engine {engine} ended with exit code {batch.returncode}")
    return Cleaned(engine, output, seconds, taken.cpu, taken.most)


class _Taken:
    """What all processes of a batch, cluster included, take: CPU, and the most memory at a moment."""

    def __init__(self, pid: int, cluster: Cluster | None) -> None:
        nodes = (cluster.head, cluster.other) if cluster else ()
        self._roots = [pid, *(node.process.pid for node in nodes)]
        self._done = Event()
        self._seen: dict[int, float] = {}
        known = look()
        self._before = sum(known[pid].cpu for pid in self._pids(known))
        self.most = 0

    @property
    def cpu(self) -> float:
        """Seconds; a process that ends counts as it was when last looked at."""
        return sum(self._seen.values()) - self._before

    def __enter__(self) -> _Taken:
        self._thread = Thread(target=self._poll, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._done.wait(0.5):
            known = look()
            some = self._pids(known)
            self._seen |= {pid: known[pid].cpu for pid in some if known[pid].rss}
            self.most = max(self.most, sum(known[pid].rss for pid in some))

    def _pids(self, known: dict[int, Seen]) -> set[int]:
        below = (descendants(pid, known) for pid in self._roots)
        return set(self._roots).union(*below) & known.keys()


def _differences(one: Cleaned, other: Cleaned) -> list[str]:
    """A line for each dataset whose rows are not the same."""
    found = []
    for dataset in SCHEMAS:
        ours, theirs = (_rows(each.output, dataset) for each in (one, other))
        if any(_count(f"({a} EXCEPT ALL {b})") for a, b in ((ours, theirs), (theirs, ours))):
            found.append(f"{dataset}: the rows of {one.engine} and {other.engine} differ")
            if dataset == "rejected":
                found.extend(_only_in(ours, theirs, one.engine) + _only_in(theirs, ours, other.engine))
    ids = f"(SELECT id FROM {_read(one.output, 'articles')})"
    if _count(ids) != _count(f"(SELECT DISTINCT id FROM {ids})"):
        found.append("an article is there twice")
    return found


def _only_in(rows: str, others: str, engine: str) -> list[str]:
    """A line for each of the first pages that one engine refuses in its own way: a deadline tells of load."""
    some = duckdb.execute(f"SELECT url, reason, detail FROM ({rows} EXCEPT ALL {others}) LIMIT 5").fetchall()
    return [f"  only {engine}: {url} {reason} {detail or ''}".rstrip() for url, reason, detail in some]


def _rows(output: Path, dataset: str) -> str:
    return f"SELECT * FROM {_read(output, dataset)}"


def _read(output: Path, dataset: str) -> str:
    if not any((output / dataset).glob("*/*.parquet")):
        return "(SELECT 0 WHERE false)"
    return f"read_parquet('{output}/{dataset}/*/*.parquet', hive_partitioning = true)"


def _count(rows: str) -> int:
    return int(duckdb.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


def _table(cleaned: Sequence[Cleaned], pages: int) -> Table:
    first = cleaned[0]
    rows = tuple(
        (
            each.engine,
            times(first.seconds / each.seconds),
            times(each.cpu / first.cpu),
            f"{each.seconds:.0f} s",
            f"{1000 * each.cpu / pages:.0f} ms",
            f"{each.peak / _MIB:,.0f} MiB",
            f"{_count(_read(each.output, 'articles')):,}",
            f"{_count(_read(each.output, 'rejected')):,}",
        )
        for each in cleaned
    )
    columns = (
        "engine", "pages a second, to `one`", "CPU, to `one`", "wall", "CPU a page", "peak of all processes",
        "articles", "rejected",
    )  # fmt: skip
    how = (
        "Pages that memory learns from are cleaned twice: nearly all here, with so few a site. The peak "
        "counts what processes share as often as they share it; that of ray includes the cluster's own."
    )
    return Table(f"{pages:,} pages by each engine", columns, rows, (how,))


def _asked(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="measuring data")
    parser.add_argument("--pages", type=int, default=_PAGES, help=f"at most so many pages ({_PAGES})")
    parser.add_argument("--files", type=int, default=_FILES, help=f"archives to make of them ({_FILES})")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="where the table goes")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
