"""One host as it was this run: how fast it may be asked, and whether at all. Pure; the clock is an argument.

All times are seconds of one monotonic clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from crawler.politeness.answers import RobotsState
from crawler.politeness.refusals import Why

# Beyond this a Crawl-delay says "stay away", for which Disallow is the word: at five minutes an hourly run
# gets a front page and its news, at an hour it would never end.
MAX_CRAWL_DELAY = 300.0
# AutoThrottle's bound for delays that are our own conclusion.
MAX_OWN_DELAY = 60.0
# Faster answers show no strain; at Scrapy's default pace of one a second, resting pays from here on.
_CALM_LATENCY = 0.5
# Answers after which a pace that 429 or 503 taught is half forgotten.
_ANSWERS_TO_HALVE = 8
# First pause for a 429 or 503 without Retry-After; doubles with each further one.
_FIRST_PAUSE = 10.0
_MAX_PAUSE = 600.0
# Failures in a row after which a host counts as dead: one page's two retries, and the next page's, too.
FAILURES_TO_OPEN = 5
# A dead host is probed after half a minute, as long as one time-out; then ever more rarely.
_FIRST_OPEN = 30.0
_MAX_OPEN = 900.0
# A probe that was never heard of again bars the next one no longer than this: twice the time-out.
_PROBE = 60.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now; `seconds` until then, None for not in this run."""

    reason: Why
    seconds: float | None


@dataclass(frozen=True, slots=True)
class HostLine:
    """A host in the summary of a run; `robots` is None when its robots.txt was not asked for.

    `delay` seconds between two requests as it is now; `reason` and `seconds` as of a `Refusal`; `refused`
    requests were not sent; `latency` is the recent time to the first byte.
    """

    host: str
    requests: int
    refused: int
    delay: float
    latency: float
    crawl_delay: float
    robots: RobotsState | None
    reason: Why | None
    seconds: float | None


@dataclass(slots=True)
class HostState:
    """`floor` is the least delay, `budget` the most requests of a run (0: no bound)."""

    floor: float = 0.0
    budget: int = 0
    requests: int = 0
    refused: int = 0
    latency: float = 0.0
    crawl_delay: float = 0.0
    blocked_until: float = -math.inf
    blocked_by: Why = Why.RETRY_AFTER
    _failures: int = 0
    _pauses: int = 0
    _penalty: float = 0.0
    _open_for: float = 0.0
    _probe_until: float = -math.inf

    # -- may it be asked?

    def refusal(self, now: float, *, counted: bool = True) -> Refusal | None:
        """Why not to ask now, if so; robots.txt is not `counted` against the budget."""
        if counted and self.budget and self.requests >= self.budget:
            return Refusal(Why.HOST_BUDGET, None)
        if now < self.blocked_until:
            return Refusal(self.blocked_by, self.blocked_until - now)
        if self._is_dead and now < self._probe_until:
            return Refusal(Why.CIRCUIT_OPEN, self._probe_until - now)
        return None

    def admit(self, now: float, *, counted: bool = True) -> Refusal | None:
        """As `refusal`; without one the request is on its way."""
        if refusal := self.refusal(now, counted=counted):
            self.refused += 1
            return refusal
        self.requests += counted
        if self._is_dead:
            self._probe_until = now + _PROBE
        return None

    def turned_away(self, *, counted: bool = True) -> None:
        """A request on its way was not sent after all."""
        self.requests -= counted
        self.refused += 1
        self._probe_until = -math.inf

    @property
    def _is_dead(self) -> bool:
        return self._failures >= FAILURES_TO_OPEN

    # -- how did it go?

    def answered(self, status: int, latency: float | None, retry_after: float | None, now: float) -> None:
        """The host answered after `latency` seconds; `retry_after` as `answers.retry_after` gives it."""
        self._probe_until = -math.inf
        if status in (429, 503):
            self._slow_down(retry_after, now)
        elif status >= 500:
            self._fail(now)
        else:
            self._go_on(status, latency, now)

    def failed(self, now: float) -> None:
        """No connection, no name, no TLS, no answer in time, or half an answer."""
        self._probe_until = -math.inf
        self._fail(now)

    def ended(self) -> None:
        """A request ended in a way that says nothing about the host."""
        self._probe_until = -math.inf

    def block(self, until: float, reason: Why) -> None:
        """Leave the host alone; the longer of two pauses holds."""
        if until > self.blocked_until:
            self.blocked_until, self.blocked_by = until, reason

    def _go_on(self, status: int, latency: float | None, now: float) -> None:
        self._failures = self._pauses = 0
        self._open_for = 0.0
        if now < self.blocked_until and self.blocked_by is Why.CIRCUIT_OPEN:
            self.blocked_until = now
        self._penalty *= 0.5 ** (1 / _ANSWERS_TO_HALVE)
        if self._penalty <= self._base:
            self._penalty = 0.0
        if latency is not None:
            # As AutoThrottle: up at once, down by halves. Error pages come quickly and count for less; for
            # nothing would leave a host that was slow once at its pace until its last dead link.
            step = 1 / 2 if status == 200 else 1 / 8
            self.latency = max(latency, self.latency + (latency - self.latency) * step)

    def _slow_down(self, retry_after: float | None, now: float) -> None:
        if retry_after is None:
            if now < self.blocked_until:  # requests that were under way together are one sign, not many
                return
            retry_after = min(_FIRST_PAUSE * 2.0**self._pauses, _MAX_PAUSE)
            self._pauses = min(self._pauses + 1, 10)
        if now >= self.blocked_until:
            self._penalty = min(2 * max(self._base, self._penalty, 0.5), MAX_OWN_DELAY)
        self.block(now + retry_after, Why.RETRY_AFTER)

    def _fail(self, now: float) -> None:
        self._failures += 1
        if self._is_dead and now >= self.blocked_until:
            self._open_for = min(max(2 * self._open_for, _FIRST_OPEN), _MAX_OPEN)
            self.block(now + self._open_for, Why.CIRCUIT_OPEN)

    # -- how fast?

    def ask_slowly(self, crawl_delay: float | None) -> None:
        """robots.txt asks for a Crawl-delay; the longest that a host's files ask for holds."""
        self.crawl_delay = max(self.crawl_delay, min(crawl_delay or 0.0, MAX_CRAWL_DELAY))

    @property
    def delay(self) -> float:
        """Seconds from the start of one request to the start of the next."""
        # Scrapy retries at once: the growing delay is what makes it back off.
        back_off = min(0.5 * 2.0 ** min(self._failures, 7), MAX_OWN_DELAY) if self._failures else 0.0
        return max(self._base, self._penalty, back_off)

    @property
    def _base(self) -> float:
        # The host rests for as long as it worked. AutoThrottle's one latency is, for one request at a
        # time, no rest at all.
        rest = min(2 * self.latency, MAX_OWN_DELAY) if self.latency > _CALM_LATENCY else 0.0
        return max(self.floor, self.crawl_delay, rest)
