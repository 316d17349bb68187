"""What a run leaves for those who watch over it, once its rows are safe: log lines, metrics, report, card."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from crawler.metrics import write_metrics
from crawler.sitelines import log_sites
from pipelines.store.ends import NOTHING_KNOWN, KnownEnds, ends_by_site
from pipelines.store.errors import StoreError

if TYPE_CHECKING:  # it tells of itself
    from crawler.run import Run

logger = logging.getLogger(__name__)


def tell(run: Run) -> None:
    """All of it; nothing that goes wrong here takes the rest along, and a fault of ours counts as one."""
    steps = {"log lines": partial(log_sites, run), "metrics": partial(write_metrics, run)}
    if run.config.report:
        known = _counted(run)
        steps |= {"report": partial(_report, run, known), "data card": partial(_card, run, known)}
    for what, step in steps.items():
        try:
            step()
        except Exception:  # the boundary: whatever it is, the rows are safe and the lock must be released
            run.figures.errors += 1
            logger.exception("%s failed", what)


def _counted(run: Run) -> KnownEnds:
    """Where the URLs stand, for report and card both: it takes two seconds a million."""
    try:
        return {run.config.ledger: ends_by_site(run.ledger.connection)}
    except sqlite3.Error:  # they try it themselves, and tell of it
        return NOTHING_KNOWN


def _report(run: Run, known: KnownEnds) -> None:
    from crawler.upkeep.report import write_report  # noqa: PLC0415  templates, needed once the run is over

    try:
        run.figures.report = write_report([run.config], datetime.now(UTC), known=known)
    except (StoreError, OSError, sqlite3.Error) as error:
        logger.warning("cannot write the report: %s", error)


def _card(run: Run, known: KnownEnds) -> None:
    from crawler.upkeep.card import write_card  # noqa: PLC0415  as above

    written = write_card(run.config, datetime.now(UTC), known)
    run.figures.documents = written.targets
    for line in filter(None, (*written.said, written.refused)):
        logger.warning("%s", line)
