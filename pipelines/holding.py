"""Cleaned pages that wait until their site is known well enough to clean them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.body.marks import unpack
from pipelines.body.site_memory import SiteMemory
from pipelines.policy import Policy
from pipelines.records import Cleaned, Page


@dataclass(frozen=True, slots=True)
class Held:
    """A page, what became of it, and the memory it was cleaned with; `key` names it to the caller."""

    key: str
    page: Page
    cleaned: Cleaned
    memory: SiteMemory

    def profits(self, memory: SiteMemory) -> bool:
        """Whether cleaning it with `memory` can give anything else."""
        view = self.cleaned.view
        if view is None:
            return False
        return memory.adds(self.memory, {mark.key for mark in unpack(view.marks)})


class FirstPages:
    """The waiting pages of all sites, in the order they came; bounded in bytes."""

    def __init__(self, policy: Policy) -> None:
        self._most = policy.memory_hold_bytes
        self._bytes = 0
        self._waiting: dict[str, list[Held]] = {}

    def add(self, held: Held) -> Iterator[Held]:
        """Let the page wait; yields those that cannot any longer: the site's that waited longest."""
        self._waiting.setdefault(held.page.site, []).append(held)
        self._bytes += len(held.page.body)
        while self._bytes > self._most:
            yield from self.take(next(iter(self._waiting)))

    def take(self, site: str) -> list[Held]:
        """The waiting pages of the site; they wait no more."""
        found = self._waiting.pop(site, [])
        self._bytes -= sum(len(held.page.body) for held in found)
        return found

    def take_all(self) -> list[Held]:
        """All of them."""
        return [held for site in tuple(self._waiting) for held in self.take(site)]
