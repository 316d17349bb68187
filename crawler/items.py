"""The two items that pass through the item pipelines."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.records import Cleaned, Page


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response as it was fetched; `key` is its URL in the ledger. Of a `recheck` the article is stored."""

    key: str
    page: Page
    recheck: bool = False

    def __str__(self) -> str:
        return self.page.url


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it; `unchanged` when a stored article was looked at again and says the same."""

    key: str
    cleaned: Cleaned
    unchanged: bool = False

    def __str__(self) -> str:
        return self.cleaned.result.url
