"""`scrapy compact`: the small files of each day become few, and no reader misses or doubles a row."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from crawler.errors import ExitCode
from crawler.storecommand import StoreCommand
from pipelines.store.errors import OutputLocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.config import RunConfig
    from pipelines.store.compact import Compacted

_MIB = 1024 * 1024


class Command(StoreCommand):
    """Merges the small files of our ledger, partition by partition; a crash leaves each before or after."""

    name = "compact"
    speaks_json = False

    def short_desc(self) -> str:
        return "Merge the small files of each partition"

    def long_desc(self) -> str:
        return (
            "Merge the small files of each partition that this output's ledger has published. Readers see "
            "the files from before or those from after; who reads by the manifest notices nothing. Of an "
            "output crawled in shards, those of each shard, one after another, or with -a shard=2/8 of one. "
            "Exit code 3: a run is on; 4: a file is damaged, or the disk refused."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        help_text = "how long to wait for a run that is on (default: 0)"
        parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help=help_text)

    def work(self, opts: argparse.Namespace) -> ExitCode:
        from crawler.terminal import harmless

        done: list[Compacted] = []
        held, configs = False, self.configs()
        for config in configs:
            try:
                for each in self._compacted(config, opts.wait):
                    done.append(each)
                    self.show(map(harmless, _lines(each)))
            except OutputLocked as error:
                if len(configs) == 1:
                    raise
                held = True
                self.show([harmless(f"{error}: left for later")])
        self.show([_total(done)])
        if any(each.damaged for each in done):
            return ExitCode.UNFINISHED
        return ExitCode.LOCKED if held else ExitCode.OK

    def _compacted(self, config: RunConfig, wait: float) -> Iterator[Compacted]:
        from pipelines.store.compact import Compactor

        if config.shard and not config.ledger.exists():
            self.show([f"Shard {config.shard} has no ledger {config.ledger}: left alone"])
            return
        with self.opened(wait, config) as store:
            scratch = store.config.state / "scratch"
            yield from Compactor(store.ledger, store.output, scratch, store.run_id, store.now).compact()


def _lines(done: Compacted) -> list[str]:
    lines = [f"{path}: damaged and left alone; see scrapy verify" for path in done.damaged]
    if done.files_after < done.files_before:
        lines.append(f"{done.dataset}/fetch_date={done.partition}: {_change([done])}")
    return lines


def _total(done: list[Compacted]) -> str:
    changed = [each for each in done if each.files_after < each.files_before]
    return f"Total: {_change(changed)}" if changed else "Nothing to compact."


def _change(done: list[Compacted]) -> str:
    before, after = sum(each.files_before for each in done), sum(each.files_after for each in done)
    sizes = [sum(each.bytes_before for each in done), sum(each.bytes_after for each in done)]
    old, new = (f"{size / _MIB:.1f}" for size in sizes)
    return f"{before:,} -> {after:,} files, {old} -> {new} MiB"
