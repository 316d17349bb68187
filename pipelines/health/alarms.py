"""An alarm: a site is not what it was. Raised once, open until it recovers or the change is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SignKind(StrEnum):
    """What can be out of the ordinary."""

    SILENT = "silent"
    LAYOUT = "layout"
    BOILERPLATE = "boilerplate"
    LANGUAGE = "language"
    FAILING = "failing"
    BLOCKED = "blocked"
    STALE = "stale"


class Ending(StrEnum):
    """How an alarm ends."""

    RECOVERED = "recovered"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that is out of the ordinary: `kind` as a code, `said` as a sentence with both figures."""

    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """`run_id` raised it at `raised_at` (aware UTC); `last_run_id` saw it last.

    `cases` are files with failing pages, for `scrapy explain -a case=FILE`. `ended_at` is None while it is
    open; `ending`: recovered, or accepted as the new normal.
    """

    site: str
    run_id: str
    raised_at: datetime
    signs: tuple[Sign, ...]
    last_run_id: str
    cases: tuple[str, ...] = ()
    ended_at: datetime | None = None
    ending: str | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of its signs, each once."""
        return tuple(dict.fromkeys(sign.kind for sign in self.signs))
