"""What a page states about itself, as candidates with their source; deciding is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from pipelines.records import Witness


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value a page states for a field, and where it states it."""

    field: str
    value: str
    source: str


@dataclass(frozen=True)
class Statements:
    """All candidates of a page, most trusted first within a field.

    `headings` finds those of the field "heading", which few pages are asked for.
    """

    others: tuple[Candidate, ...]
    headings: Callable[[], Iterable[Candidate]] = tuple

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every candidate."""
        return (*self.others, *self._headings)

    @cached_property
    def _headings(self) -> tuple[Candidate, ...]:
        return tuple(self.headings())

    @cached_property
    def _by_field(self) -> dict[str, list[Candidate]]:
        by_field: dict[str, list[Candidate]] = {}
        for candidate in self.others:
            by_field.setdefault(candidate.field, []).append(candidate)
        return by_field

    def all(self, field: str) -> list[Candidate]:
        """Candidates of one field, most trusted first."""
        return list(self._headings if field == "heading" else self._by_field.get(field, ()))

    def first(self, field: str) -> str | None:
        """Most trusted value of one field, or None."""
        return next((said.value for said in self.all(field)), None)

    def with_witness(self, witness: Witness | None) -> Statements:
        """With what a feed or sitemap said of the page, trusted least."""
        if witness is None:
            return self
        titles = [Candidate("title", witness.title, "feed")] if witness.title else []
        authors = [Candidate("author", name, "feed") for name in witness.authors]
        return Statements((*self.others, *titles, *authors), self.headings)

    def by_source(self, field: str) -> dict[str, list[str]]:
        """Values of one field by source, most trusted source first."""
        found: dict[str, list[str]] = {}
        for candidate in self.all(field):
            found.setdefault(candidate.source, []).append(candidate.value)
        return found
