"""Fetches for a survey as a run would: robots.txt asked, private addresses refused, delays kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawler.errors import UserError
from crawler.network.failures import FetchFailed
from crawler.newsite.records import Surveyed
from crawler.newsite.robots import NamedSitemaps
from crawler.newsite.survey import Survey
from crawler.onepage import Fetching, OnePageSpider, Unfetched
from pipelines.workers import Workers


class Stopped(Exception):
    """Somebody pressed Ctrl-C: no further request is made."""


@dataclass(slots=True)
class Surveying:
    """A front page, and what came of visiting it."""

    front: Fetching
    found: Surveyed | None = None
    refused: UserError | None = None
    bug: str | None = None

    def result(self) -> Surveyed:
        """What was found; raises `UserError` or `Unfetched`."""
        if self.refused is not None:
            raise self.refused
        if self.found is None:
            raise Unfetched(f"{self.front.url}: {self.front.failed}")
        return self.found


class SurveySpider(OnePageSpider):
    """Asks one thing after the other; nothing of it is kept."""

    name = "newsite"
    named_sitemaps: NamedSitemaps

    def __init__(self, surveying: Surveying, workers: Workers) -> None:
        super().__init__(surveying.front)
        self._surveying = surveying
        self._workers = workers

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.named_sitemaps = NamedSitemaps(crawler)
        crawler.signals.connect(spider.note_bug, signal=signals.spider_error)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self._surveying.front.url, callback=self.survey, errback=self.give_up, dont_filter=True)

    async def survey(self, response: Response) -> None:
        """Everything else, once the front page is there."""
        survey = Survey(self._fetch, self._workers.run, self.named_sitemaps.of)
        try:
            self._surveying.found = await survey.of(self._surveying.front.url, response)
        except UserError as error:
            self._surveying.refused = error
        except Stopped:
            self._surveying.front.failed = "stopped before the visit was over"

    async def _fetch(self, url: str) -> Response:
        """The page at `url`; raises `Unfetched` with the reason alone, or `Stopped`."""
        engine = self.crawler.engine
        if not self.crawler.crawling or engine is None:
            raise Stopped
        try:
            response = await engine.download_async(Request(url))
        except (IgnoreRequest, FetchFailed) as error:
            raise Unfetched(str(error) or "it may not be fetched") from None
        except Exception as error:  # the boundary: what the network did to this one request
            raise Unfetched(type(error).__name__) from error
        if not 200 <= response.status < 300:
            raise Unfetched(f"the server answered {response.status}")
        return response

    def note_bug(self, failure: Any) -> None:
        """A mistake of ours: it is told and has an exit code of its own."""
        self._surveying.bug = f"{type(failure.value).__name__}: {failure.value}"
