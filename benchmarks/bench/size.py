"""What an article takes on disk, in the ways there are to write the same rows."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.bench.side import cpu
from benchmarks.bench.speed import pages
from benchmarks.bench.synthetic import article
from benchmarks.bench.table import BenchError, Options, Table, times
from pipelines.store.compact import COMPRESSION_LEVEL as COMPACTED
from pipelines.store.parquet import COMPRESSION_LEVEL as PUBLISHED
from pipelines.store.parquet import write_tables
from pipelines.store.rows import dumps, loads, to_row
from pipelines.store.schema import to_table

_TEXTS = 5000
_CLEANED = 300
_REPEATS = 3
_LEVELS = (1, 3, 6, 9, 12, 15, 19)
_SETS = ("wcxb", "fundus", "sites")
Way = Callable[[Path], object]


def tables(options: Options) -> list[Table]:
    """Newspaper articles as rows, and rows that were cleaned from pages."""
    count = 200 if options.quick else _TEXTS
    found = list(islice(_newspaper(options.data.parent / "texts"), count))
    cleaned = list(_cleaned(options))
    repeats = options.repeats or (1 if options.quick else _REPEATS)
    return [
        _table(f"Size: {len(found):,} Arabic newspaper articles", found, repeats),
        _table(f"Size: {len(cleaned):,} rows cleaned from pages", cleaned, repeats),
    ]


def _newspaper(folder: Path) -> Iterator[dict[str, Any]]:
    """Real texts, titles, addresses and authors; the rest of a row is as a crawler would fill it."""
    files = sorted(folder.glob("*.jsonl.gz"))
    if not files:
        raise BenchError(f"the measuring data has no texts in {folder}; --data names the folder beside it")
    number = 0
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                said = json.loads(line)
                text = "\n\n".join(part.strip() for part in said["content"].splitlines() if part.strip())
                if not text:
                    continue
                made = article(number, said["url"], said["source"], text)
                number += 1
                yield to_row(made) | {"title": said["title"], "authors": [said["author"]]}


def _cleaned(options: Options) -> Iterator[dict[str, Any]]:
    from benchmarks.adapter import as_page  # noqa: PLC0415  loading the cleaning takes a second
    from benchmarks.bench.workloads import pages_of  # noqa: PLC0415  as above
    from pipelines.clean import clean  # noqa: PLC0415  as above
    from pipelines.records import Article  # noqa: PLC0415  as above

    most = pages(options) if options.quick or options.pages else _CLEANED
    for name in _SETS:
        for given in pages_of(name, options.data, most // len(_SETS)):
            result = clean(as_page(*given)).result
            if isinstance(result, Article):
                yield to_row(result)


def _table(title: str, rows: list[dict[str, Any]], repeats: int) -> Table:
    """Rows as they are published: sorted, in one file; each way beside the one of a publication."""
    rows = sorted(rows, key=lambda row: (row["site"], row["url_canonical"]))
    # As the store gets them: through the spool's JSON, so that each row is its own.
    lines = [dumps(row) for row in rows]
    table = to_table("articles", [loads(line) for line in lines])
    ways = _ways(table, lines)
    sizes: dict[str, int] = {}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            for name, way in ways.items():
                path = Path(folder) / "file"
                started = cpu()
                way(path)
                seconds[name].append(cpu() - started)
                sizes[name] = path.stat().st_size
    base = _zstd(PUBLISHED)
    cells = tuple(
        (
            name,
            f"{sizes[name] / len(rows):,.0f}",
            times(sizes[name] / sizes[base]),
            times(median(here / there for here, there in zip(seconds[name], seconds[base], strict=True))),
        )
        for name in ways
    )
    note = (
        f"Publication writes zstd {PUBLISHED}, `scrapy compact` zstd {COMPACTED}; both by the store's own "
        "writer, which reads the file back and hashes it. CPU is that of writing, beside the publication's."
    )
    return Table(title, ("way", "bytes an article", "bytes", "CPU"), cells, (note,))


def _ways(table: pa.Table, lines: list[str]) -> dict[str, Way]:
    def stored(level: int) -> Way:
        return lambda path: write_tables("articles", [table], path, "bench", level)

    def snappy(path: Path) -> None:
        pq.write_table(table, path, compression="snappy")

    def json_lines(path: Path) -> None:
        with gzip.open(path, "wt", encoding="utf-8", compresslevel=6) as file:
            file.writelines(f"{line}\n" for line in lines)

    def plain(path: Path) -> None:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    return {
        **{_zstd(level): stored(level) for level in sorted({*_LEVELS, PUBLISHED, COMPACTED})},
        "Parquet, snappy": snappy,
        "JSON lines, gzip 6": json_lines,
        "JSON lines": plain,
    }


def _zstd(level: int) -> str:
    return f"Parquet, zstd {level}"
