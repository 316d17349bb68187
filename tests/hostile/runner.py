"""One crawl of the hostile web, watched from within and from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler import settings
from demo.crawl import environment
from tests.crawling import ROOT, Finished, scrapy
from tests.hostile.cases import Case
from tests.hostile.server import HostileWeb
from tests.hostile.watch import Watch
from tests.hostile.world import CASES, World, open_world

# Seconds after which a crawl does not end any more.
_LOST = 1_800


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: bytes and seconds. `lag` is what the probe wrote."""

    seconds: float
    own_peak: int
    worker_peak: int
    workers: int
    ports: frozenset[str]
    lag: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that can be said of a crawl when it is over; `log` is what it wrote to its two streams."""

    world: World
    web: HostileWeb
    output: Path
    code: int
    log: str
    out: str
    figures: Figures
    reconciled: Finished
    verified: Finished


def crawl(
    folder: Path, articles: int, cases: Sequence[Case] = CASES, budget: int = 300, **more: str
) -> Outcome:
    """A crawl of so many good articles with `cases` among them, at most `budget` requests a host."""
    world, web = open_world(articles, cases)
    output = folder / "output"
    with web:
        world.open(web)
        world.write_site_files(folder / "sites")
        given = arguments(folder, web, budget, more)
        figures, code = _watched([sys.executable, "-m", "scrapy", "crawl", "news", *given], folder)
    at = ("-s", f"NEWS_OUTPUT={output}")
    return Outcome(
        world,
        web,
        output,
        code,
        (folder / "crawl.log").read_text(encoding="utf-8", errors="replace"),
        (folder / "crawl.out").read_text(encoding="utf-8", errors="replace"),
        figures,
        scrapy("reconcile", *at),
        scrapy("verify", *at),
    )


def arguments(folder: Path, web: HostileWeb, budget: int, more: dict[str, str]) -> list[str]:
    """Arguments of the crawl: polite as ever, but with no second between two requests."""
    given = {
        "NEWS_OUTPUT": str(folder / "output"),
        "NEWS_ALLOW_PRIVATE": ",".join(f"{address}:{web.port}" for address in web.addresses),
        "NEWS_HOST_BUDGET": str(budget),
        "NEWS_CONTACT": "https://khabar.invalid/hostile",
        "DOWNLOAD_DELAY": "0",
        "DOWNLOAD_TIMEOUT": "10",
        "EXTENSIONS": json.dumps(settings.EXTENSIONS | {"tests.hostile.probe.Probe": 0}),
        "PROBE_FILE": str(folder / "probe.json"),
    } | more
    chosen = [part for name, value in given.items() for part in ("-s", f"{name}={value}")]
    return ["-a", f"sites={folder / 'sites'}", *chosen]


def _watched(command: list[str], folder: Path) -> tuple[Figures, int]:
    begun = time.monotonic()
    with (folder / "crawl.log").open("wb") as log, (folder / "crawl.out").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=out, stderr=log)
        with Watch(process.pid) as watch:
            try:
                code = process.wait(_LOST)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
    probe = folder / "probe.json"
    lag = json.loads(probe.read_text(encoding="utf-8")) if probe.exists() else {}
    return Figures(
        time.monotonic() - begun,
        watch.own_peak,
        watch.worst_child,
        len(watch.peaks) - 1,
        frozenset(watch.ports),
        lag,
    ), code
