"""Runs a target on mutations without end.

Inputs that reach lines of ours for the first time, or give an outcome nobody saw, are mutated further.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from itertools import pairwise

from tests.fuzz.keeping import Board, Counts, Findings
from tests.fuzz.mutate import MAX_BYTES, Mutator, Repeated
from tests.fuzz.targets import Target
from tests.fuzz.tracing import Tracer, costliest, where

SLOW_SECONDS = 2.0  # of CPU, for at most 64 KiB
# Repetitions are read at a quarter, a half and all of this length, where all of it is not quick.
_GROWTH_BYTES = 128 * 1024
_GROWTH_FLOOR = 0.04
# Time that doubles with the length is fine; that grows fourfold is not.
_GROWTH = 2.8
_GROWTH_SHARE = 0.04
_MAX_OUTCOMES = 3_000


class Fuzzer:
    """One child's work. `times` False judges no time: for a run beside many others."""

    def __init__(
        self, target: Target, rng: random.Random, findings: Findings, board: Board, *, times: bool
    ) -> None:
        self.target, self.rng, self.findings = target, rng, findings
        self.times, self.board = times, board
        self.counts = Counts()
        self.known: list[bytes] = []
        self._outcomes: set[str] = set()
        self._tracer = Tracer()
        self._mutator = Mutator(rng, target.words)

    def run(self, until: float, executions: int | None) -> None:
        """Seeds first, then mutations until the clock or the number is reached."""
        seeds = self.target.seeds()
        most = len(seeds) if executions is None else max(executions // 2, 1)
        for data in seeds if len(seeds) <= most else self.rng.sample(seeds, most):
            self.one(data, traced=False)
        self.known = [*seeds, *self.known]
        while time.monotonic() < until and (executions is None or self.counts.executions < executions):
            if self.times and self.rng.random() < _GROWTH_SHARE:
                self.grow(self._mutator.repeated(self.known))
            else:
                self.one(self._mutator.mutated(self.known), traced=self.rng.random() < self.target.traced)

    def one(self, data: bytes, *, traced: bool) -> None:
        """One input; kept when it shows something new."""
        self.counts.executions += 1
        self.counts.corpus = len(self.known)
        self.board.write(self.counts, data)
        fresh = self._tracer.fresh
        outcome, spent = self._attempt(data, traced=traced)
        if outcome is None:
            return
        new = outcome not in self._outcomes and len(self._outcomes) < _MAX_OUTCOMES
        if new and not traced:
            again, _ = self._attempt(data, traced=True)
            if again != outcome:
                self.found("two outcomes of one input", data, f"{outcome}\n{again}")
        if new or self._tracer.fresh > fresh:
            self._outcomes.add(outcome)
            if len(data) <= MAX_BYTES:
                self.known.append(data)
        if not traced:
            self._judge_time(data, spent)

    def _attempt(self, data: bytes, *, traced: bool) -> tuple[str | None, float]:
        begun = time.process_time()
        try:
            if traced:
                sys.settrace(self._tracer)
            return self.target.run(data), time.process_time() - begun
        except (Exception, MemoryError) as error:
            sys.settrace(None)
            self.found(where(error), data, "".join(traceback.format_exception(error))[-4000:])
            return None, 0.0
        finally:
            sys.settrace(None)

    def _judge_time(self, data: bytes, spent: float) -> None:
        self.counts.slowest = max(self.counts.slowest, spent)
        if self.times and spent > SLOW_SECONDS and min(spent, self.seconds(data)) > SLOW_SECONDS:
            self.found(
                f"slow: {costliest(self.target.run, data)}", data, f"{spent:.1f} s for {len(data)} bytes"
            )

    def seconds(self, data: bytes) -> float:
        """CPU time of one more run."""
        self.board.write(self.counts, data)
        begun = time.process_time()
        try:
            self.target.run(data)
        except Exception:  # counted where it was found
            return 0.0
        return time.process_time() - begun

    def grow(self, some: Repeated) -> None:
        """Whether time grows faster than the length of what is repeated."""
        self.counts.growths += 1
        longest = self.seconds(some.of(_GROWTH_BYTES))
        if longest < _GROWTH_FLOOR:
            return
        times = [min(self.seconds(some.of(_GROWTH_BYTES // part)) for _ in range(2)) for part in (4, 2)]
        times.append(min(longest, self.seconds(some.of(_GROWTH_BYTES))))
        if min(times) < 0.002 or not all(more > _GROWTH * less for less, more in pairwise(times)):
            return
        times.append(self.seconds(some.of(_GROWTH_BYTES * 2)))
        if times[-1] > _GROWTH * times[-2]:
            data = some.of(_GROWTH_BYTES)
            self.found(f"growth: {costliest(self.target.run, data)}", data, f"{times} s; {some!r}"[:4000])

    def found(self, key: str, data: bytes, detail: str) -> None:
        """Keep it, and the first of its kind cut down as well."""
        if self.findings.add(key, data, detail) and not key.startswith(("slow", "growth", "two")):
            self.findings.add(key, self._smaller(data, key), detail)

    def _smaller(self, data: bytes, key: str) -> bytes:
        """The least that still breaks the same thing, after some hundred tries."""
        tries, size = 300, max(len(data) // 2, 1)
        while size and tries > 0:
            at = 0
            while at < len(data) and tries > 0:
                shorter = data[:at] + data[at + size :]
                tries -= 1
                if self._breaks(shorter, key):
                    data = shorter
                else:
                    at += size
            size //= 2
        return data

    def _breaks(self, data: bytes, key: str) -> bool:
        self.board.write(self.counts, data)
        try:
            self.target.run(data)
        except (Exception, MemoryError) as error:
            return where(error) == key
        return False
