"""What is known of a site today, as far as it decides what becomes of its pages."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pipelines.body.site_history import SiteHistory
from pipelines.body.site_memory import NO_MEMORY, SiteMemory
from pipelines.clean import clean
from pipelines.cleaner import cleaning_digest
from pipelines.policy import Policy
from pipelines.records import Cleaned, Page, PageView
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.reclean_rows import RawBytes, SiteFacts, Stored, page_of, url_page
from pipelines.workers import TaskFailed, Workers

# Sites whose memory is held at a time; some 100 kB each.
_MAX_SITES = 200
# Pages read at a time to learn of a site that little is known of.
_AT_A_TIME = 16


@dataclass(frozen=True, slots=True)
class SiteState:
    """Memory and site file of today, and the stamp of all that decides the site's rows beside its pages."""

    memory: SiteMemory
    facts: SiteFacts | None
    stamp: str


@dataclass(frozen=True, slots=True)
class Means:
    """What pages are cleaned again with. `ledger` is only read; `facts` are what site files say, by site."""

    ledger: Ledger
    raw: RawBytes
    workers: Workers
    policy: Policy
    facts: Mapping[str, SiteFacts]

    async def cleaned(self, page: Page, memory: SiteMemory) -> Cleaned:
        """What the page comes to, in a worker; raises `TaskFailed`."""
        return await self.workers.run(clean, page, self.policy, memory)


class SiteStates:
    """Of each site when its first page comes."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._known: dict[str, SiteState] = {}

    async def of(self, site: str) -> SiteState:
        """What is known of the site; the same for all of its pages."""
        known = self._known.pop(site, None)
        self._known[site] = known if known is not None else await self._learnt(site)
        if len(self._known) > _MAX_SITES:
            del self._known[next(iter(self._known))]
        return self._known[site]

    async def _learnt(self, site: str) -> SiteState:
        """Of a site that memory knows little of, as after a rebuild, the stored pages tell more."""
        history, facts = self._means.ledger.site_history(site), self._means.facts.get(site)
        if not history.knows_enough:
            for view in await self._views(site, facts):
                history.learn(view)
        memory = history.snapshot().read_whole()  # as rechecks read: a road's difference is no news
        return SiteState(memory, facts, _stamp(self._means.policy, facts, history))

    async def _views(self, site: str, facts: SiteFacts | None) -> list[PageView]:
        """Of the newest pages that hold an article, in the order in which they came."""
        query = (
            "SELECT * FROM urls WHERE state = 'committed' AND site = ? AND warc_file NOT NULL "
            "ORDER BY warc_file DESC, warc_offset DESC LIMIT ?"
        )
        newest = (site, self._means.policy.memory_site_pages)
        rows = self._means.ledger.connection.execute(query, newest).fetchall()
        some = [each for each in map(url_page, reversed(rows)) if self._means.raw.has(each)]
        found: list[Cleaned | None] = []
        for start in range(0, len(some), _AT_A_TIME):
            pages = some[start : start + _AT_A_TIME]
            found += await asyncio.gather(*(self._cleaned(each, facts) for each in pages))
        return [cleaned.view for cleaned in found if cleaned is not None and cleaned.view is not None]

    async def _cleaned(self, stored: Stored, facts: SiteFacts | None) -> Cleaned | None:
        try:
            page = page_of(stored, await asyncio.to_thread(self._means.raw.of, stored), facts)
            return await self._means.cleaned(page, NO_MEMORY)
        except (StoreError, TaskFailed):  # told when the page's own turn comes
            return None


def _stamp(policy: Policy, facts: SiteFacts | None, history: SiteHistory) -> str:
    """Another one when anything changed that could change a row: cleaning, policy, site file, memory."""
    said = hashlib.blake2b(cleaning_digest().encode(), digest_size=16)
    for record in (policy, facts):
        said.update(json.dumps(_plain(record), sort_keys=True).encode())
    for view in history.views:
        said.update(repr((view.body, view.headline, view.quality, view.stated, view.beside)).encode())
        said.update(view.marks)
    return said.hexdigest()


def _plain(record: Policy | SiteFacts | None) -> dict[str, Any]:
    values = {each.name: getattr(record, each.name) for each in fields(record)} if record else {}
    return {name: sorted(each) if isinstance(each, frozenset) else each for name, each in values.items()}
