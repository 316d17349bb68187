"""What a crawler asks of its ledger, at any size of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time

from benchmarks.bench.synthetic import (
    NOW,
    SITES,
    address,
    article,
    feed,
    fill_ledger,
    fresh,
    page,
    prose,
    site_name,
)
from pipelines.policy import DEFAULT_POLICY
from pipelines.recheck import DEFAULT_RECHECK, Recheck
from pipelines.records import Cleaned
from pipelines.store.ledger import Lease, Ledger
from pipelines.store.links import Link
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.urls import article_key

# Sites that are taken up in one measurement, and leases of each: as many as the frontier takes.
_TURNS = 25
_WINDOW = 4
_LISTED = 40
_NEW = 10


class KnownLedger:
    """A ledger of `known` URLs below `folder`; each step is one that a run takes, and returns how often."""

    def __init__(self, folder: Path, known: int) -> None:
        self.known = known
        self._folder = folder
        self._path = folder / ".state" / "ledger.sqlite"
        fill_ledger(self._path, known)
        self._leases: list[Lease] = []
        self._turn = 0
        self._runs = 0
        self._ledger = self._opened()
        self._start()

    def close(self) -> None:
        """The ledger cannot be used afterwards."""
        self._ledger.close()

    def steps(self) -> dict[str, Callable[[], int]]:
        """What a run does for each URL, in the order in which it does it."""
        return {
            "a feed of 40 links, 10 of them new": self._discover,
            "is this URL known?": self._look_up,
            "lease 4 URLs": self._lease,
            "fetched, and its row spooled": self._stage,
            "published and committed": self._publish,
        }

    def once(self) -> dict[str, Callable[[], int]]:
        """What a run does once."""
        return {
            "a feed of 40 links that did not change": self._listed_still,
            "the figures at the end of a run": self._figures,
            "start and end of a run": self._restart,
            "open and check the file": self._open,
        }

    def _opened(self) -> Ledger:
        return Ledger(self._path, DEFAULT_POLICY, Recheck.parse(DEFAULT_RECHECK))

    def _start(self) -> None:
        self._runs += 1
        self._run = f"20261120T080000-{self._runs:06}"
        self._ledger.start_run(self._run, "news", NOW)

    def _sites(self) -> list[int]:
        self._turn += _TURNS
        return [(self._turn + each) % SITES for each in range(_TURNS)]

    def _discover(self) -> int:
        for site in self._sites():
            last = self.known // SITES - 1
            old = [address(site + SITES * (last - each) % self.known) for each in range(_LISTED - _NEW)]
            new = [address(SITES * fresh() + site) for _ in range(_NEW)]
            links = [Link(article_key(url), url, "feed", NOW.isoformat()) for url in [*new, *old]]
            self._ledger.discover(self._run, site_name(site), links, NOW, feed(site_name(site)))
        return _TURNS

    def _look_up(self) -> int:
        keys = [address(number * 7919 % (2 * self.known)) for number in range(500)]
        self._ledger.known(keys)
        return len(keys)

    def _lease(self) -> int:
        for site in self._sites():
            self._leases += self._ledger.lease(self._run, site_name(site), _WINDOW, NOW)
        return _TURNS

    def _stage(self) -> int:
        for lease in self._leases:
            number = fresh()
            self._ledger.fetched(lease.key, page(lease.url, lease.site))
            made = article(number, lease.url, lease.site, prose(number))
            self._ledger.stage(lease.key, Cleaned(made))
        done = len(self._leases)
        self._leases = []
        return done

    def _publish(self) -> int:
        scratch = self._folder / ".state" / "scratch"
        published = Publisher(self._ledger, FolderOutput(self._folder), scratch, self._run).publish()
        return published.rows["articles"]

    def _listed_still(self) -> int:
        for site in self._sites():
            self._ledger.listed_still(self._run, feed(site_name(site)))
        return _TURNS

    def _figures(self) -> int:
        self._ledger.seen(self._run)
        self._ledger.known_articles(self._run, NOW)
        return 1

    def _restart(self) -> int:
        self._ledger.end_run(self._run, "finished", NOW)
        self._start()
        return 1

    def _open(self) -> int:
        self._ledger.close()
        self._ledger = self._opened()
        return 1


def cost(step: Callable[[], int]) -> float:
    """CPU seconds of one of the things that `step` does several of."""
    started = process_time()
    done = step()
    return (process_time() - started) / max(done, 1)
