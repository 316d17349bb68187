"""All that the documents beside the data are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pipelines.card.figures import Counted
from pipelines.health.waterfall import Step
from pipelines.store.manifest import PublishedFile

# In each document that is ours: one without it is a user's own, and stays.
MARK = "Made by Khabar, anew at the end of each run."


@dataclass(frozen=True, slots=True)
class CardData:
    """`files` are those of the manifest, `counted` what they hold; `place` is the output as DuckDB reads it.

    `steps` and `runs` (how many there were, the last one's id) come from the ledgers; none where there was no
    ledger to read. `missing` has a line for whatever could not be looked at. Times are aware UTC.
    """

    made_at: datetime
    version: str
    place: str
    files: tuple[PublishedFile, ...] = ()
    counted: Counted = field(default_factory=Counted)
    steps: tuple[Step, ...] = ()
    runs: int = 0
    last_run: str = ""
    missing: tuple[str, ...] = ()

    def of(self, dataset: str) -> list[PublishedFile]:
        """Its files."""
        return [file for file in self.files if file.dataset == dataset]

    @property
    def not_counted(self) -> tuple[str, ...]:
        """All that could not be looked at."""
        return (*self.missing, *self.counted.unread)

    @property
    def mixed(self) -> bool:
        """Whether files may have different columns."""
        return len(self.counted.schema_versions) > 1 or bool(self.counted.unread)

    @property
    def filled(self) -> frozenset[str]:
        """The datasets that have files."""
        return frozenset(file.dataset for file in self.files)
