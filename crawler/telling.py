"""What a run leaves for those who watch over it, once its rows are safe: log lines, metrics, report, card."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.metrics import write_metrics
from crawler.sitelines import log_sites
from pipelines.store.errors import StoreError

if TYPE_CHECKING:  # it tells of itself
    from crawler.run import Run

logger = logging.getLogger(__name__)


def tell(run: Run) -> None:
    """All of it; nothing that goes wrong here takes the rest along, and a fault of ours counts as one."""
    for step in (log_sites, write_metrics, *([_report, _card] if run.config.report else [])):
        try:
            step(run)
        except Exception:  # whatever it is: the lock must be released, and the run is through
            run.figures.errors += 1
            logger.exception("%s failed", step.__name__.strip("_"))


def _report(run: Run) -> None:
    from crawler.upkeep.report import write_report  # noqa: PLC0415  templates, needed once the run is over

    try:
        run.figures.report = write_report([run.config], datetime.now(UTC))
    except (StoreError, OSError, sqlite3.Error) as error:
        logger.warning("cannot write the report: %s", error)


def _card(run: Run) -> None:
    from crawler.upkeep.card import write_card  # noqa: PLC0415  as above

    written = write_card(run.config, datetime.now(UTC))
    run.figures.documents = written.targets
    for line in filter(None, (*written.said, written.refused)):
        logger.warning("%s", line)
