"""Log lines that nobody can forge: what strangers wrote cannot begin one, hide in one or make one endless.

In place of care at each call: every record of the process, be it Scrapy's, Twisted's or another library's, is
one of these, whichever handler writes it.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from twisted.logger import globalLogBeginner

from pipelines.masking import hidden

# Characters of a line, and of a message or traceback in all: a host may send a header of megabytes, and an
# error may quote it.
MAX_LINE, MAX_TEXT = 2_000, 20_000
# Lines after a record's first: none of them begins as a record does.
INDENT = "    "
# Controls, line ends of Unicode, marks that turn the reading order around, characters without a width, and
# halves of pairs. ZWNJ and ZWJ are spelling and stay.
_ESCAPED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

_ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class LineRecord(logging.LogRecord):
    """A record whose message and traceback are lines of this kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.exc_info, tuple) and self.exc_info[0] is not None:  # formatters take it as it is
            self.exc_text = INDENT + lines("".join(traceback.format_exception(*self.exc_info)).rstrip("\n"))
        if self.stack_info:
            self.stack_info = INDENT + lines(self.stack_info)

    def getMessage(self) -> str:  # noqa: N802  logging's name
        return lines(super().getMessage())


def lines(text: str) -> str:
    r"""`text` with passwords masked, controls escaped, long lines cut and every line but the first indented.

    >>> print(lines("moved to http://x.test/\x1b[2J\u202e from http://a:b@x.test/"))
    moved to http://x.test/\x1b[2J\u202e from http://***@x.test/
    """
    text = _cut(hidden(text), MAX_TEXT)
    escaped = (_cut(_ESCAPED.sub(_escape, line), MAX_LINE) for line in text.split("\n"))
    return f"\n{INDENT}".join(escaped)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _cut(text: str, limit: int) -> str:
    """The beginning and the end: what went wrong stands at the end of a traceback."""
    if len(text) <= limit:
        return text
    half = limit // 2 - 2
    return f"{text[:half]} … {text[-half:]}"


def install() -> None:
    """From now on all records are such ones, and what nobody catches is logged, too."""
    if logging.getLogRecordFactory() is LineRecord:
        return
    logging.setLogRecordFactory(LineRecord)
    # Until it is told that logging began, Twisted writes failures to stderr, too, as they come.
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
    sys.excepthook = _uncaught
    threading.excepthook = lambda said: _uncaught(said.exc_type, said.exc_value, said.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), trace)
        return
    logging.getLogger("khabar").critical("uncaught", exc_info=(kind, error, trace))
