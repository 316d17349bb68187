"""`scrapy reconcile`: the balance of every site, and whether the rows are what the ledger says."""

from __future__ import annotations

import argparse

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand


class Command(StoreCommand):
    """Adds up what was discovered and compares the published rows with the ledger; changes nothing."""

    name = "reconcile"
    arguments = {"site": "NAME: only this site"}  # noqa: RUF012  the base says ClassVar

    def short_desc(self) -> str:
        return "Show the balance of every site and whether it adds up"

    def long_desc(self) -> str:
        return (
            "Every URL that was discovered is stored, a copy, rejected, failed, gone, forbidden, pending or "
            "under way. Adds them up, compares ledger and published rows id by id, and names what does "
            "not add up. Of an output crawled in shards, those of each and the sum, or with -a shard=2/8 "
            "of one. Works beside a run under way. Exit code 0: balanced; 6: not; 4: no ledger to read."
        )

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.upkeep.reconcile import run

        return run(self, opts)
