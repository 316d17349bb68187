"""A fortnight of daily runs in a minute or two: one site decays on day eleven, and one alarm says so.

What the runs left for people is opened in Chromium then.

`python -m tests.operate [--keep FOLDER] [--sites N]`; `make operate-test`.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.crawling import scrapy
from tests.operate.days import DECAYING, DECAYS_ON, Days, fourteen_days
from tests.operate.looks import unsightly


def table(days: Days) -> Iterator[str]:
    """A line a day."""
    yield " day  exit  new articles  raised           open"
    for day in days.days:
        raised, still_open = (
            ", ".join(f"{alarm['site']}: {'+'.join(alarm['kinds'])}" for alarm in day.alerts[name])
            for name in ("raised", "open")
        )
        yield f"{day.number:4} {day.done.code:5} {sum(day.stored.values()):13}  {raised:16} {still_open}"


def faults(days: Days) -> Iterator[str]:
    """What is not as it should be; nothing, if all is well."""
    for day in days.days:
        expected = 5 if day.number == DECAYS_ON else 0
        if day.done.code != expected:
            yield f"day {day.number}: exit code {day.done.code}, not {expected}: {day.done.err[-500:]}"
    alarms = days.alarms()
    if [alarm.site for alarm in alarms] != [DECAYING]:
        yield f"alarms of {[alarm.site for alarm in alarms]}, not one of {DECAYING}"
        return
    raised = days.days[DECAYS_ON - 1].alerts["raised"]
    if [alarm["raised_by"] for alarm in raised] != [alarms[0].run_id]:
        yield f"the alarm was not raised on day {DECAYS_ON}"
    commands = [command for alarm in raised for command in alarm["commands"]]
    if not commands:
        yield "no cases were kept"
    for command in commands:
        opened = scrapy(*shlex.split(command)[1:])
        if opened.code != 0 or DECAYING not in opened.out:
            yield f"{command}: exit code {opened.code}: {opened.err}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="leave site files, output and screenshots there"
    )
    parser.add_argument("--sites", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.keep and (arguments.keep / "output").exists():
        parser.error(f"{arguments.keep} holds an output already; name another folder")
    with tempfile.TemporaryDirectory() as folder:
        days = fourteen_days(arguments.keep or Path(folder), arguments.sites)
        sys.stdout.writelines(f"{line}\n" for line in table(days))
        found = [*faults(days), *unsightly(days, arguments.keep)]
    said = found or [f"One alarm, on day {DECAYS_ON}; its cases open. Report and card are as they should be."]
    sys.stdout.writelines(f"{line}\n" for line in said)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
