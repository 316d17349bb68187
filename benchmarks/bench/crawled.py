"""One real crawl of the bench's newsroom in a process of its own, watched from outside and from within."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bench.newsroom import ROOT, Newsroom
from benchmarks.bench.processes import Sampler
from crawler import settings
from demo.crawl import environment

# No delay is owed to a newsroom of our own.
_AT_EASE = {
    "DOWNLOAD_DELAY": "0",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "8",
    "NEWS_RECHECK": "never",
    "NEWS_HOST_BUDGET": "0",
    "NEWS_CONTACT": "https://khabar.invalid/bench",
}
# Seconds between two looks at how far the crawl is.
_LOOK = 1.0


@dataclass(frozen=True, slots=True)
class Crawled:
    """A crawl that is over; `progress` has (seconds since its start, pages cleaned)."""

    articles: int
    stored: int
    rejected: int
    sampler: Sampler
    progress: tuple[tuple[float, int], ...]
    lag: dict[str, Any]


def crawl(newsroom: Newsroom, folder: Path, *, probe: bool = False, **more: str) -> Crawled:
    """Crawl all of the newsroom into `folder`; raises `RuntimeError` when the crawl fails.

    With `probe` the reactor is looked at from within, and `lag` has what was seen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = {
        **_AT_EASE,
        "NEWS_OUTPUT": str(folder / "output"),
        "NEWS_ALLOW_PRIVATE": ",".join(newsroom.hosts()),
        **more,
    }
    seen = folder / "probe.json"
    if probe:
        given["EXTENSIONS"] = json.dumps(settings.EXTENSIONS | {"tests.hostile.probe.Probe": 0})
        given["PROBE_FILE"] = str(seen)
    command = [sys.executable, "-m", "scrapy", "crawl", "news", "-a", f"sites={newsroom.sites}"]
    for name, value in given.items():
        command += ["-s", f"{name}={value}"]
    progress: list[tuple[float, int]] = []
    ledger = folder / "output" / ".state" / "ledger.sqlite"
    with (folder / "crawl.log").open("wb") as log:
        begun = time.monotonic()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=log
        )
        with Sampler(process.pid, [newsroom.pid, os.getpid()]) as sampler:
            while process.poll() is None:
                time.sleep(_LOOK)
                progress.append((time.monotonic() - begun, _cleaned(ledger)))
    if process.returncode:
        raise RuntimeError(f"the crawl ended with {process.returncode}: see {folder / 'crawl.log'}")
    states = _states(ledger)
    return Crawled(
        articles=newsroom.articles,
        stored=states.get("committed", 0),
        rejected=states.get("rejected", 0),
        sampler=sampler,
        progress=tuple(progress),
        lag=json.loads(seen.read_text(encoding="utf-8")) if probe else {},
    )


def _cleaned(ledger: Path) -> int:
    states = _states(ledger)
    return sum(states.get(name, 0) for name in ("staged", "committed", "rejected"))


def _states(ledger: Path) -> dict[str, int]:
    """State -> URLs, as far as the ledger is there."""
    try:
        with closing(sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True)) as db:
            return dict(db.execute("SELECT state, count(*) FROM urls GROUP BY state").fetchall())
    except sqlite3.Error:
        return {}
