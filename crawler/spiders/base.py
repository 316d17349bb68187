"""What both spiders do with an article page: ask for it, hand it on, note how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.ends import end_of
from crawler.errors import UserError
from crawler.frontier import Frontier
from crawler.items import Fetched
from crawler.middlewares.transfer import WANTS_PAGE
from crawler.politeness.refusals import HostUnavailable, Why
from crawler.progress import Steps
from crawler.rendering.opt_in import request_meta
from crawler.run import Run
from crawler.shard import given_shard
from crawler.sites import Site
from pipelines.health.figures import ended
from pipelines.records import State
from pipelines.store.ledger import Lease

NOT_MODIFIED = 304
# A host that asks to wait is waited for this long, and a page so often; beyond that it is the next run's.
_MAX_WAIT_SECONDS, _MAX_WAITS = 120.0, 3


class ArticleSpider(Spider):
    """Base of the spiders; `arguments` are the `-a` names it knows."""

    arguments: ClassVar[tuple[str, ...]] = ()
    # Whether stored articles are looked at again only where the run came upon them.
    listed_only: ClassVar[bool] = False
    # Whether it fetches anything.
    asks_web: ClassVar[bool] = True

    def __init__(self, run: Run, job: Any, *, obeys_robots: bool = True) -> None:
        super().__init__()
        self.run = run
        self.job = job
        self.frontier = Frontier(run, obeys_robots=obeys_robots, listed_only=self.listed_only)
        self._waiting: set[asyncio.TimerHandle] = set()
        self._probes: set[asyncio.TimerHandle] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        obeys = crawler.settings.getbool("ROBOTSTXT_OBEY")
        spider = cls(Run.of(crawler, given_shard(kwargs)), cls.plan(kwargs), obeys_robots=obeys)
        spider._set_crawler(crawler)
        crawler.signals.connect(spider.stay_while_waiting, signal=signals.spider_idle)
        crawler.signals.connect(spider.stop_waiting, signal=signals.spider_closed)
        return spider

    @classmethod
    def plan(cls, arguments: dict[str, str]) -> Any:
        """What the arguments ask for; raises `UserError` before anything is fetched."""
        raise NotImplementedError

    @classmethod
    def part(cls, job: Any) -> tuple[int, int] | None:
        """Of the sites that the arguments name, how many the job has, and how many there are, if known."""
        return None

    @classmethod
    def known_arguments(cls, arguments: dict[str, str]) -> dict[str, str]:
        """The arguments, if all of them are ours."""
        if unknown := arguments.keys() - set(cls.arguments):
            known = ", ".join(cls.arguments)
            raise UserError(f"spider {cls.name!r} knows no argument {sorted(unknown)[0]!r}; it knows {known}")
        return arguments

    def steps(self) -> Steps:
        """How far it is, for who watches."""
        raise NotImplementedError

    def is_under_way(self, site: str) -> bool:
        """Whether articles of the site were asked for and are not through yet."""
        tally = self.run.figures.sites.get(site)
        return self.frontier.is_under_way(site) or (tally is not None and tally.fetched > ended(tally))

    # -- articles

    def article_requests(self, site: Site) -> Iterator[Request]:
        """Requests for what the frontier lets this site have now."""
        for lease in self.frontier.lease(site):
            yield Request(
                lease.url,
                callback=self.parse_article,
                errback=self.article_failed,
                cb_kwargs={"lease": lease, "site": site},
                headers=conditions(lease.etag, lease.last_modified) if lease.recheck else None,
                meta={
                    "lease": lease,
                    "site": site,
                    WANTS_PAGE: True,
                    "handle_httpstatus_list": [NOT_MODIFIED],
                }
                | request_meta(site),
                dont_filter=True,  # the ledger knows what was asked for; Scrapy's filter forgets
            )

    def parse_article(self, response: Response, lease: Lease, site: Site) -> Iterator[Fetched | Request]:
        """Hand the page on and take the next."""
        if response.status != NOT_MODIFIED:
            yield self.frontier.fetched(lease, site, response)
        elif lease.recheck:
            self.frontier.not_modified(lease, site)
        else:
            self.frontier.ended(lease, site, State.FAILED, f"http_{NOT_MODIFIED}")
        yield from self.article_requests(site)

    def article_failed(self, failure: Failure) -> Iterator[Request]:
        """Name the end of a URL that gave no page; one whose host may not be asked now has none yet."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it on every failure
        lease, site = request.meta["lease"], request.meta["site"]
        refused = failure.value if isinstance(failure.value, HostUnavailable) else None
        if refused is not None and self.ask_later(request, refused):
            return
        if refused is None:
            self.frontier.ended(lease, site, *end_of(failure.value))
        elif refused.status is not None and request.meta.get("waits"):  # the page's own answer, again
            self.frontier.ended(lease, site, State.FAILED, f"http_{refused.status}")
        else:
            self.frontier.put_off(site)
        yield from self.article_requests(site)

    # -- waiting for a host

    def ask_later(self, request: Request, refused: HostUnavailable) -> bool:
        """Ask again when the host may be asked; False when that is too late for this run."""
        waits = request.meta.get("waits", 0) + 1
        if refused.seconds is None or refused.seconds > _MAX_WAIT_SECONDS or waits > _MAX_WAITS:
            return False
        again = request.replace(meta=request.meta | {"waits": waits}, dont_filter=True)
        timers = self._probes if refused.reason is Why.CIRCUIT_OPEN else self._waiting

        def ask() -> None:
            timers.discard(timer)
            self.send([again])

        timer = asyncio.get_running_loop().call_later(refused.seconds, ask)
        timers.add(timer)
        return True

    def send(self, requests: Iterable[Request]) -> None:
        """Requests that no callback hands on."""
        engine = self.crawler.engine
        assert engine is not None  # `stop_waiting` cancels the timers before it goes
        for request in requests:
            engine.crawl(request)

    def stay_while_waiting(self) -> None:
        """The run is not over while a host is waited for that said how long; a dead one is not waited for."""
        if self._waiting:
            raise DontCloseSpider

    def stop_waiting(self) -> None:
        """The run ends: what was waited for is the next run's."""
        for timer in self._waiting | self._probes:
            timer.cancel()


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Headers that ask for a page only if it is no longer the one with these validators (RFC 9110, 13.1)."""
    asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in asked.items() if value}
