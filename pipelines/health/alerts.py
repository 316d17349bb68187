"""What `alerts.json` says: the alarms that a run raised, those that are open, those that ended, shortfalls.

Its format is in docs/alarms.md. Keys are only added within a version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pipelines.health.alarms import Alarm

VERSION = 1


def alerts(
    run_id: str,
    now: datetime,
    *,
    raised: Iterable[Alarm],
    still_open: Iterable[Alarm],
    ended: Iterable[Alarm],
    shortfalls: Iterable[str],
    command: Callable[[str], str],
) -> str:
    """The file's text; an alarm is in one of its lists. `command` opens a case."""
    said: dict[str, Any] = {
        "version": VERSION,
        "run_id": run_id,
        "generated_at": now.isoformat(),
        "raised": [_plain(alarm, command) for alarm in raised],
        "open": [_plain(alarm, command) for alarm in still_open],
        "ended": [_plain(alarm, command) for alarm in ended],
        "shortfalls": [_shortfall(line) for line in shortfalls],
    }
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _shortfall(line: str) -> dict[str, str]:
    """Of a line that begins with the name of the site."""
    site, _, said = line.partition(": ")
    return {"site": site, "said": said}


def _plain(alarm: Alarm, command: Callable[[str], str]) -> dict[str, Any]:
    return {
        "site": alarm.site,
        "kinds": list(alarm.kinds),
        "signs": [{"kind": sign.kind, "said": sign.said} for sign in alarm.signs],
        "since": alarm.raised_at.isoformat(),
        "raised_by": alarm.run_id,
        "seen_by": alarm.last_run_id,
        "cases": list(alarm.cases),
        "commands": [command(case) for case in alarm.cases],
        "ended_at": alarm.ended_at.isoformat() if alarm.ended_at else None,
        "ending": alarm.ending,
    }
