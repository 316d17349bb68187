"""Runs of `scrapy crawl news` day after day, each at six in the morning of its day, and what they came to."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pipelines.health.alarms import Alarm
from pipelines.store.site_runs import alarms, runs_of
from tests.crawling import Finished, run
from tests.operate.newsroom import FIRST_DAY, Decay, Outlet
from tests.web.server import Web

_HOUR = time(6)
DECAYS_ON = 11
DECAYING = "outlet-1"


@dataclass(frozen=True, slots=True)
class Day:
    """One run: its number from 1, what the command came to, new articles by site, and its `alerts.json`."""

    number: int
    done: Finished
    stored: dict[str, int]
    alerts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Days:
    """A folder with `output` and `sites` in it, and the runs that made them."""

    folder: Path
    days: tuple[Day, ...]

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def sites(self) -> Path:
        return self.folder / "sites"

    def alarms(self) -> list[Alarm]:
        """Those of the ledger, the newest first."""
        with closing(sqlite3.connect(self.output / ".state" / "ledger.sqlite")) as db:
            return alarms(db)


def crawled(folder: Path, outlets: Sequence[Outlet], days: Iterable[int]) -> Iterator[Day]:
    """Crawl the outlets on each of the days (from 1), which may leave some out."""
    sites, output = folder / "sites", folder / "output"
    sites.mkdir(parents=True, exist_ok=True)
    with Web(outlets) as web:
        for outlet in outlets:
            text = f'name = "{outlet.name}"\nstart = "{outlet.origin}/"\nlanguage = "{outlet.language}"\n'
            (sites / f"{outlet.name}.toml").write_text(text, encoding="utf-8")
        hosts = ",".join(outlet.origin.removeprefix("http://") for outlet in outlets)
        for number in days:
            web.run = number
            for outlet in outlets:
                outlet.day = number
            yield _crawl(number, sites, output, hosts)


def _crawl(number: int, sites: Path, output: Path, hosts: str) -> Day:
    moment = datetime.combine(FIRST_DAY + timedelta(days=number), _HOUR, UTC)
    settings = {
        "NEWS_OUTPUT": output,
        "NEWS_ALLOW_PRIVATE": hosts,
        "NEWS_CONTACT": "https://khabar.invalid/operate",
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "RETRY_TIMES": 0,
        "LOG_LEVEL": "WARNING",
        "NEWS_WORKERS": 1,  # to start one takes longer than its pages
    }
    given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    command = ["crawl", "news", "-a", f"sites={sites}", *given]
    done = run([sys.executable, "-m", "tests.operate.dated", moment.isoformat(), *command])
    with closing(sqlite3.connect(output / ".state" / "ledger.sqlite")) as db:
        (last,) = db.execute("SELECT max(run_id) FROM runs").fetchone()
        stored = {each.site: each.stored for each in runs_of(db, last)}
    alerts = json.loads((output / "report" / "alerts.json").read_text(encoding="utf-8"))
    assert alerts["run_id"] == last
    return Day(number, done, stored, alerts)


def fourteen_days(folder: Path, sites: int = 5, decay: Decay = Decay.FACTS, on: int = DECAYS_ON) -> Days:
    """A fortnight of daily runs; one site, `DECAYING`, does so on day `on`. `folder` keeps the output."""
    languages = ("ar", "fa", "en")
    outlets = [
        Outlet(f"outlet-{n}", per_day=8 + 2 * n, language=languages[n % len(languages)], number=n)
        for n in range(sites)
    ]
    next(outlet for outlet in outlets if outlet.name == DECAYING).decay(decay, on)
    return Days(folder, tuple(crawled(folder, outlets, range(1, 15))))
