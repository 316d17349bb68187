"""What of an output is one shard's: the others publish at the same time, and are looked at by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pipelines.shard import Shard, shard_in
from pipelines.store.errors import StoreError
from pipelines.store.output import Files, Output
from pipelines.store.rebuild_files import our_file


@dataclass(frozen=True, slots=True)
class ShardFiles:
    """The part files of `shard` in `output`; with None those of no shard."""

    output: Output
    shard: Shard | None

    @property
    def name(self) -> str:
        """As users call the output."""
        return self.output.name

    def listed(self) -> Files:
        """Those that the manifest lists."""
        return tuple(each for each in self.output.listed() if shard_in(each.writer) == self.shard)

    def targets(self) -> Iterator[str]:
        """Those that a reader's pattern finds."""
        others: set[str] = set()
        with suppress(StoreError):  # a damaged manifest is told of by `listed`
            others = {each.path for each in self.output.listed() if shard_in(each.writer) != self.shard}
        for path in self.output.targets():
            file = our_file(path)
            if path not in others and shard_in(file.run_id if file else "") == self.shard:
                yield path
