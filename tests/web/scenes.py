"""The crawls of the suite: which hosts together, how often, with which settings."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from demo.crawl import crawl_command
from tests.crawling import Finished, rows, run
from tests.web import again, discovery, polite, traps
from tests.web.hosts import Outlet
from tests.web.outlets import WORDS
from tests.web.server import Entry, Web


@dataclass(frozen=True, repr=False)
class Scene:
    """Hosts, what their servers saw, and what the crawls left."""

    hosts: tuple[Outlet, ...]
    entries: tuple[Entry, ...]
    finished: tuple[Finished, ...]
    output: Path

    def host(self, kind: type[Outlet]) -> Outlet:
        """The host of that kind."""
        return next(host for host in self.hosts if isinstance(host, kind))

    def log(self, host: Outlet, run: int | None = None) -> list[Entry]:
        """What the host was asked, in order; of one run, or of all."""
        mine = (e for e in self.entries if e.host == host.name and run in (None, e.run))
        return sorted(mine, key=lambda entry: entry.at)

    def asked(self, host: Outlet, path: str, run: int | None = None) -> list[Entry]:
        """Requests for exactly that path."""
        return [entry for entry in self.log(host, run) if entry.path == path]

    @cached_property
    def articles(self) -> list[dict[str, Any]]:
        """All rows of `articles`."""
        return rows(self.output, "articles")

    def stored(self, host: Outlet) -> list[dict[str, Any]]:
        """First versions of the host's articles."""
        return [row for row in self.articles if row["site"] == host.name and row["version"] == 1]

    def versions(self, address: str) -> list[dict[str, Any]]:
        """Rows fetched from that address, oldest version first."""
        mine = (row for row in self.articles if row["url"] == address)
        return sorted(mine, key=lambda row: int(row["version"]))

    def ledger(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query over the ledger."""
        with closing(sqlite3.connect(self.output / ".state" / "ledger.sqlite")) as db:
            return db.execute(query, values).fetchall()


def site_file(host: Outlet) -> str:
    """Only the start is told; the rest is to be found."""
    country = WORDS[host.language]["country"]
    told = {"name": host.name, "start": f"{host.origin}/", "language": host.language, "country": country}
    return "".join(f'{key} = "{value}"\n' for key, value in told.items())


# Without any delay Scrapy sends all that is queued for a host at once, whatever its concurrency: its slot
# counts a request only when the request's task has begun. The smallest delay lets one go at a time.
_ONE_AT_A_TIME = {"CONCURRENT_REQUESTS_PER_DOMAIN": "1", "DOWNLOAD_DELAY": "0.05"}


def play(folder: Path, kinds: Sequence[type[Outlet]], *runs: Mapping[str, str]) -> Scene:
    """Crawl the hosts once per mapping of settings, into one output below `folder`."""
    hosts = tuple(kind() for kind in kinds)
    sites, output, finished = folder / "sites", folder / "output", []
    sites.mkdir(parents=True)
    with Web(hosts, folder / "requests.jsonl") as web:
        for host in hosts:
            (sites / f"{host.name}.toml").write_text(site_file(host), encoding="utf-8")
        for number, settings in enumerate(runs, start=1):
            web.run = number
            command = crawl_command(web, sites, output)  # type: ignore[arg-type]  # it asks for `starts` only
            for name, value in settings.items():
                command += ["-s", f"{name}={value}"]
            finished.append(run(command))
    return Scene(hosts, tuple(web.entries), tuple(finished), output)


def discovery_scene(folder: Path) -> Scene:
    """One run over the hosts whose articles must be found."""
    return play(folder, discovery.HOSTS, _ONE_AT_A_TIME)


def politeness_scene(folder: Path) -> Scene:
    """Two runs over hosts with wishes and troubles; the second finds them as the first left them."""
    settings = _ONE_AT_A_TIME | {"DOWNLOAD_TIMEOUT": "2"}
    return play(folder, polite.HOSTS, settings, settings)


def traps_scene(folder: Path) -> Scene:
    """One run over the hosts without end; a page of ten thousand links takes a busy machine its time."""
    return play(folder, traps.HOSTS, _ONE_AT_A_TIME | {"NEWS_PAGE_SECONDS": "60"})


def thousand_scene(folder: Path) -> Scene:
    """The same thousand articles, twice."""
    return play(folder, [again.Thousand], {}, {})


def changes_scene(folder: Path) -> Scene:
    """Four runs: what stands, two in which stored articles are asked for again, one as usual."""
    usual = _ONE_AT_A_TIME
    always = usual | {"NEWS_RECHECK": "always"}
    kinds = [*again.CHANGING, again.Resting, again.RestingByDate]
    return play(folder, kinds, usual, always, always, usual)


# Of 24 articles some must be left when robots.txt, home, feed, desks and usual places have had their part.
BUDGET = 18


def budget_scene(folder: Path) -> Scene:
    """One run that may not ask for everything."""
    return play(folder, [again.Budgeted], _ONE_AT_A_TIME | {"NEWS_HOST_BUDGET": str(BUDGET)})


SCENES = {
    "discovery": discovery_scene,
    "politeness": politeness_scene,
    "traps": traps_scene,
    "thousand": thousand_scene,
    "changes": changes_scene,
    "budget": budget_scene,
}
