"""What both spiders do with an article page: ask for it, hand it on, note how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler.errors import UserError
from crawler.frontier import Frontier
from crawler.items import Fetched
from crawler.run import Run
from crawler.sites import Site
from pipelines.records import State
from pipelines.store.ledger import Lease

_GONE = (404, 410)


class ArticleSpider(Spider):
    """Base of the spiders; `arguments` are the `-a` names it knows."""

    arguments: ClassVar[tuple[str, ...]] = ()

    def __init__(self, run: Run, job: Any, *, obeys_robots: bool = True) -> None:
        super().__init__()
        self.run = run
        self.job = job
        self.frontier = Frontier(run, obeys_robots=obeys_robots)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        obeys = crawler.settings.getbool("ROBOTSTXT_OBEY")
        spider = cls(Run.of(crawler), cls.plan(kwargs), obeys_robots=obeys)
        spider._set_crawler(crawler)
        return spider

    @classmethod
    def plan(cls, arguments: dict[str, str]) -> Any:
        """What the arguments ask for; raises `UserError` before anything is fetched."""
        raise NotImplementedError

    @classmethod
    def known_arguments(cls, arguments: dict[str, str]) -> dict[str, str]:
        """The arguments, if all of them are ours."""
        if unknown := arguments.keys() - set(cls.arguments):
            known = ", ".join(cls.arguments)
            raise UserError(f"spider {cls.name!r} knows no argument {sorted(unknown)[0]!r}; it knows {known}")
        return arguments

    def article_requests(self, site: Site) -> Iterator[Request]:
        """Requests for what the frontier lets this site have now."""
        for lease in self.frontier.lease(site):
            yield Request(
                lease.url,
                callback=self.parse_article,
                errback=self.article_failed,
                cb_kwargs={"lease": lease, "site": site},
                meta={"lease": lease, "site": site},
                dont_filter=True,  # the ledger knows what was asked for; Scrapy's filter forgets
            )

    def parse_article(self, response: Response, lease: Lease, site: Site) -> Iterator[Fetched | Request]:
        """Hand the page on and take the next."""
        yield self.frontier.fetched(lease, site, response)
        yield from self.article_requests(site)

    def article_failed(self, failure: Failure) -> Iterator[Request]:
        """Name the end of a URL that gave no page."""
        meta = failure.request.meta  # type: ignore[attr-defined]  # Scrapy sets it on every failure
        lease, site = meta["lease"], meta["site"]
        error = failure.value
        if isinstance(error, HttpError):
            status = error.response.status
            state = State.GONE if status in _GONE else State.FAILED
            self.frontier.ended(lease, site, state, f"http_{status}")
        elif isinstance(error, IgnoreRequest):
            self.frontier.ended(lease, site, State.FORBIDDEN, str(error) or "forbidden")
        else:
            self.frontier.ended(lease, site, State.FAILED, type(error).__name__)
        yield from self.article_requests(site)
