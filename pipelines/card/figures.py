"""What the published files hold, counted file by file: files never change, so each is counted once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of one site that share a `kind`: the language of articles, the reason of the other datasets.

    `articles` are first versions, `dated` rows have a day of publication, `near` are near-duplicates of
    another article, `signals` came with an opt-out or licence signal. Days and times are ISO 8601, UTC; empty
    where there is none. Only articles have more than `rows` and the times of fetching.
    """

    site: str
    kind: str
    rows: int = 0
    first_fetched: str = ""
    last_fetched: str = ""
    articles: int = 0
    words: int = 0
    chars: int = 0
    dated: int = 0
    near: int = 0
    signals: int = 0
    first_published: str = ""
    last_published: str = ""


@dataclass(frozen=True, slots=True)
class FileFigures:
    """One file of `dataset`; `publishers` is the name that most pages of a site state, by site."""

    dataset: str
    cells: tuple[Cell, ...]
    publishers: dict[str, str]
    extractors: tuple[str, ...]
    schema_versions: tuple[int, ...]

    def plain(self) -> dict[str, Any]:
        """For JSON: what `from_plain` takes."""
        cells = [[getattr(cell, name) for name in _NAMES] for cell in self.cells]
        return {
            "dataset": self.dataset,
            "cells": cells,
            "publishers": self.publishers,
            "extractors": self.extractors,
            "schema_versions": self.schema_versions,
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> FileFigures:
        """The record that `plain` was made of."""
        return cls(
            plain["dataset"],
            tuple(Cell(*values) for values in plain["cells"]),
            plain["publishers"],
            tuple(plain["extractors"]),
            tuple(plain["schema_versions"]),
        )


_NAMES = tuple(each.name for each in fields(Cell))
_FIRSTS, _LASTS = ("first_fetched", "first_published"), ("last_fetched", "last_published")
_SUMS = tuple(name for name in _NAMES if name not in ("site", "kind", *_FIRSTS, *_LASTS))


def summed(cells: Iterable[Cell], site: str = "", kind: str = "") -> Cell:
    """Many cells as one of that name."""
    every = list(cells)
    values: dict[str, Any] = {name: sum(getattr(cell, name) for cell in every) for name in _SUMS}
    values |= {name: min(_known(every, name), default="") for name in _FIRSTS}
    values |= {name: max(_known(every, name), default="") for name in _LASTS}
    return Cell(site=site, kind=kind, **values)


def _known(cells: list[Cell], name: str) -> Iterator[str]:
    return (value for cell in cells if (value := getattr(cell, name)))


@dataclass(frozen=True, slots=True)
class Counted:
    """All files that could be read: `by_dataset` has one cell for each site and kind, by site.

    `publishers` is the name that the latest files have for each site; `unread` has a line for each file that
    could not be read.
    """

    by_dataset: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)
    publishers: Mapping[str, str] = field(default_factory=dict)
    extractors: frozenset[str] = frozenset()
    schema_versions: frozenset[int] = frozenset()
    unread: tuple[str, ...] = ()

    def cells(self, dataset: str) -> tuple[Cell, ...]:
        """Those of a dataset."""
        return self.by_dataset.get(dataset, ())


def gathered(files: Iterable[FileFigures], unread: Iterable[str] = ()) -> Counted:
    """Many files, the oldest first, as one."""
    found: dict[str, dict[tuple[str, str], list[Cell]]] = {}
    publishers: dict[str, str] = {}
    extractors: set[str] = set()
    versions: set[int] = set()
    for file in files:
        groups = found.setdefault(file.dataset, {})
        for cell in file.cells:
            groups.setdefault((cell.site, cell.kind), []).append(cell)
        publishers |= file.publishers
        extractors.update(file.extractors)
        versions.update(file.schema_versions)
    cells = {
        dataset: tuple(summed(group, *key) for key, group in sorted(groups.items()))
        for dataset, groups in found.items()
    }
    return Counted(cells, publishers, frozenset(extractors), frozenset(versions), tuple(unread))


def by_site(cells: Iterable[Cell]) -> list[Cell]:
    """One cell a site, the most rows first."""
    return _grouped(cells, lambda cell: (cell.site, ""))


def by_kind(cells: Iterable[Cell]) -> list[Cell]:
    """One cell a language or reason, the most rows first."""
    return _grouped(cells, lambda cell: ("", cell.kind))


def _grouped(cells: Iterable[Cell], key: Callable[[Cell], tuple[str, str]]) -> list[Cell]:
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault(key(cell), []).append(cell)
    groups = (summed(group, *name) for name, group in found.items())
    return sorted(groups, key=lambda cell: (-cell.rows, cell.site, cell.kind))
