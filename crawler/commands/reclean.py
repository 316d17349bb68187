"""`scrapy reclean`: today's cleaning over the stored pages, its row diff, and new versions when asked."""

from __future__ import annotations

import argparse

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand


class Command(StoreCommand):
    """Cleans stored pages again and compares them with their rows; publishes only when told to."""

    name = "reclean"
    arguments = {  # noqa: RUF012  the base says ClassVar
        "site": "NAME[,NAME]: only these sites",
        "since": "YYYY-MM-DD: only pages fetched on this day or later",
        "sites": "FOLDER: other site files",
    }

    def short_desc(self) -> str:
        return "Clean the stored pages again and show what would change"

    def long_desc(self) -> str:
        return (
            "Cleans the raw bytes of every stored article, and of every page that was turned away, with the "
            "cleaning, the site files and the site memory of today, and shows how the rows would differ. "
            "Nothing is fetched, and nothing is published without --publish: then rows that differ become "
            "new versions, all in one step. A rerun does only what is missing. Exit code 4: pages could not "
            "be read; 5: the loss is beyond the budget, and nothing was published; 3: a run is on."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--publish", action="store_true", help="publish what changed and what was gained as new versions"
        )
        parser.add_argument(
            "--budget",
            metavar="SHARE",
            help="publish only while no site, nor all of them, loses more of its letters and rows: '2%%', or "
            "'2%%,1%%' for letters and rows (default: 1%%,0.5%%)",
        )
        parser.add_argument(
            "--diff",
            metavar="FILE",
            help="where the row diff is written as Parquet (default: diff-RUN.parquet in the state folder)",
        )
        help_text = "with --publish: how long to wait for a run that is on (default: 0)"
        parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help=help_text)

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.upkeep.reclean import run

        return run(self, opts)
