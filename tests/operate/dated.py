"""`scrapy …` on another day: `python -m tests.operate.dated 2026-11-02T06:00:00+00:00 crawl news …`.

The clock of this process begins there and goes on; workers clean with the times they are given.
"""

from __future__ import annotations

import sys
from datetime import datetime

import time_machine
from scrapy.cmdline import execute


def main() -> None:
    """Run the command at the moment that the first argument names."""
    moment, *arguments = sys.argv[1:]
    with time_machine.travel(datetime.fromisoformat(moment), tick=True):
        execute(["scrapy", *arguments])


if __name__ == "__main__":
    main()
