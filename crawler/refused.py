"""What happens when disk or ledger refuses: no more is fetched, what is durable stays, exit code 4."""

from __future__ import annotations

from scrapy.crawler import Crawler
from scrapy.utils.defer import deferred_from_coro

from crawler.run import Run


def stop_writing(crawler: Crawler, error: Exception) -> None:
    """End the crawl because of `error`; the first one is the one that is reported."""
    run = Run.of(crawler)
    run.fail(f"cannot write below {run.config.output}: {error}")
    if crawler.engine is not None:
        deferred_from_coro(crawler.engine.close_spider_async(reason="cannot_write"))
