"""`scrapy metrics`: what is written for Prometheus after each run, shown now."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand

if TYPE_CHECKING:
    from crawler.config import RunConfig
    from crawler.metrics import Measured


class Command(StoreCommand):
    """Reads the ledger, or those of all shards, and changes nothing."""

    name = "metrics"

    def short_desc(self) -> str:
        return "Show run, site and ledger figures for Prometheus"

    def long_desc(self) -> str:
        return (
            "Show the figures that each run writes to khabar.prom, as the ledger has them now. Works beside "
            "a run under way. A ledger that cannot be read is named, and what is known without it is shown. "
            "Exit code 0: all shown; 4: a ledger cannot be read."
        )

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.metrics import exposition, plain
        from crawler.terminal import json_line

        found = [self._measured(config) for config in self.configs()]
        self.show([json_line(plain(found)) if opts.format == "json" else exposition(found).rstrip("\n")])
        return ExitCode.UNFINISHED if any(each.ledger is None for each in found) else ExitCode.OK

    def _measured(self, config: RunConfig) -> Measured:
        import sqlite3
        from datetime import UTC, datetime

        from crawler.metrics import Measured, measured
        from crawler.terminal import harmless
        from pipelines.store.errors import StoreError
        from pipelines.store.ledger_file import open_read_only

        said = f"there is no ledger {config.ledger}: no run has published into {config.output}"
        if config.ledger.exists():
            try:
                with closing(open_read_only(config.ledger)) as db:
                    return measured(db, config.ledger, config.shard, datetime.now(UTC))
            except (StoreError, OSError, ValueError, sqlite3.Error) as error:
                said = str(error)
        print(f"scrapy metrics: {harmless(said)}", file=sys.stderr)
        return Measured(config.shard, (), (), None)
