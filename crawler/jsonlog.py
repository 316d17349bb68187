"""The log as JSON lines (`NEWS_LOG_FORMAT=json`): one object a record, for what collects logs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from crawler.keyvalues import KeyValues
from crawler.loglines import lines
from crawler.terminal import json_line


class JsonFormatter(logging.Formatter):
    """`time` (UTC), `level`, `logger`, `message`, keys of a line of keys and values, `exception`, `stack`.

    Messages and tracebacks are those of `crawler.loglines`; passwords are masked in fields, too.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
        }
        if isinstance(record.msg, KeyValues):
            said |= {"message": record.msg.event} | dict(record.msg.values)
        else:
            said["message"] = record.getMessage()
        if record.exc_info and not record.exc_text:  # a record that was made before ours were
            record.exc_text = lines(self.formatException(record.exc_info))
        if record.exc_text:
            said["exception"] = record.exc_text
        if record.stack_info:
            said["stack"] = record.stack_info
        return json_line(said)
