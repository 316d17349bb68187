"""Memory over a long crawl: the Scrapy process must stay flat, workers are replaced before they grow old."""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench.crawled import Crawled, crawl
from benchmarks.bench.newsroom import Newsroom
from benchmarks.bench.table import BenchError, Options, Table

_ARTICLES, _QUICK = 50_000, 2_000
_SHARES = (10, 25, 50, 75, 100)
_MIB = 1024 * 1024
# What only helps (the fork server, the tracker of resources) is smaller than any process that cleans.
_WORKER_BYTES = 60 * _MIB
_MOST_BYTES, _MOST_GROWTH = 512 * _MIB, 0.05


def tables(options: Options) -> list[Table]:
    """The table of one crawl of 50,000 articles; `options.quick` takes 2,000."""
    articles = options.pages or (_QUICK if options.quick else _ARTICLES)
    texts = options.data.parent / "texts"
    if not texts.is_dir():
        raise BenchError(f"no texts of articles in {texts}: --data names the folder beside them")
    with (
        tempfile.TemporaryDirectory(prefix="khabar-bench-") as folder,
        Newsroom(Path(folder) / "newsroom", articles, texts) as newsroom,
    ):
        crawled = crawl(newsroom, Path(folder) / "crawl")
    return [
        Table(
            title=f"Memory over a crawl of {articles:,} articles",
            columns=("", "figure"),
            rows=tuple(_figures(crawled)),
            notes=(
                "Resident bytes. Growth: the Scrapy process when all pages are cleaned against half of them.",
            ),
        )
    ]


def _figures(crawled: Crawled) -> Iterator[tuple[str, str]]:
    done = crawled.stored + crawled.rejected
    at = {share: _resident(crawled, share * done / 100) for share in _SHARES}
    sampler = crawled.sampler
    peaks = dict(sampler.peaks)
    peak = peaks.pop(sampler.pid)
    workers = [most for pid, most in peaks.items() if pid in sampler.children and most > _WORKER_BYTES]
    growth = at[100] / at[50] - 1
    yield "articles stored", f"{crawled.stored:,}"
    for share, resident in at.items():
        yield f"Scrapy process at {share} % of the pages", _mib(resident)
    yield f"growth in the last half (goal: {_MOST_GROWTH:.0%})", f"{growth:+.1%}"
    yield f"peak, publishing included (goal: {_mib(_MOST_BYTES)})", _mib(peak)
    yield "workers started", f"{len(workers)}"
    yield "largest worker", _mib(max(workers, default=0))


def _resident(crawled: Crawled, pages: float) -> int:
    """What the process took just before so many pages were done: after the last it publishes at once."""
    moment = max((second for second, done in crawled.progress if done < pages), default=0.0)
    times = [second for second, _ in crawled.sampler.course]
    place = min(bisect_left(times, moment), len(times) - 1)
    return crawled.sampler.course[place][1]


def _mib(size: int) -> str:
    return f"{size / _MIB:.0f} MiB"
