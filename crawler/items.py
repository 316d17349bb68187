"""The two items that pass through the item pipelines."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.records import Cleaned, Page


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response as it was fetched; `key` is its URL in the ledger."""

    key: str
    page: Page

    def __str__(self) -> str:
        return self.page.url


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it."""

    key: str
    cleaned: Cleaned

    def __str__(self) -> str:
        return self.cleaned.result.url
