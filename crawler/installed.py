"""What only the workers import: were it missing, every page would be turned away for it."""

from __future__ import annotations

from importlib.util import find_spec

from crawler.errors import UserError

_IN_WORKERS = (
    *("courlan", "feedparser", "hijridate", "jdatetime", "langdetect", "lxml"),
    *("lxml_html_clean", "numpy", "trafilatura", "tzdata", "w3lib"),
)


def check_installed() -> None:
    """Raises `UserError` naming the first package that is not there."""
    for name in _IN_WORKERS:
        if find_spec(name) is None:
            raise UserError(f"{name} is not installed; install what requirements/run.lock lists")
