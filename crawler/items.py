"""The two items that pass through the item pipelines."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.records import Cleaned, Page
from pipelines.store.fetch_records import Asked


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response as it was fetched; `key` is its URL in the ledger. Of a `recheck` the article is stored.

    `asked` is the request, unless the page was not fetched just now.
    """

    key: str
    page: Page
    recheck: bool = False
    asked: Asked | None = None

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
