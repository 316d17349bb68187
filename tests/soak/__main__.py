"""`python -m tests.soak`: kill a crawl 200 times and say what that did to it, beside plain Scrapy."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.soak.account import RANDOM, Account
from tests.soak.harness import Soak
from tests.soak.plain import PlainSoak

_MOST_SHOWN = 10


def main() -> int:
    asked = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="khabar-soak-"))
    say(f"seed {asked.seed}: {asked.kills} kills, {asked.articles} articles, below {folder}")
    accounts: dict[str, Account] = {}
    given = (asked.kills, asked.articles, asked.seed, say)
    accounts["Khabar"] = timed("Khabar", Soak(make(folder / "khabar"), *given).run)
    if asked.plain:
        accounts["plain Scrapy"] = timed("plain Scrapy", PlainSoak(make(folder / "plain"), *given).run)
        at_once = PlainSoak(make(folder / "plain-at-once"), *given, at_once=True)
        accounts["all at once"] = timed("plain Scrapy, all at once", at_once.run)
    say("\n".join(("", *table(accounts))))
    broken = accounts["Khabar"].broken()
    if broken:
        say("\n".join(report(accounts["Khabar"], broken, asked.seed, folder)))
        return 1
    shutil.rmtree(folder)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument(
        "--plain", action="store_true", help="the same with Scrapy's JOBDIR and JSON lines, to compare"
    )
    return parser.parse_args()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def timed(name: str, run: Callable[[], Account]) -> Account:
    begun = time.monotonic()
    account = run()
    say(f"{name}: {time.monotonic() - begun:.0f} s, {account.cycle_seconds():.1f} s a run")
    return account


def table(accounts: dict[str, Account]) -> list[str]:
    """One line a figure, one column a contestant."""
    rows: dict[str, Callable[[Account], int]] = {
        "kill -9": lambda account: account.kills.total(),
        "  at a named step": lambda account: account.kills.total() - account.kills[RANDOM],
        "  at a random time": lambda account: account.kills[RANDOM],
        "articles": lambda account: account.articles,
        "missing": lambda account: len(account.missing),
        "duplicates": lambda account: len(account.duplicates),
        "unreadable files or lines": lambda account: len(account.unreadable),
        "refetched after it was stored": lambda account: len(account.refetched),
    }
    lines = [f"{'':32}" + "".join(f"{name:>14}" for name in accounts)]
    for label, figure in rows.items():
        lines.append(f"{label:32}" + "".join(f"{figure(account):14}" for account in accounts.values()))
    return lines


def report(account: Account, broken: dict[str, list[str]], seed: int, folder: Path) -> list[str]:
    """What does not hold, and how to see it again."""
    lines = [f"\nBROKEN with seed {seed}; the last kill came {account.last_kill}; kept: {folder}"]
    for name, found in broken.items():
        lines += [f"{name}: {len(found)}", *(f"  {what}" for what in found[:_MOST_SHOWN])]
    return lines


if __name__ == "__main__":
    sys.exit(main())
