"""What a page states about itself, as candidates with their source; deciding is done elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.records import Witness


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value a page states for a field, and where it states it."""

    field: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Statements:
    """All candidates of a page, most trusted first within a field."""

    candidates: tuple[Candidate, ...]
    _by_field: dict[str, list[Candidate]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_field: dict[str, list[Candidate]] = {}
        for candidate in self.candidates:
            by_field.setdefault(candidate.field, []).append(candidate)
        object.__setattr__(self, "_by_field", by_field)

    def all(self, field: str) -> list[Candidate]:
        """Candidates of one field, most trusted first."""
        return list(self._by_field.get(field, ()))

    def first(self, field: str) -> str | None:
        """Most trusted value of one field, or None."""
        said = self._by_field.get(field)
        return said[0].value if said else None

    def with_witness(self, witness: Witness | None) -> Statements:
        """With what a feed or sitemap said of the page, trusted least."""
        if witness is None:
            return self
        titles = [Candidate("title", witness.title, "feed")] if witness.title else []
        authors = [Candidate("author", name, "feed") for name in witness.authors]
        return Statements((*self.candidates, *titles, *authors))

    def by_source(self, field: str) -> dict[str, list[str]]:
        """Values of one field by source, most trusted source first."""
        found: dict[str, list[str]] = {}
        for candidate in self.all(field):
            found.setdefault(candidate.source, []).append(candidate.value)
        return found
