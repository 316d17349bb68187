"""`scrapy rebuild`: the ledger made anew from what was published, on request."""

from __future__ import annotations

import argparse

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand


class Command(StoreCommand):
    """Moves the ledger aside, and makes one that knows what the output has."""

    name = "rebuild"
    speaks_json = False
    arguments = {"writer": "NAME: take over the files of this ledger; all: those of every one"}  # noqa: RUF012  the base says ClassVar

    def short_desc(self) -> str:
        return "Make the ledger anew from the published files and the WARC"

    def long_desc(self) -> str:
        return (
            "A crawl does this by itself when the ledger is lost or damaged. The old ledger is moved aside. "
            "Of an output that several ledgers write to, the files of the one that was here are taken over; "
            "when its name is lost, too, -a writer=NAME says which, and -a writer=all takes over everything. "
            "The ledger of a shard (-a shard=2/8) takes over what the shard has published."
        )

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.terminal import harmless
        from crawler.upkeep.rebuild import rebuilt

        with self.locked():
            self.show(map(harmless, rebuilt(self.config, self.given.get("writer", ""))))
        return ExitCode.OK
