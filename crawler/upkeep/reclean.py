"""What `scrapy reclean` does: clean stored pages again, compare, show; publish when told."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

from crawler.config import RunConfig
from crawler.errors import ExitCode, UserError
from crawler.sites import Site, load_sites
from crawler.storecommand import StoreCommand
from crawler.terminal import Terminal, json_line
from crawler.upkeep.reclean_view import Report, plain, view
from pipelines.archive.catalog import Catalog
from pipelines.archive.stored import archived_response
from pipelines.loss import LossBudget
from pipelines.policy import DEFAULT_POLICY
from pipelines.shard import new_run_id
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.lock import OutputLock
from pipelines.store.publish import Publisher
from pipelines.store.reclean_diff import write_diff
from pipelines.store.reclean_look import Recleaner
from pipelines.store.reclean_publish import Taken, publish_recleaned
from pipelines.store.reclean_rows import Choice, RawBytes, SiteFacts, StoredPages
from pipelines.store.reclean_sites import Means
from pipelines.store.reclean_work import Work
from pipelines.store.release import released
from pipelines.store.schema import SCHEMAS
from pipelines.store.shards import check_shard
from pipelines.workers import Workers, load_ahead

# Pages after which a terminal is told how far it is.
_TELL_EVERY = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, checked."""

    choice: Choice
    facts: dict[str, SiteFacts]
    budget: LossBudget
    diff: Path
    publish: bool
    wait: float


def run(command: StoreCommand, opts: argparse.Namespace) -> ExitCode:
    """All of it; raises `UserError` for a mistake, `StoreError` when disk or ledger refuse."""
    config = command.config
    job = new_run_id(datetime.now(UTC), config.shard)
    folder = config.state / "reclean"
    asked = _asked(command, opts, folder / f"diff-{job}.parquet")
    check_shard(config.open_output(), config.shard)
    if not config.ledger.is_file():
        raise StoreError(f"there is no ledger {config.ledger}: no run has published into {config.output}")
    if asked.publish:  # a run that is on is told now, and not after hours
        with command.opened(asked.wait):
            pass
    name = config.ledger.name
    with (
        OutputLock(folder / f"{name}.lock", "scrapy reclean", str(folder)),
        _reported(folder),
        closing(Work(folder / f"{name}.work", job)) as work,
    ):
        report = _looked(config, work, asked)
        if asked.publish and not report.beyond:
            report.taken = _published(command, work, asked)
    if opts.format == "json":
        command.show([json_line(plain(report))])
    else:
        command.show(view(report, Terminal.of(sys.stdout)))
    return report.exit_code


def _asked(command: StoreCommand, opts: argparse.Namespace, diff: Path) -> Asked:
    given = command.given
    names = tuple(filter(None, (name.strip() for name in given.get("site", "").split(","))))
    return Asked(
        Choice(names, _day(given.get("since"))),
        _facts(given.get("sites")),
        _budget(opts.budget),
        _file(command.config, opts.diff) if opts.diff else diff,
        opts.publish,
        opts.wait,
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise UserError(f"since={text!r}: it must be a day such as 2026-11-21") from None


def _budget(text: str | None) -> LossBudget:
    try:
        return LossBudget.parse(text) if text is not None else LossBudget.of(DEFAULT_POLICY)
    except ValueError as error:
        raise UserError(f"--budget {text!r}: {error}") from None


def _file(config: RunConfig, name: str) -> Path:
    """Readers' patterns must not find it, and its folder must be there."""
    path = Path(name)
    if path.is_dir() or not path.parent.is_dir():
        wrong = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise UserError(f"--diff {name}: {wrong}")
    datasets = [(Path(config.output) / dataset).resolve() for dataset in SCHEMAS]
    if any(path.resolve().is_relative_to(dataset) for dataset in datasets):
        raise UserError(f"--diff {name}: readers of the dataset would take it for a part of it")
    return path


def _facts(folder: str | None) -> dict[str, SiteFacts]:
    """What site files say; without the usual folder of them every page is cleaned as its record says."""
    if folder is None and not any(Path("sites").glob("*.toml")):
        return {}
    return {site.name: _facts_of(site) for site in load_sites(folder or "sites")}


def _facts_of(site: Site) -> SiteFacts:
    return SiteFacts(site.language, site.country, site.timezone, site.rules_off)


@contextmanager
def _reported(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot go on in {folder}: {error}") from None


def _looked(config: RunConfig, work: Work, asked: Asked) -> Report:
    """Every page looked at, the diff written, and what there is to say of it; beside a run under way."""
    output = config.open_output()
    with closing(Ledger(config.ledger, DEFAULT_POLICY, read_only=True)) as ledger:
        pages = StoredPages(ledger.connection, output, asked.choice)
        if unknown := set(asked.choice.sites) - (known := pages.sites()):
            raise UserError(f"no site {min(unknown)!r} in the ledger; there are {', '.join(sorted(known))}")
        waiting = pages.waiting()
        load_ahead()
        workers = Workers(config.workers, config.page_seconds, config.page_memory_bytes)
        places = Catalog(ledger.connection).places()
        raw = RawBytes(output, frozenset(released(ledger.connection)), places, archived_response)
        means = Means(ledger, raw, workers, DEFAULT_POLICY, asked.facts)
        _clean(means, pages, work, config.workers)
    if asked.choice == Choice():
        work.forget_others()
    rows = write_diff(asked.diff, work.diffs())
    return Report.of(work, pages, waiting, asked.budget, (asked.diff, rows), publish=asked.publish)


def _clean(means: Means, pages: StoredPages, work: Work, at_a_time: int) -> None:
    means.workers.start()
    try:
        asyncio.run(Recleaner(means, work, _counter()).look(pages, at_a_time))
    except KeyboardInterrupt:
        raise StoreError("stopped; what was cleaned is kept, and a rerun does the rest") from None
    finally:
        means.workers.stop()
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def _counter() -> Callable[[], None]:
    """Tells a terminal how many pages were cleaned."""
    numbers = count(1)

    def counted() -> None:
        number = next(numbers)
        if number % _TELL_EVERY == 0 and sys.stderr.isatty():
            sys.stderr.write(f"\r{number:,} pages cleaned ")

    return counted


def _published(command: StoreCommand, work: Work, asked: Asked) -> Taken:
    with command.opened(asked.wait) as store:
        scratch = store.config.state / "scratch"
        publisher = Publisher(store.ledger, store.output, scratch, store.run_id)
        return publish_recleaned(
            store.ledger, publisher, work, store.run_id, recheck=store.config.recheck, now=store.now
        )
