"""Commands that look after what is stored: no crawl, one line for a mistake, figures in columns."""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from crawler.errors import ExitCode, UserError
from crawler.quiet import QuietCommand
from crawler.shard import ARGUMENT, given_shard
from pipelines.shard import new_run_id
from pipelines.store.errors import OtherShards, OutputLocked, StoreError
from pipelines.store.lock import RunLock

if TYPE_CHECKING:
    from crawler.config import RunConfig
    from pipelines.store.ledger import Ledger
    from pipelines.store.output import Output

# Seconds between two looks at a lock that is held.
_LOOK_AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class OpenStore:
    """The ledger and its output, held against other runs; what a crash interrupted is finished."""

    config: RunConfig
    ledger: Ledger
    output: Output
    run_id: str
    now: datetime


class StoreCommand(QuietCommand):
    """Base of `scrapy verify`, `scrapy reconcile`, `scrapy compact`, `scrapy rebuild` and others.

    `arguments` are what `-a` takes beside the shard, each with its meaning; `speaks_json` is whether the
    command can say what it has to say as JSON, too. A subclass does its work in
    `work`: with `config`, or with each of `configs` when it looks after all shards at once.
    """

    requires_crawler_process = False
    arguments: ClassVar[dict[str, str]] = {}
    speaks_json: ClassVar[bool] = True
    config: RunConfig
    given: dict[str, str]

    def syntax(self) -> str:
        return "[options]"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        meanings = "; ".join(f"{name}={meaning}" for name, meaning in self._known.items())
        parser.add_argument(
            "-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE", help=meanings
        )
        if self.speaks_json:
            parser.add_argument(
                "--format", choices=("text", "json"), default="text", help="json: one object, for scripts"
            )

    @property
    def _known(self) -> dict[str, str]:
        return {**self.arguments, ARGUMENT: "2/8: the ledger of this shard"}

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse what cannot work before anything is opened."""
        from crawler.config import RunConfig

        super().process_options(args, opts)
        assert self.settings is not None
        if args:
            raise UsageError
        try:
            self.given = arglist_to_dict(getattr(opts, "spargs", []))
        except ValueError:
            raise UsageError("Invalid -a value, use -a NAME=VALUE", print_help=False) from None
        with self.reported():
            if unknown := self.given.keys() - self._known.keys():
                known = ", ".join(self._known)
                raise UserError(f"no argument {min(unknown)!r}; there are {known}")
            self.config = RunConfig.from_settings(self.settings, given_shard(self.given))
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
        except OtherShards as error:
            self.refuse(str(error), ExitCode.USAGE)
        except OutputLocked as error:
            self.refuse(str(error), ExitCode.LOCKED)
        except (StoreError, OSError, sqlite3.Error) as error:
            self.refuse(str(error), ExitCode.UNFINISHED)

    def configs(self) -> tuple[RunConfig, ...]:
        """That of the shard or the whole; those of all shards where none is named and the output has some.

        Raises `UserError`, `StoreError`.
        """
        from crawler.config import RunConfig
        from pipelines.shard import shards
        from pipelines.store.shards import check_shard, number_of_shards

        assert self.settings is not None
        output = self.config.open_output()
        if self.config.shard or (of := number_of_shards(output)) is None:
            check_shard(output, self.config.shard)
            return (self.config,)
        if self.settings.get("NEWS_STATE"):
            raise UserError(f"NEWS_STATE names one ledger of {of}: say whose it is, as in -a shard=1/{of}")
        return tuple(RunConfig.from_settings(self.settings, shard) for shard in shards(of))

    @contextmanager
    def opened(self, wait: float = 0.0, config: RunConfig | None = None) -> Iterator[OpenStore]:
        """Ledger and output to write in; `OutputLocked` when a run is on for longer than `wait` seconds."""
        from pipelines.store.ledger import Ledger
        from pipelines.store.publish import Publisher
        from pipelines.store.replacement import sweep_retired
        from pipelines.store.shards import check_ledger, check_shard

        config, now = config or self.config, datetime.now(UTC)
        output = config.open_output()
        check_shard(output, config.shard)
        if not config.ledger.is_file():
            raise StoreError(f"there is no ledger {config.ledger}: no run has published into {config.output}")
        run_id = new_run_id(now, config.shard)
        with self.locked(wait, config), closing(Ledger(config.ledger)) as ledger:
            check_ledger(ledger, config.ledger, config.shard)
            Publisher(ledger, output, config.state / "scratch", run_id).recover()
            sweep_retired(ledger, output, now)
            yield OpenStore(config, ledger, output, run_id, now)

    def locked(self, wait: float = 0.0, config: RunConfig | None = None) -> RunLock:
        """No run under way while this is held; `OutputLocked` when one still is after `wait` seconds."""
        until, config = time.monotonic() + wait, config or self.config
        while True:
            try:
                return RunLock(config.state, config.ledger, f"scrapy {self.name}", config.held)
            except OutputLocked:
                if time.monotonic() >= until:
                    raise
                time.sleep(_LOOK_AGAIN)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of columns as wide as they must be: the first to the left, the others to the right.

    >>> list(table([("site", "urls"), ("sahifa", "7")]))
    ['site    urls', 'sahifa     7']
    """
    from crawler.terminal import display_width

    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell + fill if number == 0 else fill + cell
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            for fill in [" " * (width - display_width(cell))]
        ]
        yield "  ".join(cells).rstrip()
