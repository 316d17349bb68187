"""`scrapy card`: the data card, Croissant description and DuckDB views beside the data, written anew."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand
from pipelines.store.errors import StoreError


class Command(StoreCommand):
    """Writes what the end of each run writes."""

    name = "card"

    def short_desc(self) -> str:
        return "Describe the data beside the data: README.md, croissant.json, views.sql"

    def long_desc(self) -> str:
        return (
            "Write the data card (README.md with a header for Hugging Face), croissant.json and views.sql "
            "for DuckDB beside the data, as the end of each run does. What cannot be read is named in the "
            "card. A README.md of your own stays: the card is DATACARD.md then. Works beside a run under "
            "way. Exit code 4: it cannot be written."
        )

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.terminal import harmless, json_line
        from crawler.upkeep.card import write_card

        written = write_card(self.config, datetime.now(UTC))
        if written.refused:
            raise StoreError(written.refused)
        if opts.format == "json":
            self.show([json_line(asdict(written))])
            return ExitCode.OK
        lines = []
        if written.is_empty:
            lines.append(f"nothing is published below {self.config.output} yet: is NEWS_OUTPUT right?")
        lines += [*written.said, *(f"not counted: {line}" for line in written.not_counted)]
        lines.append(f"{', '.join(written.targets) or 'nothing'} written below {self.config.output}")
        self.show(map(harmless, lines))
        return ExitCode.OK
