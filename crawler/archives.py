"""Archive files as the warc spider reads them: in a thread, some records at a time, noted in the ledger."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crawler.items import Fetched
from crawler.run import Run
from pipelines.archive.catalog import PAGE, Catalog
from pipelines.archive.intake import LATER, Taken, take_in
from pipelines.archive.paths import ArchiveFile
from pipelines.archive.read import BAD_URL, DAMAGED, Archived, Passed, archived_pages
from pipelines.archive.stored import archived_page
from pipelines.policy import MIB
from pipelines.store.errors import StoreError
from pipelines.urls import BadUrl, registered_domain

# Records that are read ahead, and noted in one transaction: one for each would take longer.
_AT_ONCE, _AT_ONCE_BYTES = 64, 4 * MIB
# Captures of one URL that become versions in one run; each takes a publication of its own.
_MAX_ROUNDS = 50
# What becomes of a page that is for another shard's ledger.
OTHER_SHARD = "other_shard"


@dataclass(slots=True)
class ArchivesRead:
    """What the run read of archives, for its summary."""

    files: int = 0
    done_before: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


class ArchiveReader:
    """Turns archive files into pages that are FETCHED in the ledger."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._catalog = Catalog(run.ledger.connection)
        self.read = ArchivesRead()
        run.figures.archives = self.read

    async def pages(self, file: ArchiveFile) -> AsyncIterator[Fetched]:
        """The pages of one file that the ledger does not know; what cannot be read is given up by name."""
        with self._run.ledger.transaction():
            entered = self._catalog.entered(file)
        if entered is None:
            self.read.done_before += 1
            return
        name, start = entered
        try:
            with await asyncio.to_thread(file.open) as opened:
                records = archived_pages(opened, name, self._run.run_id, start, policy=self._run.policy)
                while some := await asyncio.to_thread(_some, records):
                    for fetched in self._noted(file, name, some):
                        yield fetched
        except StoreError as error:
            self._run.give_up(f"{file.place}: {str(error).removeprefix(f'{name}: ')}")
        except OSError as error:
            self._run.give_up(f"{file.place}: cannot be read: {error.strerror or error}")
        else:
            self.read.files += 1
            with self._run.ledger.transaction():
                self._catalog.done(name, datetime.now(UTC))

    def _noted(self, file: ArchiveFile, name: str, some: list[Archived | Passed]) -> list[Fetched]:
        """In one transaction: the pages are FETCHED, and the file is accounted for up to the last of them."""
        outcomes: Counter[str] = Counter()
        found: list[Fetched] = []
        with self._run.ledger.transaction():
            for each in some:
                if isinstance(each, Passed):
                    outcomes[each.reason] += 1
                    if each.reason == DAMAGED:
                        self._run.give_up(f"{file.place} at {each.offset}: {each.detail}")
                else:
                    outcomes[self._taken(each, found)] += 1
            self._catalog.advance(name, some[-1].end, outcomes)
        self.read.outcomes.update(outcomes)
        return found

    def _taken(self, each: Archived, found: list[Fetched]) -> str:
        shard = self._run.config.shard
        if shard and not shard.has(registered_domain(each.page.url_requested or each.page.url)):
            return OTHER_SHARD
        try:
            taken = take_in(self._run.ledger.connection, self._run.run_id, each.page, datetime.now(UTC))
        except BadUrl:
            return BAD_URL
        if not isinstance(taken, Taken):
            return taken
        found.append(Fetched(taken.key, taken.page, taken.recheck))
        return PAGE

    async def later(self) -> AsyncIterator[Fetched]:
        """The captures whose earlier ones are published now, one of each URL."""
        for later in self._catalog.waiting():
            place = self._catalog.place_of(later.name) or later.name
            try:
                page = await asyncio.to_thread(
                    archived_page, place, later.name, later.offset, self._run.run_id
                )
            except StoreError as error:
                self._run.give_up(str(error))
                continue
            found: list[Fetched] = []
            with self._run.ledger.transaction():
                self._catalog.waits_no_more(later)
                self.read.outcomes[self._taken(Archived(page, later.offset), found)] += 1
                if self.read.outcomes[LATER] > 0:  # else an earlier run counted it
                    self.read.outcomes[LATER] -= 1
            for fetched in found:
                yield fetched

    def rounds(self) -> Iterator[int]:
        """As long as captures wait and some are taken up, and no longer than that is sane."""
        left = self._catalog.waiting()
        for number in range(_MAX_ROUNDS):
            if not left:
                return
            yield number
            before, left = left, self._catalog.waiting()
            if left == before:  # their files, or those of the captures before them, cannot be read
                return


def _some(records: Iterator[Archived | Passed]) -> list[Archived | Passed]:
    """In a thread: the next records, so many that they are worth a step and few enough to be held."""
    found: list[Archived | Passed] = []
    size = 0
    for each in records:
        found.append(each)
        size += len(each.page.body) if isinstance(each, Archived) else 0
        if len(found) >= _AT_ONCE or size >= _AT_ONCE_BYTES:
            break
    return found
