"""What a run leaves for those who watch over it, once its rows are safe: log lines, metrics, report, card."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from crawler.metrics import write_metrics
from crawler.sitelines import log_sites
from pipelines.store.errors import StoreError

if TYPE_CHECKING:  # it tells of itself
    from crawler.run import Run

Result = TypeVar("Result")

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

    path = _written("report", lambda: write_report([run.config], datetime.now(UTC)))
    run.figures.report = path


def _card(run: Run) -> None:
    from crawler.upkeep.card import write_card  # noqa: PLC0415  as above

    written = _written("data card", lambda: write_card(run.config, datetime.now(UTC)))
    if written is not None:
        for line in written.said:
            logger.warning("%s", line)
        run.figures.documents = written.targets


def _written(what: str, write: Callable[[], Result]) -> Result | None:
    try:
        return write()
    except (StoreError, OSError, sqlite3.Error) as error:
        logger.warning("cannot write the %s: %s", what, error)
    return None
