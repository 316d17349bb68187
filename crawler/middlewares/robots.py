"""Nothing is fetched that robots.txt forbids, and nothing while it cannot be had (RFC 9309).

In place of Scrapy's own middleware, which allows all when robots.txt fails, knows no bound and forgets.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured, StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.middlewares.transfer import BEGINNING
from crawler.network.addresses import PrivateName
from crawler.network.failures import FetchFailed
from crawler.politeness.answers import DAY_SECONDS, RobotsState, robots_state
from crawler.politeness.politeness import Politeness, host_of, origin_of
from crawler.politeness.refusals import HostUnavailable, RobotsForbidden, Why
from crawler.politeness.robots import MAX_BYTES, RobotsRules, read_robots
from crawler.politeness.signals import robots_read
from pipelines.policy import MIB
from pipelines.store.hosts import RobotsFile
from pipelines.workers import TaskFailed, Workers

logger = logging.getLogger(__name__)

# Marks a request for a robots.txt, and counts what came of it.
ROBOTS_BYTES = "robots_bytes"
# As Scrapy's middleware: before all that waits for it.
_PRIORITY = 1_000
# RFC 9309, 2.3.1.2.
_MAX_REDIRECTS = 5
# A robots.txt that is larger is no text file; the part that is read is bounded by `MAX_BYTES`.
_MAX_DOWNLOAD = 64 * MIB
_FILE_IS_KEPT = timedelta(seconds=DAY_SECONDS)  # RFC 9309, 2.4


@dataclass(frozen=True, slots=True)
class _Known:
    """What came of asking: the rules, or why nothing may be asked for."""

    rules: RobotsRules | None
    until: float = math.inf  # of the monotonic clock; the end of the run, where nothing else is known
    why: str = ""
    refused: HostUnavailable | None = None  # its host was not even asked for the file; to be tried again
    private: PrivateName | None = None  # and will not be: nothing there is fetched

    @property
    def is_over(self) -> bool:
        return self.refused is not None or self.until <= time.monotonic()


class RobotsMiddleware:
    """Asks for robots.txt once a day and origin; other requests wait for it."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._politeness = Politeness.of(crawler)
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._known: dict[str, asyncio.Future[_Known]] = {}
        self._own_workers: Workers | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.bytes_received, signal=signals.bytes_received)
        crawler.signals.connect(middleware.spider_closed, signal=signals.spider_closed)
        return middleware

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        known = await self._robots(origin_of(request.url))
        if known.refused is not None:
            refused = known.refused
            raise HostUnavailable(refused.host, refused.reason, refused.seconds)
        if known.private is not None:
            raise known.private.with_traceback(None)
        if known.rules is None:
            raise HostUnavailable(host_of(request.url), Why.ROBOTS_UNREACHABLE, None, detail=known.why)
        if not known.rules.allows(request.url):
            self._count("forbidden")
            raise RobotsForbidden

    def bytes_received(self, data: bytes, request: Request) -> None:
        """Stop when there is more than is read."""
        if ROBOTS_BYTES in request.meta:
            request.meta[ROBOTS_BYTES] += len(data)
            if request.meta[ROBOTS_BYTES] > MAX_BYTES:
                raise StopDownload(fail=False)

    def spider_closed(self) -> None:
        if self._own_workers is not None:
            self._own_workers.stop()

    # -- once an origin

    async def _robots(self, origin: str) -> _Known:
        """What is known of `origin`; whoever comes first finds out, the others wait."""
        future = self._known.get(origin)
        if future is not None and not (future.done() and future.result().is_over):
            return await asyncio.shield(future)
        future = self._known[origin] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(await self._find_out(origin))
        finally:
            if not future.done():  # given up with the run: those who wait are, too
                future.cancel()
        return future.result()

    async def _find_out(self, origin: str) -> _Known:
        try:
            file = self._politeness.kept_robots(origin) or await self._fetch(origin)
            rules = await self._workers().run(read_robots, file.body, self._agent, f"{origin}/robots.txt")
        except HostUnavailable as refused:
            if refused.status is None and refused.host == host_of(origin):
                return _Known(None, refused=refused)
            return self._unreachable(origin, f"answer {refused.status}" if refused.status else str(refused))
        except PrivateName as private:
            return _Known(None, private=private)
        except TaskFailed as failure:
            return self._unreachable(origin, f"it cannot be read: {failure}")
        except FetchFailed as error:
            return self._unreachable(origin, str(error))
        except Exception as error:  # the boundary: whatever went wrong, nobody has said that we may come
            return self._unreachable(origin, type(error).__name__)
        self._politeness.keep_robots(origin, file)
        self._politeness.robots_known(origin, robots_state(file.status), rules.crawl_delay)
        self._crawler.signals.send_catch_log(robots_read, host_url=origin, sitemaps=rules.sitemaps)
        kept = file.expires_at - datetime.now(UTC)
        return _Known(rules, time.monotonic() + kept.total_seconds())

    def _unreachable(self, origin: str, why: str) -> _Known:
        logger.warning("%s: no robots.txt, so nothing is fetched from there in this run: %s", origin, why)
        self._count("unreachable")
        self._politeness.robots_known(origin, RobotsState.UNREACHABLE)
        return _Known(None, why=why)

    # -- the network

    async def _fetch(self, origin: str) -> RobotsFile:
        """The file as it was answered, an empty one for none; raises what the request raises."""
        self._count("request_count")
        try:
            response = await self._download(f"{origin}/robots.txt")
        except HostUnavailable:
            raise
        except IgnoreRequest as error:
            if isinstance(error, PrivateName) and error.host == host_of(origin).rstrip("."):
                raise
            # Too many redirects, or one that leads where nobody may go: there is no file.
            status, body = 404, b""
        else:
            status, body = response.status, response.body
        state = robots_state(status)
        if state is RobotsState.UNREACHABLE:
            raise _NoAnswerError(f"answer {status}")
        # One byte more, so that the reader knows that its last line may be cut.
        body = body[: MAX_BYTES + 1] if state is RobotsState.READ else b""
        return RobotsFile(status, body, datetime.now(UTC) + _FILE_IS_KEPT)

    async def _download(self, url: str) -> Response:
        meta = {
            "dont_obey_robotstxt": True,
            ROBOTS_BYTES: 0,
            "download_maxsize": _MAX_DOWNLOAD,
            BEGINNING: MAX_BYTES + 1,  # one byte more: the reader knows that its last line may be cut
            "redirect_ttl": _MAX_REDIRECTS,
            "max_retry_times": 1,  # a hiccup shall not cost the run, and many requests wait
        }
        request = Request(url, priority=_PRIORITY, meta=meta, callback=NO_CALLBACK)
        return await self._crawler.engine.download_async(request)

    def _workers(self) -> Workers:
        """Those of the run; one of our own for a crawl without a run."""
        if (run := self._politeness.run) is not None:
            return run.workers
        if self._own_workers is None:
            settings = self._crawler.settings
            memory = settings.getint("NEWS_PAGE_MEMORY_MB") * MIB
            self._own_workers = Workers(1, settings.getfloat("NEWS_PAGE_SECONDS"), memory)
        return self._own_workers

    def _count(self, what: str) -> None:
        self._crawler.stats.inc_value(f"robotstxt/{what}")


class _NoAnswerError(Exception):
    """The host answered that it cannot answer."""
