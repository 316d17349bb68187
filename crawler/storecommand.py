"""Commands that look after what is stored: no crawl, one line for a mistake, figures in columns."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from crawler.errors import ExitCode, UserError
from crawler.quiet import QuietCommand
from crawler.run import RunConfig
from crawler.terminal import display_width
from pipelines.store.errors import OutputLocked, StoreError
from pipelines.store.lock import OutputLock


class StoreCommand(QuietCommand):
    """Base of `scrapy verify`, `scrapy reconcile` and their like.

    `arguments` are what `-a` takes, each with its meaning. A subclass does its work in `work`.
    """

    requires_crawler_process = False
    arguments: ClassVar[dict[str, str]] = {}
    config: RunConfig
    given: dict[str, str]

    def syntax(self) -> str:
        return "[options]"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        meanings = "; ".join(f"{name}={meaning}" for name, meaning in self.arguments.items())
        if meanings:
            parser.add_argument(
                "-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE", help=meanings
            )
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="json: one object, for scripts"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot work before anything is opened."""
        super().process_options(args, opts)
        assert self.settings is not None
        if args:
            raise UsageError
        try:
            self.given = arglist_to_dict(getattr(opts, "spargs", []))
        except ValueError:
            raise UsageError("Invalid -a value, use -a NAME=VALUE", print_help=False) from None
        with self.reported():
            if unknown := self.given.keys() - self.arguments.keys():
                known = ", ".join(self.arguments)
                raise UserError(f"no argument {min(unknown)!r}; there are {known}")
            self.config = RunConfig.from_settings(self.settings)
        self.be_quiet()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        with self.reported():
            self.exitcode = self.work(opts)

    def work(self, opts: argparse.Namespace) -> ExitCode:
        """Do it and show it; what it raises of the store's errors becomes one line and an exit code."""
        raise NotImplementedError

    @contextmanager
    def reported(self) -> Iterator[None]:
        """A mistake, a lock or a refusing disk ends the command with one line."""
        try:
            yield
        except UserError as error:
            self.refuse(str(error), error.exit_code)
        except OutputLocked as error:
            self.refuse(str(error), ExitCode.LOCKED)
        except (StoreError, OSError, sqlite3.Error) as error:
            self.refuse(str(error), ExitCode.UNFINISHED)

    def locked(self) -> OutputLock:
        """No run under way while this is held; raises `OutputLocked` when there is one."""
        return OutputLock(self.config.state / "lock", f"scrapy {self.name}")


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of columns as wide as they must be: the first to the left, the others to the right.

    >>> list(table([("site", "urls"), ("sahifa", "7")]))
    ['site    urls', 'sahifa     7']
    """
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell + fill if number == 0 else fill + cell
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            for fill in [" " * (width - display_width(cell))]
        ]
        yield "  ".join(cells).rstrip()
