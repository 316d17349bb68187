"""Which captures become rows, across all archives: versions of one article, and its copies elsewhere.

The rules are those of a crawl (`store.versions`), applied to all captures of a host in the order in which
they were fetched. Whatever order they come in here, the outcome is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.records import ChangeKind
from pipelines.store.versions import headline_id

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Capture:
    """An article as it was fetched once; `source` and `offset` are its place, `own` the address asked for."""

    fetched_at: datetime
    own: str
    archive: str
    offset: int
    source: str
    id: str
    key: str
    url_canonical: str
    text_hash: str
    headline: str
    copy: str | None

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.source, self.offset

    @property
    def order(self) -> tuple[datetime, str, str, int, str]:
        """What comes first; the names of archives decide only between captures of one moment."""
        return self.fetched_at, self.own, self.archive, self.offset, self.source

    def says(self, other: Capture) -> bool:
        """Whether it is the other's text under the other's headline."""
        return (self.text_hash, self.headline) == (other.text_hash, other.headline)


@dataclass(frozen=True, slots=True)
class Row:
    """The row a capture makes."""

    capture: Capture
    id: str
    version: int
    previous_id: str | None
    change_kind: ChangeKind | None


# What the second of two captures of an article changed in the first; None for nothing that counts.
Compare = Callable[[Capture, Capture], ChangeKind | None]


@dataclass(slots=True)
class _Stored:
    """An article's last row and all that its versions said."""

    last: Row
    said: set[str] = field(default_factory=set)
    headed: set[tuple[str, str]] = field(default_factory=set)

    def note(self, row: Row) -> None:
        """The article has one more version."""
        self.last = row
        self.said.add(row.capture.text_hash)
        self.headed.add((row.capture.text_hash, row.capture.headline))


def rows_of(captures: Iterable[Capture], compare: Compare) -> Iterator[Row]:
    """The rows that captures of whole hosts make."""
    stored: dict[str, _Stored] = {}
    copies: set[str] = set()
    for capture in sorted(captures, key=lambda each: each.order):
        known = stored.get(capture.key)
        row = _first(capture, copies) if known is None else _next(known, capture, compare)
        if row is None:
            continue
        if known is None:
            known = stored[capture.key] = _Stored(row)
        known.note(row)
        if capture.copy is not None:
            copies.add(capture.copy)
        yield row


def compared(captures: Iterable[Capture]) -> set[Place]:
    """Places of the captures that `rows_of` may compare: of articles that did not stay as they were."""
    first: dict[str, Capture] = {}
    changed: set[str] = set()
    some = list(captures)
    for capture in some:
        if not first.setdefault(capture.key, capture).says(capture):
            changed.add(capture.key)
    return {capture.place for capture in some if capture.key in changed}


def _first(capture: Capture, copies: set[str]) -> Row | None:
    if capture.copy in copies:
        return None
    return Row(capture, capture.id, 1, None, None)


def _next(known: _Stored, capture: Capture, compare: Compare) -> Row | None:
    before = known.last
    if before.capture.own != capture.own or before.capture.says(capture):
        return None
    kind = compare(before.capture, capture)
    if kind is None:
        return None
    identity = capture.id
    if kind is ChangeKind.HEADLINE:
        if (capture.text_hash, capture.headline) in known.headed:
            return None
        identity = headline_id(capture.url_canonical, capture.text_hash, capture.headline)
    elif capture.text_hash in known.said:
        return None
    return Row(capture, identity, before.version + 1, before.id, kind)
