"""End to end: thousands of articles from loopback to Parquet, and what of two cores reaches `clean()`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench.crawled import Crawled, crawl
from benchmarks.bench.newsroom import Newsroom
from benchmarks.bench.table import BenchError, Options, Table
from pipelines.body.site_memory import NO_MEMORY
from pipelines.clean import clean, warm_up
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Page

_ARTICLES, _QUICK = 5_000, 500
_SAMPLE = 150
_GOAL = 0.9


def tables(options: Options) -> list[Table]:
    """The table of one crawl; `options.quick` takes 500 articles for 5,000."""
    articles = options.pages or (_QUICK if options.quick else _ARTICLES)
    texts = options.data.parent / "texts"
    if not texts.is_dir():
        raise BenchError(f"no texts of articles in {texts}: --data names the folder beside them")
    with tempfile.TemporaryDirectory(prefix="khabar-bench-") as folder:
        with Newsroom(Path(folder) / "newsroom", articles, texts) as newsroom:
            sample = list(newsroom.pages(_SAMPLE))
            before = clean_seconds(sample)
            crawled = crawl(newsroom, Path(folder) / "crawl")
            after = clean_seconds(sample)
        # Looking at the reactor a hundred times a second has its price, too.
        with Newsroom(Path(folder) / "smaller", max(articles // 5, 3), texts) as newsroom:
            probed = crawl(newsroom, Path(folder) / "probed", probe=True)
    return [_sum(crawled, (before + after) / 2), _lag(probed)]


def clean_seconds(pages: Sequence[tuple[str, bytes]]) -> float:
    """CPU seconds that `clean()` takes for a page, in this process, after a first page that loads things."""
    warm_up()
    clean(_page(*pages[0]), DEFAULT_POLICY, NO_MEMORY)
    begun = time.process_time()
    for url, body in pages:
        clean(_page(url, body), DEFAULT_POLICY, NO_MEMORY)
    return (time.process_time() - begun) / len(pages)


def _page(url: str, body: bytes) -> Page:
    now = datetime.now(UTC)
    return Page(
        url=url,
        body=body,
        headers=(("content-type", "text/html"),),
        http_status=200,
        fetched_at=now,
        site="bench",
        run_id="bench",
        country="SA",
        site_language="ar",
    )


def _sum(crawled: Crawled, clean_cpu: float) -> Table:
    return Table(
        title=f"A crawl of {crawled.articles:,} articles from loopback",
        columns=("", "figure"),
        rows=tuple(_figures(crawled, clean_cpu)),
        notes=(
            "Expected = (time of the cores - other programs - Scrapy - server) / CPU time of clean().",
            "All of the command counts: start-up, discovery, first articles cleaned twice, publication.",
        ),
    )


def _figures(crawled: Crawled, clean_cpu: float) -> Iterator[tuple[str, str]]:
    taken, done = crawled.sampler, crawled.stored + crawled.rejected
    cores = (os.cpu_count() or 1) * taken.seconds
    workers = sum(taken.children.values())
    left = cores - taken.strangers - taken.own - taken.beside
    expected = left / clean_cpu
    idle = left - workers
    yield "articles stored", f"{crawled.stored:,}"
    yield "articles rejected", f"{crawled.rejected:,}"
    yield "wall clock", f"{taken.seconds:.1f} s"
    yield "stored a second", f"{crawled.stored / taken.seconds:.1f}"
    yield "CPU of the Scrapy process", f"{taken.own:.1f} s"
    yield "a page", f"{1000 * taken.own / done:.2f} ms"
    yield "CPU of the workers", f"{workers:.1f} s"
    yield "a page", f"{1000 * workers / done:.2f} ms"
    yield "workers and helpers started", f"{len(taken.children)}"
    yield "CPU of the server", f"{taken.beside:.1f} s"
    yield "CPU of other programs", f"{taken.strangers:.1f} s"
    yield "time of the cores", f"{cores:.1f} s"
    yield "of it idle", f"{idle:.1f} s"
    yield "`clean()` on one core, CPU a page", f"{1000 * clean_cpu:.2f} ms"
    yield "`clean()` on one core, pages a second", f"{1 / clean_cpu:.1f}"
    yield "expected pages", f"{expected:,.0f}"
    yield f"achieved (goal: {_GOAL:.0%})", f"{done / expected:.1%}"


def _lag(crawled: Crawled) -> Table:
    lag = crawled.lag
    rows = [(f"late, p{name}", f"{1000 * value:.1f} ms") for name, value in lag["percentiles"].items()]
    rows.append(("late, most", f"{1000 * lag['max']:.1f} ms"))
    rows += [(f"busy, p{name}", f"{1000 * value:.1f} ms") for name, value in lag["busy"].items()]
    return Table(
        title=f"The reactor during a crawl of {crawled.articles:,} articles",
        columns=("", "figure"),
        rows=tuple(rows),
        notes=("Late: as others wait, other programs included. Busy: its own work between two turns.",),
    )
