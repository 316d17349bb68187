"""Where the log of a crawl goes, and as what. In place of Scrapy's own handler, which writes but text.

It obeys the same settings: LOG_ENABLED, LOG_FILE, LOG_FILE_APPEND, LOG_ENCODING, LOG_FORMAT, LOG_DATEFORMAT,
LOG_LEVEL and LOG_SHORT_NAMES.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TextIO

from scrapy.settings import BaseSettings, Settings
from scrapy.utils.log import TopLevelFormatter, log_scrapy_info

from crawler.errors import UserError
from crawler.jsonlog import JsonFormatter

LogHandler = logging.StreamHandler[TextIO]


def log_handler(settings: BaseSettings, *, json_lines: bool) -> LogHandler | None:
    """A handler as the settings want it, None where nothing is logged; Scrapy will make none of its own.

    Raises `UserError` when LOG_FILE cannot be written, or LOG_LEVEL is none.
    """
    settings.set("LOG_INSTALL_ROOT_HANDLER", "False", priority="cmdline")
    if name := settings.get("LOG_FILE"):
        handler = LogHandler(_opened(Path(name), settings))
    elif settings.getbool("LOG_ENABLED"):
        handler = LogHandler(sys.stderr)
    else:
        return None
    as_text = logging.Formatter(settings.get("LOG_FORMAT"), settings.get("LOG_DATEFORMAT"))
    handler.setFormatter(JsonFormatter() if json_lines else as_text)
    try:
        handler.setLevel(settings.get("LOG_LEVEL"))
    except (TypeError, ValueError):
        levels = "DEBUG, INFO, WARNING, ERROR or CRITICAL"
        raise UserError(f"LOG_LEVEL={settings.get('LOG_LEVEL')!r}: it must be {levels}") from None
    if settings.getbool("LOG_SHORT_NAMES"):
        handler.addFilter(TopLevelFormatter(["scrapy"]))
    return handler


def _opened(path: Path, settings: BaseSettings) -> TextIO:
    try:
        return path.open(
            "a" if settings.getbool("LOG_FILE_APPEND") else "w", encoding=settings["LOG_ENCODING"]
        )
    except OSError as error:
        raise UserError(f"LOG_FILE={str(path)!r}: cannot be written: {error.strerror}") from None


def install(handler: LogHandler | None, settings: Settings) -> None:
    """Everything goes there from now on, Scrapy's first lines included."""
    logging.root.setLevel(logging.NOTSET)
    logging.root.addHandler(handler or logging.NullHandler())
    log_scrapy_info(settings)
