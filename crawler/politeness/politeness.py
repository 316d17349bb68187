"""All hosts of one crawl: what a frontier asks before it hands out URLs, and what a summary tells."""

from __future__ import annotations

import logging
import math
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.internet.defer import Deferred

from crawler.politeness.answers import DAY_SECONDS, RobotsState
from crawler.politeness.hosts import HostLine, HostState, Refusal
from crawler.politeness.refusals import Why
from pipelines.store.hosts import HostStore, RobotsFile

if TYPE_CHECKING:
    from crawler.run import Run

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


def host_of(url: str) -> str:
    """Host name, which is also the key of Scrapy's download slot."""
    return urlsplit(url).hostname or ""


def origin_of(url: str) -> str:
    """Scheme and authority: what a robots.txt holds for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Politeness:
    """The hosts of a crawl; remembered in the ledger of its run, if it has one."""

    def __init__(
        self,
        crawler: Crawler,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._crawler = crawler
        self._clock = clock
        self._now = now
        self._floor = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._budget = crawler.settings.getint("NEWS_HOST_BUDGET")
        self._slots = crawler.settings.getdict("DOWNLOAD_SLOTS")
        self._hosts: dict[str, HostState] = {}
        self._robots: dict[str, RobotsState] = {}  # by origin

    @classmethod
    def of(cls, crawler: Crawler) -> Politeness:
        """The one of `crawler`."""
        if crawler not in _KNOWN:
            _KNOWN[crawler] = cls(crawler)
        return _KNOWN[crawler]

    @property
    def run(self) -> Run | None:
        """The run of the spider; None for one page that is only looked at."""
        return getattr(self._crawler.spider, "run", None)

    # -- questions

    def available_in(self, url: str) -> float:
        """Seconds until the host of `url` may be asked: 0 for now, `math.inf` for not in this run."""
        if self._robots.get(origin_of(url)) is RobotsState.UNREACHABLE:
            return math.inf
        refusal = self._host(host_of(url)).refusal(self._clock())
        if refusal is None:
            return 0.0
        return math.inf if refusal.seconds is None else refusal.seconds

    def pause(self, host: str) -> Refusal | None:
        """Why `host` is left alone at the moment, whatever its budget."""
        return self._host(host).refusal(self._clock(), counted=False)

    def report(self) -> tuple[HostLine, ...]:
        """Every host of the run, by name."""
        return tuple(self._line(host, state) for host, state in sorted(self._hosts.items()))

    def _line(self, host: str, state: HostState) -> HostLine:
        robots = [found for origin, found in self._robots.items() if host_of(origin) == host]
        unreachable = RobotsState.UNREACHABLE in robots
        refusal = state.refusal(self._clock())
        if refusal is None and unreachable:
            refusal = Refusal(Why.ROBOTS_UNREACHABLE, None)
        return HostLine(
            host=host,
            requests=state.requests,
            refused=state.refused,
            delay=state.delay,
            latency=state.latency,
            crawl_delay=state.crawl_delay,
            robots=RobotsState.UNREACHABLE if unreachable else next(iter(robots), None),
            reason=refusal.reason if refusal else None,
            seconds=refusal.seconds if refusal else None,
        )

    # -- what the middlewares tell

    def admit(self, host: str, *, counted: bool) -> Refusal | None:
        """Why a request to `host` may not be sent; without a reason it counts as sent."""
        return self._host(host).admit(self._clock(), counted=counted)

    def turned_away(self, host: str, *, counted: bool) -> None:
        """An admitted request was not sent after all."""
        self._host(host).turned_away(counted=counted)

    def answered(
        self, host: str, status: int, latency: float | None, retry_after: float | None
    ) -> Refusal | None:
        """The host answered; why it is left alone from now on, if so."""
        return self._change(host, lambda s: s.answered(status, latency, retry_after, self._clock()))

    def failed(self, host: str) -> Refusal | None:
        """The host did not answer; why it is left alone from now on, if so."""
        return self._change(host, lambda state: state.failed(self._clock()))

    def ended(self, host: str) -> None:
        """A request ended in a way that says nothing about the host."""
        self._host(host).ended()

    def robots_known(self, origin: str, found: RobotsState, crawl_delay: float | None = None) -> None:
        """What came of asking for the robots.txt of `origin`."""
        self._robots[origin] = found
        self._change(host_of(origin), lambda state: state.ask_slowly(crawl_delay))

    # -- one host

    def _host(self, host: str) -> HostState:
        state = self._hosts.get(host)
        if state is None:
            floor = float(self._slots.get(host, {}).get("delay", self._floor))
            state = self._hosts[host] = HostState(floor=floor, budget=self._budget)
            if host in self._blocked_before:
                until, reason = self._blocked_before[host]
                state.block(until, Why(reason))
        return state

    def _change(self, host: str, change: Callable[[HostState], None]) -> Refusal | None:
        """Apply `change`, and see to it that the downloader and the ledger know."""
        state = self._host(host)
        blocked_until = state.blocked_until
        change(state)
        self._set_pace(host, state.delay)
        if state.blocked_until != blocked_until:
            self._remember_block(host, state)
        return self.pause(host)

    def _set_pace(self, host: str, delay: float) -> None:
        """The slot that is there, and those made after it was idle for a minute."""
        downloader = self._crawler.engine.downloader
        if (slot := downloader.slots.get(host)) is not None:
            slot.delay = delay
        downloader.per_slot_settings[host] = {**self._slots.get(host, {}), "delay": delay}

    def queued(self, host: str) -> Iterator[tuple[Request, Deferred[Response]]]:
        """Takes out of Scrapy's slot what waits there for its turn; whoever takes it owes it an end."""
        slot = self._crawler.engine.downloader.slots.get(host)
        while slot is not None and slot.queue:
            yield slot.queue.popleft()

    # -- the ledger; what it cannot keep is asked for again, and a full disk stops the run elsewhere

    @cached_property
    def _store(self) -> HostStore | None:
        run = self.run
        return self._try(lambda: HostStore(run.ledger.connection, self._now())) if run else None

    @cached_property
    def _blocked_before(self) -> dict[str, tuple[float, str]]:
        """Until when of our own clock, which does not jump while the crawl lasts."""
        store = self._store
        blocked = (self._try(store.blocked) if store else None) or {}
        seconds = {host: (until - self._now()).total_seconds() for host, (until, _) in blocked.items()}
        return {
            host: (self._clock() + min(seconds[host], DAY_SECONDS), reason)
            for host, (_, reason) in blocked.items()
        }

    def _remember_block(self, host: str, state: HostState) -> None:
        """At once, not at the end: a run that is killed has learnt it, too."""
        store = self._store
        if store is None:
            return
        seconds = state.blocked_until - self._clock()
        if seconds <= 0:
            self._try(lambda: store.release(host))
        else:
            until = self._now() + timedelta(seconds=seconds)
            self._try(lambda: store.block(host, until, state.blocked_by))

    def kept_robots(self, origin: str) -> RobotsFile | None:
        """The robots.txt of `origin` that the ledger has from today."""
        store = self._store
        return self._try(lambda: store.robots(origin, self._now())) if store else None

    def keep_robots(self, origin: str, file: RobotsFile) -> None:
        """For the other runs of the day."""
        store = self._store
        if store is not None:
            self._try(lambda: store.keep_robots(origin, file))

    @staticmethod
    def _try(step: Callable[[], Result]) -> Result | None:
        try:
            return step()
        except sqlite3.Error as error:
            logger.warning("the ledger does not remember a host: %s", error)
            return None


_KNOWN: WeakKeyDictionary[Crawler, Politeness] = WeakKeyDictionary()
