"""Figures for Prometheus: run, sites and ledger as gauges in a file for node_exporter's textfile collector.

All that is measured is in `HELP`; docs/metrics.md describes it, deploy/prometheus has alert rules.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from crawler.errors import ExitCode
from crawler.keyvalues import counted
from pipelines.health.figures import SiteRun
from pipelines.records import State
from pipelines.shard import Shard
from pipelines.store.durable import write_atomically
from pipelines.store.ledger_figures import EndedRun, LedgerFigures, ledger_figures

if TYPE_CHECKING:  # it writes them
    from crawler.run import Run

logger = logging.getLogger(__name__)

FILE = "khabar.prom"
# Each gauge with its help text; where it has labels beside `shard`, they are named in `LABELS`.
HELP = {
    "khabar_run_timestamp_seconds": "When the spider's last run ended, in Unix time.",
    "khabar_run_duration_seconds": "How long the spider's last run took.",
    "khabar_run_exit_code": "Exit code of the spider's last run; 0 is well.",
    "khabar_site_run_timestamp_seconds": "When the last run that visited the site began, in Unix time.",
    "khabar_site_listed_urls": "URLs that the site listed in its last run, known or new.",
    "khabar_site_fetched_pages": "Pages fetched from the site in its last run.",
    "khabar_site_stored_articles": "New articles of the site in its last run.",
    "khabar_site_changed_articles": "New versions of stored articles of the site in its last run.",
    "khabar_site_rejected_pages": "Pages of the site that its last run turned away, by reason.",
    "khabar_site_failed_urls": "URLs of the site that gave no page in its last run, by reason.",
    "khabar_site_waiting_urls": "URLs of the site that its last run left for the next.",
    "khabar_site_alarm_open": "1 while an alarm of the site is open, else 0.",
    "khabar_site_last_article_timestamp_seconds": "When the last run with a new article of the site began.",
    "khabar_ledger_readable": "1 when the ledger could be read, else 0.",
    "khabar_ledger_urls": "URLs in the ledger, by state.",
    "khabar_ledger_size_bytes": "Size of the ledger on disk.",
    "khabar_ledger_spooled_rows": "Rows in the ledger that are not published yet.",
    "khabar_ledger_files": "Published files that the ledger lists.",
    "khabar_ledger_oldest_pending_timestamp_seconds": "When the URL was discovered that waits longest.",
}
LABELS = {
    "khabar_run": ("spider",),
    "khabar_site": ("site",),
    "khabar_site_rejected_pages": ("site", "reason"),
    "khabar_site_failed_urls": ("site", "reason"),
    "khabar_ledger_urls": ("state",),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One ledger with its figures, or what is known without it."""

    shard: Shard | None
    runs: Sequence[EndedRun]
    sites: Sequence[SiteRun]
    ledger: LedgerFigures | None


def write_metrics(run: Run) -> None:
    """What there is to know when a run ends; a file that cannot be written is one warning."""
    file = run.config.metrics or run.config.report_folder / FILE
    try:
        if run.config.metrics is None:
            file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, exposition([_measured(run)]))
        file.chmod(0o644)  # its reader is another user's process
    except OSError as error:
        logger.warning("cannot write the metrics %s: %s", file, error.strerror or error)


def _measured(run: Run) -> Measured:
    now = datetime.now(UTC)
    try:
        return measured(run.ledger.connection, run.ledger.path, run.config.shard, now)
    except (sqlite3.Error, ValueError):  # the run has failed for it; what it came to is known all the same
        ended = EndedRun(run.run_id, run.spider, run.started_at, now, run.figures.outcome)
        return Measured(
            run.config.shard, [ended], run.figures.site_runs if run.spider == "news" else (), None
        )


def measured(db: sqlite3.Connection, path: Path, shard: Shard | None, now: datetime) -> Measured:
    """What a ledger knows. Raises `sqlite3.Error`, or `ValueError` where it has nonsense."""
    found = ledger_figures(db, path, now)
    return Measured(shard, found.runs, found.sites, found)


def exposition(all_measured: Sequence[Measured]) -> str:
    """In Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Gauges(all_measured))
    return generate_latest(registry).decode("utf-8")


class _Gauges(Collector):
    """All gauges; those of a shard have its label."""

    def __init__(self, all_measured: Sequence[Measured]) -> None:
        self._all = all_measured

    def collect(self) -> Iterator[GaugeMetricFamily]:
        sharded = any(each.shard for each in self._all)
        families = {name: _family(name, sharded=sharded) for name in HELP}
        for each in self._all:
            own = (str(each.shard or ""),) if sharded else ()
            for name, labels, value in samples(each):
                families[name].add_metric((*labels, *own), value)
        yield from (family for family in families.values() if family.samples)


def _family(name: str, *, sharded: bool) -> GaugeMetricFamily:
    labels = labels_of(name)
    return GaugeMetricFamily(name, HELP[name], labels=(*labels, "shard") if sharded else labels)


def labels_of(name: str) -> tuple[str, ...]:
    """The names of a gauge's labels, `shard` apart: its own, or those of its kind."""
    return LABELS.get(name) or LABELS.get("_".join(name.split("_")[:2]), ())


Sample = tuple[str, tuple[str, ...], float]


def samples(found: Measured) -> Iterator[Sample]:
    """Name, values of the labels, value."""
    for run in found.runs:
        yield from _of_run(run)
    for site in found.sites:
        yield from _of_site(site)
    yield "khabar_ledger_readable", (), float(found.ledger is not None)
    if found.ledger is not None:
        yield from _of_ledger(found.ledger)


def _of_run(run: EndedRun) -> Iterator[Sample]:
    by = (run.spider,)
    code = ExitCode.__members__.get(run.outcome.upper(), ExitCode.OK)  # one that was stopped is well
    yield "khabar_run_timestamp_seconds", by, run.ended_at.timestamp()
    yield "khabar_run_duration_seconds", by, (run.ended_at - run.started_at).total_seconds()
    yield "khabar_run_exit_code", by, code


def _of_site(run: SiteRun) -> Iterator[Sample]:
    by = (run.site,)
    yield "khabar_site_run_timestamp_seconds", by, run.started_at.timestamp()
    yield "khabar_site_listed_urls", by, run.listed
    yield "khabar_site_fetched_pages", by, run.fetched
    yield "khabar_site_stored_articles", by, run.stored
    yield "khabar_site_changed_articles", by, run.changed
    yield "khabar_site_waiting_urls", by, run.waiting
    for name, found in (("rejected_pages", run.rejected), ("failed_urls", run.failed)):
        for reason, count in counted(found).items():
            yield f"khabar_site_{name}", (run.site, reason), count


def _of_ledger(found: LedgerFigures) -> Iterator[Sample]:
    for site in found.sites:
        yield "khabar_site_alarm_open", (site.site,), float(site.site in found.alarming)
    for name, moment in found.last_articles.items():
        yield "khabar_site_last_article_timestamp_seconds", (name,), moment.timestamp()
    for state in State:  # one without a URL is 0 and not missing
        yield "khabar_ledger_urls", (state.value,), found.urls.get(state.value, 0)
    yield "khabar_ledger_size_bytes", (), found.size
    yield "khabar_ledger_spooled_rows", (), found.spooled
    yield "khabar_ledger_files", (), found.files
    if found.oldest_pending is not None:
        yield "khabar_ledger_oldest_pending_timestamp_seconds", (), found.oldest_pending.timestamp()


def plain(all_measured: Iterable[Measured]) -> list[dict[str, object]]:
    """For JSON: one object a sample."""
    return [
        {
            "name": name,
            **dict(zip(labels_of(name), labels, strict=True)),
            "shard": str(each.shard or ""),
            "value": value,
        }
        for each in all_measured
        for name, labels, value in samples(each)
    ]
