"""One page fetched as a run would fetch it: robots.txt asked, private addresses refused, one request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler.network.failures import FetchFailed


class Unfetched(Exception):
    """There is no page; the message is the one line the user gets."""


@dataclass(slots=True)
class Fetching:
    """The address, how to ask for it, and what came of it: a response, or the reason why there is none."""

    url: str
    meta: dict[str, object] = field(default_factory=dict)
    response: Response | None = None
    failed: str = "the crawl stopped before an answer came"

    def result(self) -> Response:
        """The response; raises `Unfetched`."""
        if self.response is None:
            raise Unfetched(f"{self.url}: {self.failed}")
        return self.response


class OnePageSpider(Spider):
    """Not found by `scrapy crawl`, since nothing it fetches is kept."""

    name = "explain"

    def __init__(self, fetching: Fetching) -> None:
        super().__init__()
        self._fetching = fetching

    async def start(self) -> AsyncIterator[Request]:
        fetching = self._fetching
        yield Request(
            fetching.url, meta=fetching.meta, callback=self.keep, errback=self.give_up, dont_filter=True
        )

    def keep(self, response: Response) -> None:
        """Note the page."""
        self._fetching.response = response

    def give_up(self, failure: Failure) -> None:
        """Note why there is none."""
        error = failure.value
        if isinstance(error, HttpError):
            self._fetching.failed = f"the server answered {error.response.status}"
        elif isinstance(error, IgnoreRequest | FetchFailed):
            self._fetching.failed = str(error) or "it may not be fetched"
        else:
            said = " ".join(str(error).split())
            self._fetching.failed = f"{type(error).__name__}{f': {said}' if said else ''}"
