"""The live line of a crawl that somebody watches: a bar and figures below the log, gone when the crawl ends.

It is drawn by the reactor, four times a second: no thread, and nothing is done for it where pages pass.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from scrapy import signals
from scrapy.crawler import Crawler

from crawler.progress import Meter

if TYPE_CHECKING:
    from crawler.loghandler import LogHandler
    from crawler.run import Run
    from crawler.spiders.base import ArticleSpider

# Seconds between two drawings.
_EVERY = 0.25
# Columns of the bar; a terminal with fewer than so many columns beside it has none.
_BAR, _BESIDE = 20, 60


def is_watched(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a terminal that can move its cursor is at the other end."""
    return stream.isatty() and environment.get("TERM", "dumb") != "dumb"


@contextmanager
def live_line(run: Run, crawler: Crawler, log: LogHandler | None) -> Iterator[None]:
    """The line, from the first request to the end, whatever that is; nothing where nobody watches."""
    if not (run.config.progress and is_watched(sys.stderr)):
        yield
        return
    line = _LiveLine(run, crawler)
    here = log if log is not None and log.stream is sys.stderr else None  # and not in a file
    if here is not None:
        here.setStream(cast("TextIO", line.above))
    try:
        yield
    finally:
        line.stop()
        if here is not None:
            here.setStream(sys.stderr)


class _Above:
    """Where log lines go meanwhile: they are written above the line, as long as they are."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> None:
        self._console.print(Text(text.removesuffix("\n")), soft_wrap=True)

    def flush(self) -> None:
        """The console has done so."""


class _LiveLine:
    """Draws until it is stopped."""

    def __init__(self, run: Run, crawler: Crawler) -> None:
        self._run = run
        self._crawler = crawler
        self._console = Console(stderr=True)
        self.above = _Above(self._console)
        self._meter = Meter(time.monotonic())
        self._live: Live | None = None
        self._next: asyncio.TimerHandle | None = None
        crawler.signals.connect(self._start, signal=signals.spider_opened)

    def _start(self) -> None:
        live = self._live = Live(
            get_renderable=self._shown,
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        self._draw(live)

    def _draw(self, live: Live) -> None:
        live.refresh()
        self._next = asyncio.get_running_loop().call_later(_EVERY, self._draw, live)

    def stop(self) -> None:
        """Take the line off the terminal, and give the cursor back."""
        if self._next is not None:
            self._next.cancel()
        if self._live is not None:
            self._live.stop()

    def _shown(self) -> RenderableType:
        spider = cast("ArticleSpider", self._crawler.spider)
        progress = self._meter.read(self._run.figures, spider.steps(), time.monotonic())
        room = self._console.width - 1
        if room < _BAR + 1 + _BESIDE:
            return Text(progress.line(room), no_wrap=True, overflow="crop")
        row = Table.grid(padding=(0, 1, 0, 0))
        bar = ProgressBar(total=progress.steps.total, completed=progress.steps.done, width=_BAR)
        row.add_row(bar, Text(progress.line(room - _BAR - 1), no_wrap=True, overflow="crop"))
        return row
