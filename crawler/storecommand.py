"""Commands that work on what was published: no site files, no crawl, one run at a time."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from scrapy.exceptions import UsageError

from crawler.errors import ExitCode, UserError
from crawler.quiet import QuietCommand
from crawler.run import RunConfig
from pipelines.store.errors import OutputLocked, StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.lock import OutputLock
from pipelines.store.output import Output, open_output
from pipelines.store.publish import Publisher
from pipelines.store.replacement import sweep_retired

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
    """Base of `scrapy compact`."""

    requires_crawler_process = False
    _config: RunConfig

    def syntax(self) -> str:
        return "[options]"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--wait",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="how long to wait for a run that is on (default: 0)",
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args:
            raise UsageError
        assert self.settings is not None
        try:
            self._config = RunConfig.from_settings(self.settings)
        except UserError as error:
            self.refuse(str(error), error.exit_code)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            with self._opened(opts.wait) as store:
                self.exitcode = self.work(store)
        except OutputLocked as error:
            self.refuse(str(error), ExitCode.LOCKED)
        except StoreError as error:
            self.refuse(str(error), ExitCode.UNFINISHED)

    def work(self, store: OpenStore) -> ExitCode:
        """What the command does; raises `StoreError` when it cannot be finished."""
        raise NotImplementedError

    @contextmanager
    def _opened(self, wait: float) -> Iterator[OpenStore]:
        config = self._config
        if not config.ledger.is_file():
            raise StoreError(f"there is no ledger {config.ledger}: no run has published into {config.output}")
        now = datetime.now(UTC)
        run_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        output = open_output(config.output)
        with self._locked(f"{self.name} {run_id}", wait), closing(Ledger(config.ledger)) as ledger:
            Publisher(ledger, output, config.state / "scratch", run_id).recover()
            sweep_retired(ledger, output, now)
            yield OpenStore(config, ledger, output, run_id, now)

    def _locked(self, holder: str, wait: float) -> OutputLock:
        until = time.monotonic() + wait
        while True:
            try:
                return OutputLock(self._config.state / "lock", holder)
            except OutputLocked:
                if time.monotonic() >= until:
                    raise
                time.sleep(_LOOK_AGAIN)
