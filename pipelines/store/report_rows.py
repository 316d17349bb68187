"""The newest rows, for the report: read from the latest part files, in columns, and no more than it shows."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from heapq import nlargest
from itertools import accumulate
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.normalize import letters
from pipelines.report.records import Cut, NewArticle, Published, RemovedCount, Unread
from pipelines.store.errors import StoreError
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import Output
from pipelines.store.parquet import digest

# Articles that are shown, and of one site.
_ARTICLES = 40
_OF_A_SITE = 3
# Kinds of removed blocks that are shown, and of one site: one with many menus leaves room for others.
_BLOCKS = 24
_BLOCKS_OF_A_SITE = 4
# Blocks as they were written that are compared as people read them, and rows that may be among the newest.
_SPELLINGS = 5_000
_CANDIDATES = 20_000
# Files of a dataset that are looked into, and how large they may be together; the newest is always read.
_FILES = 6
_BYTES = 512 * 1024**2
# Row groups of texts that are decoded in a file; each is 64 MiB or little more.
_GROUPS = 8

_TOLD = (
    *("id", "site", "url", "title", "text", "language", "word_count", "removed_blocks"),
    *("fetched_at", "published_at", "published_date", "authors", "extraction_score", "change_kind"),
)
_DIGITS = re.compile(r"\d+")

Row = dict[str, Any]
Found = TypeVar("Found")


def published_rows(
    output: Output, files: Sequence[PublishedFile], runs: Collection[str], unread: list[Unread]
) -> Published:
    """The newest articles in `files`, and what was cut most; of `runs`, where these have published anything.

    Files that cannot be read go to `unread`.
    """
    of_runs = [each for each in files if each.run_id in runs]
    chosen = of_runs if any(each.dataset == "articles" for each in of_runs) else files
    rows = [row for found in _read(output, chosen, "articles", unread, _newest) for row in found]
    rows = _spread(sorted(rows, key=itemgetter("fetched_at", "id"), reverse=True), _ARTICLES, _OF_A_SITE)
    ids = pa.array([row["id"] for row in rows], pa.string())
    cuts: defaultdict[str, list[Cut]] = defaultdict(list)
    counts: list[Row] = []
    for counted, cut in _read(
        output, chosen, "removed_blocks", unread, lambda parquet: _blocks(parquet, ids)
    ):
        counts += counted
        for row in cut:
            cuts[row["article_id"]].append(Cut(row["order"], row["text"], row["rule"]))
    return Published(tuple(_article(row, cuts[row["id"]]) for row in rows), tuple(_most_removed(counts)))


def _read(
    output: Output,
    files: Iterable[PublishedFile],
    dataset: str,
    unread: list[Unread],
    read: Callable[[pq.ParquetFile], Found],
) -> Iterator[Found]:
    """What `read` makes of each of the newest files of a dataset."""
    for file in _newest_files(files, dataset):
        try:
            with _opened(output, file) as parquet:
                found = read(parquet)
        except (OSError, StoreError, ValueError, KeyError, pa.ArrowException) as error:
            why = " ".join(str(error).split()) or type(error).__name__
            unread.append(Unread(f"published file {file.path}", why))
        else:
            yield found


def _newest_files(files: Iterable[PublishedFile], dataset: str) -> list[PublishedFile]:
    of_it = sorted(
        (each for each in files if each.dataset == dataset),
        key=lambda each: (each.max_fetched_at, each.path),
        reverse=True,
    )
    sizes = accumulate(each.bytes for each in of_it)
    return [
        each
        for at, (each, size) in enumerate(zip(of_it[:_FILES], sizes, strict=False))
        if not at or size <= _BYTES
    ]


@contextmanager
def _opened(output: Output, file: PublishedFile) -> Iterator[pq.ParquetFile]:
    """Only what is byte for byte as it was published is parsed: damaged Parquet can take its reader down."""
    with output.open(file.path) as raw:
        if digest(raw) != file.sha256:
            raise StoreError("it is not what was published (its SHA-256 differs); `scrapy verify` tells more")
        raw.seek(0)
        with pq.ParquetFile(pa.PythonFile(raw, mode="r")) as parquet:
            yield parquet


def _newest(parquet: pq.ParquetFile) -> list[Row]:
    """Rows of the newest articles of a file, a few of each site."""
    light = parquet.read(columns=["site", "fetched_at"])
    order = pc.sort_indices(light, sort_keys=[("fetched_at", "descending")])[:_CANDIDATES]
    sites = light["site"].take(order).to_pylist()
    rows = [{"number": number, "site": site} for number, site in zip(order.to_pylist(), sites, strict=True)]
    return _rows_at(parquet, [row["number"] for row in _spread(rows, _ARTICLES, _OF_A_SITE)])


def _spread(rows: Iterable[Row], most: int, of_a_site: int) -> list[Row]:
    """The first `most` of the rows, without those of a site that has had so many."""
    taken: Counter[str] = Counter()
    found = []
    for row in rows:
        if taken[row["site"]] < of_a_site:
            taken[row["site"]] += 1
            found.append(row)
            if len(found) == most:
                break
    return found


def _rows_at(parquet: pq.ParquetFile, numbers: Sequence[int]) -> list[Row]:
    """The rows of these numbers, of no more than `_GROUPS` row groups."""
    groups: defaultdict[int, list[int]] = defaultdict(list)
    sizes = [parquet.metadata.row_group(at).num_rows for at in range(parquet.num_row_groups)]
    starts = np.cumsum([0, *sizes])
    for number in numbers:
        group = int(np.searchsorted(starts, number, side="right")) - 1
        groups[group].append(number - int(starts[group]))
    found: list[Row] = []
    for group, inside in list(groups.items())[:_GROUPS]:
        found += parquet.read_row_group(group, columns=list(_TOLD)).take(inside).to_pylist()
    return found


def _blocks(parquet: pq.ParquetFile, ids: pa.Array) -> tuple[list[Row], list[Row]]:
    """How often each block was cut, as it was written, and what was cut from the articles `ids`."""
    counts: list[Row] = []
    cut: list[Row] = []
    columns = ["article_id", "site", "url", "order", "text", "rule"]
    for group in range(parquet.num_row_groups):
        table = parquet.read_row_group(group, columns=columns)
        counted = table.group_by(["site", "rule", "text"]).aggregate([("order", "count"), ("url", "min")])
        most = pc.select_k_unstable(counted, k=_SPELLINGS, sort_keys=[("order_count", "descending")])
        counts += counted.take(most).to_pylist()
        cut += table.filter(pc.is_in(table["article_id"], value_set=ids)).to_pylist()
    return counts, cut


def _most_removed(counts: Sequence[Row]) -> Iterator[RemovedCount]:
    """Blocks that read the same, numbers aside, counted together."""
    totals: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], Row] = {}
    for row in nlargest(_SPELLINGS, counts, key=itemgetter("order_count")):
        key = (row["site"], row["rule"], _DIGITS.sub("0", letters(row["text"])))
        totals[key] += row["order_count"]
        examples.setdefault(key, row)
    rows = [examples[key] | {"count": count} for key, count in totals.most_common()]
    for row in _spread(rows, _BLOCKS, _BLOCKS_OF_A_SITE):
        yield RemovedCount(row["site"], row["rule"], row["text"], row["count"], row["url_min"])


def _article(row: Row, cuts: Sequence[Cut]) -> NewArticle:
    return NewArticle(
        id=row["id"],
        site=row["site"],
        url=row["url"],
        title=row["title"],
        text=row["text"],
        language=row["language"],
        words=row["word_count"] or 0,
        removed=row["removed_blocks"] or 0,
        fetched_at=row["fetched_at"],
        published_at=row["published_at"],
        published_date=row["published_date"],
        authors=tuple(row["authors"] or ()),
        score=row["extraction_score"],
        change_kind=row["change_kind"],
        cuts=tuple(cuts),
    )
