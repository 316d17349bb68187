"""Looks at a crawl from within: how late the reactor is, what held it up, and names that lead home.

An extension of Scrapy's, for tests alone. `PROBE_FILE` is where it writes its figures when the crawl ends.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import accumulate, islice, repeat, takewhile
from pathlib import Path
from types import FrameType
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

from tests.hostile.server import CANARY, FIRST

_EVERY = 0.01
# From so much work on end the watchdog looks at what the reactor does.
_LONG = 0.03
_MOST_STACKS = 40
# Frames shown: the innermost, and from there outwards.
_FRAMES = 7
_PERCENTILES = (50.0, 99.0, 99.9)
# Names as a hostile resolver tells them: a private address; one that may be asked and then one that may not.
NAMES = {
    "inside.example": (CANARY,),
    "rebinding.example": (FIRST, CANARY),
}


class Probe:
    """Samples the reactor every 10 ms: how late it is, and how long it worked in between.

    The first is what a host feels; other programs of a busy machine add to it, but not to the second.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lags: list[float] = []
        self._busy: list[float] = []
        self._worked = 0.0
        self._due = 0.0
        self._beat = time.monotonic()
        self._held: dict[float, tuple[float, str]] = {}
        self._reactor_thread = threading.get_ident()
        self._reactor_clock = time.pthread_getcpuclockid(self._reactor_thread)
        self._stopped = threading.Event()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        resolve_as_hostile()
        probe = cls(Path(crawler.settings["PROBE_FILE"]))
        crawler.signals.connect(probe.begin, signal=signals.engine_started)
        crawler.signals.connect(probe.end, signal=signals.spider_closed)
        return probe

    def begin(self) -> None:
        self._worked = time.thread_time()
        self._plan()
        threading.Thread(target=self._watch, daemon=True).start()

    def _plan(self) -> None:
        self._due = time.monotonic() + _EVERY
        self._timer = asyncio.get_running_loop().call_later(_EVERY, self._sample)

    def _sample(self) -> None:
        self._beat = time.monotonic()
        self._lags.append(max(self._beat - self._due, 0.0))
        worked = time.thread_time()
        self._busy.append(worked - self._worked)
        self._worked = worked
        self._plan()

    def _watch(self) -> None:
        """Who keeps the reactor busy, and for how long: the innermost frames when it was looked at last."""
        while not self._stopped.wait(_EVERY):
            beat, busy = self._beat, time.clock_gettime(self._reactor_clock) - self._worked
            if busy >= _LONG:
                frame = sys._current_frames().get(self._reactor_thread)
                self._held[beat] = (busy, short(frame))

    def end(self) -> None:
        """The crawl is over; what is published then holds up nobody."""
        self._timer.cancel()
        self._stopped.set()
        lags, busy = sorted(self._lags), sorted(self._busy)
        found: dict[str, Any] = {
            "samples": len(lags),
            "max": lags[-1],
            "percentiles": {str(p): percentile(lags, p) for p in _PERCENTILES},
            "busy": {str(p): percentile(busy, p) for p in (*_PERCENTILES, 100.0)},
            "late": sum(lag > 0.1 for lag in lags),
            "stacks": sorted(self._held.values(), reverse=True)[:_MOST_STACKS],
        }
        self._file.write_text(json.dumps(found, indent=1), encoding="utf-8")


def percentile(ordered: list[float], percent: float) -> float:
    """The value that so many percent do not exceed."""
    return ordered[int((len(ordered) - 1) * percent / 100)]


def short(innermost: FrameType | None) -> str:
    """The innermost frames in one line, the deepest first. No sources are read: the reactor waits."""
    frames = islice(takewhile(bool, accumulate(repeat(innermost), lambda f, _: f and f.f_back)), _FRAMES)
    codes = [(frame.f_code, frame.f_lineno) for frame in frames if frame]
    return " < ".join(
        f"{'/'.join(code.co_filename.split('/')[-2:])}:{line} {code.co_name}" for code, line in codes
    )


def resolve_as_hostile() -> None:
    """Make the resolver of this process tell `NAMES`; each question for a name gets its next answer."""
    asked: Counter[str] = Counter()

    def told(host: Any) -> str | None:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name not in NAMES:
            return None
        asked[name] += 1
        answers = NAMES[name]
        return answers[min(asked[name], len(answers)) - 1]

    _replace("getaddrinfo", told)
    _replace("gethostbyname", told)


def _replace(function: str, told: Callable[[Any], str | None]) -> None:
    real = getattr(socket, function)

    def resolve(host: Any, *more: Any, **named: Any) -> Any:
        return real(told(host) or host, *more, **named)

    setattr(socket, function, resolve)
