"""`scrapy verify`: every published file against the manifest, and the bytes behind the rows."""

from __future__ import annotations

import argparse

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand


class Command(StoreCommand):
    """Reads everything and changes nothing, unless told to forget what is gone."""

    name = "verify"

    def short_desc(self) -> str:
        return "Check every published file against the manifest"

    def long_desc(self) -> str:
        return (
            "Read every published file: size, SHA-256, page checksums, schema, rows. Names files that are "
            "damaged, missing, or found by readers' patterns and listed nowhere, each with the mend. Works "
            "beside a run under way. Exit code 0: all well; 6: problems; 4: the output cannot be read."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--raw", action="store_true", help="read the WARC records behind the rows, too")
        parser.add_argument(
            "--forget",
            action="store_true",
            help="first take files that are gone off the lists; their articles are not stored again",
        )

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.upkeep.verify import Verification

        return Verification(self).run(opts)
