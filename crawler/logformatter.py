"""Log lines that name a page and never quote it."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

from crawler import loglines


class QuietLogFormatter(LogFormatter):
    """Scrapy logs whole items; ours hold the page's bytes."""

    def __init__(self) -> None:
        super().__init__()
        loglines.install()  # for Scrapy's own commands, too: ours did it earlier

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        """One line with the item's own short form."""
        return {"level": logging.DEBUG, "msg": "stored %(item)s", "args": {"item": str(item)}}

    def dropped(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """One line with the reason."""
        args = {"item": str(item), "reason": str(exception)}
        return {"level": logging.DEBUG, "msg": "turned away %(item)s: %(reason)s", "args": args}

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """The page that our own code failed on."""
        return {"level": logging.ERROR, "msg": "failed on %(item)s", "args": {"item": str(item)}}
