"""The comparison: Scrapy's JOBDIR and a JSON-lines feed over the same site, killed at random times.

The site either releases its articles bit by bit, as it does for Khabar, or has released all of them before
the first run. Scrapy's list of requests seen is written every few hundred requests only: what a kill does
depends on how many there are in a run.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.soak.account import Account
from tests.soak.harness import OUTLETS, due
from tests.soak.kills import Kill, Killer, random_times
from tests.soak.site import Site

_SPIDER = Path(__file__).with_name("plain_spider.py")
_MORE_RUNS = 10
_SETTINGS = {"DOWNLOAD_DELAY": "0", "CONCURRENT_REQUESTS_PER_DOMAIN": "4", "LOG_LEVEL": "WARNING"}


class PlainSoak:
    """As `Soak`, for plain Scrapy; it has no steps of ours, so all kills come at random times."""

    def __init__(
        self,
        folder: Path,
        wanted: int,
        articles: int,
        seed: int,
        say: Callable[[str], None] = print,
        *,
        at_once: bool = False,
    ) -> None:
        self._at_once = at_once
        self._folder, self._wanted, self._articles = folder, wanted, articles
        self._kills, self._say = random_times(seed), say
        self._items = folder / "items.jsonl"
        self.stored: set[str] = set()
        self.account = Account()

    def run(self) -> Account:
        """All of it; nothing that breaks ends it early."""
        with Site(self._folder / "site", OUTLETS) as site:
            self._site = site
            self._killer = Killer(site, self._folder / "runs.log", self._folder)
            site.release(self._articles if self._at_once else 0)
            self._kill_all()
            site.release(self._articles - site.released)
            for _ in range(2):
                self._cycle(None)
            self._settle()
        return self.account

    def _kill_all(self) -> None:
        # With nothing left that it would ask for, a run is over before its kill: so many and no more.
        most = self._wanted + _MORE_RUNS
        while (done := self.account.kills.total()) < self._wanted and self.account.ended_first < most:
            count = due(self._wanted, done, self._articles, self._site.released)
            self._site.release(count, in_new_outlet=self._site.newest_is_full(self._articles))
            if self._cycle(kill := next(self._kills)):
                self.account.note(kill)
                self._say(f"plain Scrapy, kill {done + 1:3}/{self._wanted}: {kill}, {len(self.stored)} items")
            else:
                self.account.ended_first += 1

    def _cycle(self, kill: Kill | None) -> bool:
        """One run, resumed where the one before it left off; whether it was killed."""
        ended = self._killer.run(self._command(), kill)
        account = self.account
        account.seconds.append(ended.seconds)
        account.refetched += [url for url in self._site.requests() if url in self.stored]
        self.stored |= self._read()[0].keys()
        if not ended.killed and ended.code != 0:
            account.failures.append(f"a run that was not killed exited with {ended.code}")
        return ended.killed

    def _command(self) -> list[str]:
        sitemaps = ",".join(f"{origin}/sitemap.xml" for _, origin in self._site.opened())
        settings = _SETTINGS | {"JOBDIR": str(self._folder / "job")}
        given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        spider = ["runspider", str(_SPIDER), "-a", f"sitemaps={sitemaps}", "-o", str(self._items)]
        return [sys.executable, "-m", "scrapy", *spider, *given]

    def _read(self) -> tuple[Counter[str], list[str]]:
        """URL -> lines that hold it; lines that are no JSON."""
        found, broken = Counter[str](), []
        lines = self._items.read_bytes().split(b"\n") if self._items.exists() else []
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            try:
                found[json.loads(line)["url"]] += 1
            except ValueError:
                broken.append(f"line {number}: {line[:60]!r}…")
        return found, broken

    def _settle(self) -> None:
        items, broken = self._read()
        account, articles = self.account, self._site.articles()
        account.articles, account.unreadable = len(articles), broken
        account.missing = [url for url in articles if url not in items]
        account.duplicates = [f"{url} is there {times} times" for url, times in items.items() if times > 1]
