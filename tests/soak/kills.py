"""Kills: when they come, drawn from a seed, and how they are carried out."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from demo.crawl import environment
from tests.crawling import ROOT
from tests.soak.site import ARTICLES, Site
from tests.soak.steps import STEPS

# Moments that times are counted from, and seconds from there to a run's end until some were measured.
_MOMENTS = {"start": 3.0, "first request": 1.5, "first article": 0.8}
_WEIGHTS = (1, 2, 5)
_HANGS_SECONDS = 300
_POLL_SECONDS = 0.002
# Two kills in three come at a step: there are many, and time finds the short ones hardly ever.
_AT_A_STEP = 2 / 3


@dataclass(frozen=True, slots=True)
class Kill:
    """When a run dies: at a call of a step, or after a share of the time that runs take.

    `share` (0 to 1) chooses the call among those that come, or the moment.
    """

    share: float
    step: str | None = None
    when: str = "before"
    moment: str = "start"

    def __str__(self) -> str:
        if self.step:
            return f"{self.when} {self.step}"
        return f"at {self.share:.0%} of the time from {self.moment}"

    def number(self, pages: int) -> int:
        """Which call of the step, in a run over so many pages."""
        assert self.step is not None
        return 1 + int(self.share * min(STEPS[self.step].most, max(pages, 1)))


def kills(seed: int) -> Iterator[Kill]:
    """Kills without end: every step before and after in turn, in the seed's order, and times between."""
    chance, times = random.Random(seed), random_times(seed)
    deck: list[tuple[str, str]] = []
    while True:
        if chance.random() >= _AT_A_STEP:
            yield next(times)
            continue
        if not deck:
            deck = [(step, when) for step in STEPS for when in ("before", "after")]
            chance.shuffle(deck)
        step, when = deck.pop()
        yield Kill(chance.random(), step, when)


def random_times(seed: int) -> Iterator[Kill]:
    """Kills without end, at any time."""
    chance = random.Random(seed)
    while True:
        yield Kill(chance.random(), moment=chance.choices(tuple(_MOMENTS), _WEIGHTS)[0])


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: by our kill or, with its exit code, by itself."""

    killed: bool
    code: int
    seconds: float


class Killer:
    """Runs commands and kills them, group and all; runs that end by themselves tell how long they take."""

    def __init__(self, site: Site, log: Path, folder: Path = ROOT) -> None:
        self._site = site
        self._log, self._folder = log, folder
        self._lengths = dict(_MOMENTS)

    def run(self, command: list[str], kill: Kill | None = None) -> Ended:
        """The command until it ends or, where the kill is none of a step, is killed."""
        begun = time.monotonic()
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=environment() | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        try:
            moments = self._watch(process, kill)
        finally:  # whatever happens here, nothing of the run outlives it
            _kill_group(process)
        now = time.monotonic()
        killed = process.returncode == -signal.SIGKILL
        if not killed:
            self._lengths |= {name: now - moment for name, moment in moments.items()}
        return Ended(killed, process.returncode, now - begun)

    def _watch(self, process: subprocess.Popen[bytes], kill: Kill | None) -> dict[str, float]:
        """Wait for the end or for the kill's time; when the moments came."""
        moments = {"start": time.monotonic()}
        while process.poll() is None:
            now = time.monotonic()
            for moment, prefix in (("first request", "/"), ("first article", ARTICLES)):
                if moment not in moments and self._site.is_asked(prefix):
                    moments[moment] = now
            if kill is not None and kill.step is None and self._is_time(kill, now, moments):
                break
            if now > moments["start"] + _HANGS_SECONDS:
                raise TimeoutError(f"the run hangs: {process.args!r}")
            time.sleep(_POLL_SECONDS)
        return moments

    def _is_time(self, kill: Kill, now: float, moments: dict[str, float]) -> bool:
        since = moments.get(kill.moment)
        return since is not None and now >= since + kill.share * self._lengths[kill.moment]


def victim(arguments: list[str], kill: Kill | None, pages: int) -> list[str]:
    """`scrapy …` that dies at the kill's step, if it has one, in a run over so many pages."""
    how = ["-", "-", "0"]
    if kill is not None and kill.step is not None:
        how = [kill.step, kill.when, str(kill.number(pages))]
    return [sys.executable, "-m", "tests.soak.victim", *how, *arguments]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):  # all of it is gone
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
