"""What `scrapy reconcile` does: add up, compare, show."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from crawler.config import RunConfig
from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand, table
from crawler.terminal import Terminal, harmless, json_line
from pipelines.store.balance import SiteBalance
from pipelines.store.errors import StoreError
from pipelines.store.reconcile import Imbalance, Reconciled, reconcile
from pipelines.store.reconcile_shards import reconcile_shards

_HEADER = (
    *("site", "discovered", "stored", "copies", "rejected"),
    *("failed", "gone", "forbidden", "pending", "under way"),
)


def run(command: StoreCommand, opts: argparse.Namespace) -> ExitCode:
    """All of it; raises `StoreError` where there is no ledger."""
    configs = command.configs()
    if len(configs) > 1 or (command.config.shard is None and configs[0].shard):
        return _run_all(command, opts, configs)
    path = command.config.ledger
    if not path.exists():
        raise StoreError(f"there is no ledger {path}: nothing was crawled yet, or NEWS_STATE names another")
    found = reconcile(path, command.config.open_output(), command.given.get("site"))
    if opts.format == "json":
        command.show([json_line(plain(found))])
    else:
        command.show(view(found, Terminal.of(sys.stdout)))
    return ExitCode.DAMAGED if found.imbalances else ExitCode.OK


def _run_all(command: StoreCommand, opts: argparse.Namespace, configs: Sequence[RunConfig]) -> ExitCode:
    places = {each.shard: (each.ledger, each.open_output()) for each in configs if each.shard}
    found = reconcile_shards(places, command.config.open_output(), command.given.get("site"))
    if opts.format == "json":
        shards = [{"shard": str(shard)} | plain(each) for shard, each in found.shards]
        shown = _plain_of(found.total, found.imbalances)
        command.show([json_line({"balanced": not found.imbalances, "shards": shards} | shown)])
    else:
        rows = tuple(replace(each.total, site=f"shard {shard}") for shard, each in found.shards)
        command.show(view(Reconciled(rows, found.total, found.imbalances), Terminal.of(sys.stdout)))
    return ExitCode.DAMAGED if found.imbalances else ExitCode.OK


def plain(found: Reconciled) -> dict[str, object]:
    """For JSON."""
    return {
        "balanced": not found.imbalances,
        "sites": [site.plain() for site in found.sites],
        **_plain_of(found.total, found.imbalances),
    }


def _plain_of(total: SiteBalance, imbalances: Sequence[Imbalance]) -> dict[str, object]:
    return {
        "total": total.plain(),
        "imbalances": [
            {
                "check": each.check,
                "site": each.site,
                "wrong": each.wrong,
                "example": each.example,
                "mend": each.mend,
            }
            for each in imbalances
        ],
    }


def view(found: Reconciled, terminal: Terminal) -> Iterator[str]:
    """Lines for a person: a table, the reasons, what does not add up, the verdict."""
    lines = list(table([_HEADER, *(_cells(each) for each in (*found.sites, found.total))]))
    yield terminal.paint(lines[0], "bold")
    yield from lines[1:-1]
    yield terminal.paint(lines[-1], "bold")
    for heading, counts in (("Rejected", found.total.rejected), ("Failed", found.total.failed)):
        if counts:
            yield f"{heading}: {_counted(counts)}"
    if found.total.under_way:
        yield f"{found.total.under_way} URLs are under way, or wait for the next run after a kill"
    for each in found.imbalances:
        yield terminal.paint(harmless(str(each)), "red")
    yield f"{len(found.imbalances)} imbalances" if found.imbalances else terminal.paint("Balanced", "green")


def _cells(balance: SiteBalance) -> tuple[str, ...]:
    figures = (
        balance.discovered,
        balance.stored,
        balance.copies,
        balance.rejected.total(),
        balance.failed.total(),
        balance.gone,
        balance.forbidden,
        balance.pending,
        balance.under_way,
    )
    return (balance.site, *(f"{figure:,}" for figure in figures))


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{harmless(reason)} {count:,}" for reason, count in counts.most_common())
