"""The pages of an archive as the steps see them: of the wanted sites, with what was passed over counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.archive.batch.job import Input, Job
from pipelines.archive.read import DAMAGED, Archived, Passed, archived_pages
from pipelines.records import Page
from pipelines.store.errors import StoreError

_MOST_NAMED = 20


@dataclass(slots=True)
class Reader:
    """Reads one archive; `counts` and `damaged` grow with it."""

    job: Job
    source: Input
    counts: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)

    def pages(self, start: int = 0) -> Iterator[tuple[int, Page]]:
        """Offset and page, from `start` on; raises `StoreError` naming an archive that cannot be read."""
        archive = self.source.archive
        try:
            with archive.open() as file:
                for found in archived_pages(file, archive.name, self.source.run_id, start):
                    if isinstance(found, Passed):
                        self._note(found)
                    elif page := self._wanted(found):
                        yield page
        except OSError as error:
            raise StoreError(f"cannot read {archive.place}: {error.strerror or error}") from None

    def _note(self, passed: Passed) -> None:
        self.counts[f"passed.{passed.reason}"] += 1
        if passed.reason == DAMAGED and len(self.damaged) < _MOST_NAMED:
            what = f" ({passed.detail})" if passed.detail else ""
            self.damaged.append(f"{self.source.archive.place}: damaged at {passed.offset}{what}")

    def _wanted(self, found: Archived) -> tuple[int, Page] | None:
        page = found.page
        if self.job.sites and page.site not in self.job.sites:
            self.counts["passed.other_site"] += 1
            return None
        self.counts["pages"] += 1
        return page.warc_offset or 0, page
