"""`scrapy report`: one page about the last run, the sites and what is published."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand


class Command(StoreCommand):
    """Reads the ledger and the newest files, and writes one HTML file that needs nothing else."""

    name = "report"

    def short_desc(self) -> str:
        return "Write one HTML page about the last run, the sites and the articles"

    def long_desc(self) -> str:
        return (
            "Write a page without network, scripts of others or files beside it: alarms, what the last run "
            "did, where addresses were lost, the health of every site, what the articles are like, what was "
            "removed, and the newest articles. What cannot be read is named in it, and the rest is shown. "
            "Works beside a run under way. Exit code 0: written; 4: it could not be."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--to", type=Path, metavar="FILE", help="write it there (default: OUTPUT/report/index.html)"
        )

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.upkeep.report import run

        return run(self, opts)
