"""`scrapy rebuild`: the ledger made anew from what was published, on request."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from crawler.errors import ExitCode, UserError
from crawler.quiet import QuietCommand
from crawler.run import RunConfig
from crawler.summary import rebuilt_lines
from pipelines.store.errors import LedgerDamaged, OutputLocked, StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.lock import OutputLock
from pipelines.store.output import Output, open_output
from pipelines.store.publish import write_manifest
from pipelines.store.rebuild import rebuild, writers
from pipelines.store.rebuild_files import ALL


class Command(QuietCommand):
    """Moves the ledger aside, and makes one that knows what the output has."""

    name = "rebuild"
    _config: RunConfig
    _writer: str

    def syntax(self) -> str:
        return "[options] [-a writer=NAME|all]"

    def short_desc(self) -> str:
        return "Make the ledger anew from the published files and the WARC"

    def long_desc(self) -> str:
        return (
            "A crawl does this by itself when the ledger is lost or damaged. The old ledger is moved aside. "
            "Of an output that several ledgers write to, the files of the one that was here are taken over; "
            "when its name is lost, too, -a writer=NAME says which, and -a writer=all takes over everything."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="writer=NAME: take over the files of this ledger; writer=all: those of every one",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        try:
            arguments = arglist_to_dict(opts.spargs)
        except ValueError:
            raise UsageError("Invalid -a value, use -a NAME=VALUE", print_help=False) from None
        if args:
            raise UsageError
        if unknown := arguments.keys() - {"writer"}:
            self.refuse(f"unknown argument {sorted(unknown)[0]!r}; known is writer", ExitCode.USAGE)
        try:
            self._config = RunConfig.from_settings(self.settings)
        except UserError as error:
            self.refuse(str(error), error.exit_code)
        self._writer = arguments.get("writer", "")
        self.be_quiet()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            with OutputLock(self._config.state / "lock", "scrapy rebuild"):
                self.show(self._rebuilt(open_output(self._config.output)))
        except UserError as error:
            self.refuse(str(error), error.exit_code)
        except OutputLocked as error:
            self.refuse(str(error), ExitCode.LOCKED)
        except StoreError as error:
            self.refuse(str(error), ExitCode.UNFINISHED)

    def _rebuilt(self, output: Output) -> Iterator[str]:
        known = writers(output)
        if self._writer not in ("", ALL, *known):
            named = ", ".join(sorted(filter(None, known))) or "none"
            raise UserError(f"the manifest names no ledger {self._writer!r}; it names {named}")
        path = self._config.ledger
        if path.exists():
            with suppress(LedgerDamaged):
                Ledger(path).close()  # what SQLite keeps beside the file goes into it; a newer one is refused
        now = datetime.now(UTC)
        rebuilt = rebuild(path, output, self._config.recheck, now, self._writer)
        ledger = Ledger(path)
        try:
            write_manifest(output, ledger)
            if len(known) > 1:
                yield f"{output.name} is written to by {len(known)} ledgers; this one is {ledger.writer}"
                yield from (f"  {name or 'unnamed'}: {count} files" for name, count in sorted(known.items()))
        finally:
            ledger.close()
        yield from rebuilt_lines(rebuilt)
