"""What `scrapy report` does, and every run at its end: read, draw, write."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from crawler.config import RunConfig
from crawler.errors import ExitCode, UserError
from crawler.storecommand import StoreCommand
from crawler.terminal import harmless, json_line
from pipelines.report.page import render
from pipelines.report.records import ReportData
from pipelines.store.durable import write_atomically
from pipelines.store.ends import NOTHING_KNOWN, KnownEnds
from pipelines.store.report_data import report_data

PAGE = "index.html"


def run(command: StoreCommand, opts: argparse.Namespace) -> ExitCode:
    """Write the page and say where it is; of all shards together where none is named."""
    to = opts.to or command.config.report_folder / PAGE
    if to.is_dir():
        raise UserError(f"--to {to} is a folder: name a file in it, as in {to / PAGE}")
    data = _data(command.configs(), datetime.now(UTC))
    path = _write(data, to)
    size = path.stat().st_size
    if opts.format == "json":
        command.show([json_line(plain(data, path, size))])
    else:
        command.show([harmless(_line(data, path, size))])
    return ExitCode.OK


def write_report(
    configs: Sequence[RunConfig], now: datetime, to: Path | None = None, known: KnownEnds = NOTHING_KNOWN
) -> Path:
    """The page about the output of `configs`, that of a run or of each shard; where it was written.

    What cannot be read is named in the page. Raises `OSError` when it cannot be written.
    """
    return _write(_data(configs, now, known), to or configs[0].report_folder / PAGE)


def _data(configs: Sequence[RunConfig], now: datetime, known: KnownEnds = NOTHING_KNOWN) -> ReportData:
    return report_data({each.ledger: each.shard for each in configs}, configs[0].open_output(), now, known)


def _write(data: ReportData, to: Path) -> Path:
    to.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(to, render(data))
    return to


def plain(data: ReportData, path: Path, size: int) -> dict[str, object]:
    """For JSON."""
    return {
        "path": str(path),
        "bytes": size,
        "runs": [run.run_id for run in data.latest],
        "sites": len(data.sites),
        "articles": len(data.published.articles),
        "open_alarms": sum(1 for alarm in data.alarms if alarm.ended_at is None),
        "unread": [f"{each.what}: {each.why}" for each in data.unread],
    }


def _line(data: ReportData, path: Path, size: int) -> str:
    unread = f"; {len(data.unread)} things could not be read, see there" if data.unread else ""
    return f"{path}: {size:,} bytes about {len(data.sites)} sites{unread}"
