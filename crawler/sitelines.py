"""What a run came to, as the last lines of its log: one for each site, one for the run, key=value."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.figures import Figures
from crawler.keyvalues import KeyValues, Value, counted
from pipelines.health.figures import SiteRun, added
from pipelines.store.site_runs import alarms

if TYPE_CHECKING:  # it logs them
    from crawler.run import Run

logger = logging.getLogger("khabar.sites")


def log_sites(run: Run) -> None:
    """Log them; a ledger that cannot be read keeps no line back."""
    try:
        alarming = {alarm.site for alarm in alarms(run.ledger.connection, only_open=True)}
    except sqlite3.Error:  # the run is told of it elsewhere
        alarming = set()
    short = {line.partition(": ")[0] for line in run.figures.shortfalls}
    for each in run.figures.site_runs:
        logger.info(KeyValues("site", of_site(each, site_outcome(each, alarming, short))))
    seconds = (datetime.now(UTC) - run.started_at).total_seconds()
    logger.info(KeyValues("run", of_run(run.figures, run.run_id, seconds)))


def site_outcome(run: SiteRun, alarming: set[str], short: set[str]) -> str:
    """In one word how the site is: the gravest that is known of it."""
    if run.site in alarming:
        return "alarm"
    if run.site in short:
        return "short"
    return "held_back" if run.held_back else "ok"


def of_site(run: SiteRun, outcome: str) -> Mapping[str, Value]:
    """Keys and values of one site's line."""
    why: dict[str, Value] = {"held_back": run.held_back} if run.held_back else {}
    return {
        "site": run.site,
        "run": run.run_id,
        "outcome": outcome,
        **why,
        "listed": run.listed,
        "discovered": run.discovered,
        "fetched": run.fetched,
        "stored": run.stored,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "copies": run.copies,
        "rejected": counted(run.rejected),
        "failed": counted(run.failed),
        "languages": counted(run.languages),
        "waiting": run.waiting,
        "seconds": round(run.seconds, 1),
    }


def of_run(figures: Figures, run_id: str, seconds: float) -> Mapping[str, Value]:
    """Keys and values of the run's line: the sums of its sites, and what is no site's."""
    total = added(figures.site_runs)
    return {
        "run": run_id,
        "outcome": figures.outcome,
        "exit_code": int(figures.exit_code),
        "sites": len(figures.site_runs),
        "listed": sum(each.listed for each in figures.site_runs),
        "discovered": total.discovered,
        "fetched": total.fetched,
        "stored": total.stored,
        "changed": total.changed,
        "unchanged": total.unchanged,
        "copies": total.copies,
        "rejected": counted(total.rejected),
        "failed": counted(total.failed),
        "waiting": sum(each.waiting for each in figures.site_runs),
        "errors": figures.errors,
        "files": len(figures.published.files) if figures.published else 0,
        "seconds": round(seconds, 1),
    }
