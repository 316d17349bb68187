"""Stored pages cleaned again in workers, and compared with their rows: nothing that is published changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from pipelines.records import Article, Cleaned, Reason, Rejected
from pipelines.rowdiff import RowDiff, count_letters, row_diff
from pipelines.store.errors import StoreError
from pipelines.store.reclean_diff import diff_row
from pipelines.store.reclean_rows import Stored, StoredPages, page_of
from pipelines.store.reclean_sites import Means, SiteState, SiteStates
from pipelines.store.reclean_work import Kind, Outcome, Status, Work
from pipelines.store.rows import to_row
from pipelines.store.versions import recleaned_id
from pipelines.workers import TaskFailed

# Pages on their way for each worker: one is cleaned, one waits, two are read.
_AT_A_WORKER = 4


class Recleaner:
    """Cleans again what it is given and notes in `work` what it came to; `counted` is called each time."""

    def __init__(self, means: Means, work: Work, counted: Callable[[], None] = lambda: None) -> None:
        self._means = means
        self._work = work
        self._sites = SiteStates(means)
        self._counted = counted

    async def look(self, pages: StoredPages, at_a_time: int) -> None:
        """All of them, some at a time for each of `at_a_time` workers."""
        turns = asyncio.Semaphore(_AT_A_WORKER * at_a_time)

        async def in_turn(task: Awaitable[None]) -> None:
            try:
                await task
            finally:
                turns.release()

        try:
            async with asyncio.TaskGroup() as group:
                for stored in pages:
                    state = await self._sites.of(stored.site)
                    if not self._work.is_done(stored.kind, stored.id, state.stamp):
                        await turns.acquire()
                        group.create_task(in_turn(self._one(stored, state)))
        except BaseExceptionGroup as errors:  # the disk refuses, as a rule: one is enough to say so
            raise errors.exceptions[0] from None

    async def _one(self, stored: Stored, state: SiteState) -> None:
        self._work.add(await self._outcome(stored, state))
        self._counted()

    async def _outcome(self, stored: Stored, state: SiteState) -> Outcome:
        plain = Outcome(
            stored.kind,
            stored.id,
            state.stamp,
            Status.RELEASED,
            stored.site,
            stored.url,
            language=stored.row.get("language"),
            warc_file=stored.warc_file,
        )
        if not self._means.raw.has(stored):
            return plain
        try:
            raw = await asyncio.to_thread(self._means.raw.of, stored)
        except StoreError as error:
            return replace(plain, status=Status.UNREADABLE, detail=str(error))
        page = page_of(stored, raw, state.facts)
        try:
            cleaned = await self._means.cleaned(page, state.memory)
        except TaskFailed as failure:
            return self._turned_away(plain, stored, failure.reason)
        if isinstance(cleaned.result, Rejected):
            return self._turned_away(plain, stored, cleaned.result.reason)
        if stored.kind is Kind.REJECTED:
            return self._gained(plain, cleaned.result, cleaned)
        return self._compared(plain, stored, cleaned.result, cleaned)

    def _turned_away(self, plain: Outcome, stored: Stored, reason: Reason) -> Outcome:
        if stored.kind is Kind.REJECTED:
            return replace(plain, status=Status.REFUSED, detail=reason)
        text = str(stored.row["text"])
        count = count_letters(text)
        change = RowDiff((), tuple(text.split("\n\n")), (), count, 0)
        lost = replace(plain, status=Status.LOST, detail=reason, letters=count, change=change)
        return replace(lost, diff=diff_row(lost, stored.row, None))

    def _gained(self, plain: Outcome, article: Article, cleaned: Cleaned) -> Outcome:
        change = RowDiff((), (), tuple(article.text.split("\n\n")), 0, count_letters(article.text))
        found = replace(plain, status=Status.GAINED, language=article.language, change=change)
        diff = diff_row(found, None, article)
        return replace(found, diff=diff, row=article, removed=cleaned.removed)

    def _compared(self, plain: Outcome, stored: Stored, article: Article, cleaned: Cleaned) -> Outcome:
        row = stored.row
        article = replace(  # the same article, and among the same others
            article,
            url_canonical=row["url_canonical"],
            cluster_id=row.get("cluster_id"),
            duplicate_of=row.get("duplicate_of"),
            story_id=row.get("story_id"),
        )
        letters = count_letters(row["text"])
        change = row_diff(row, to_row(article))
        if change is None:
            return replace(plain, status=Status.UNCHANGED, letters=letters)
        article = replace(article, id=recleaned_id(self._means.ledger.connection, article, stored.id))
        found = replace(plain, status=Status.CHANGED, letters=letters, change=change)
        diff = diff_row(found, row, article)
        return replace(found, diff=diff, row=article, removed=cleaned.removed)
