"""Blocks of pages as site memory counts them: one by one, packed, and those of many pages in columns."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.arrays import Flags, Ints

_PACKED = struct.Struct(">QIHB")
_COLUMNS = np.dtype([("key", ">u8"), ("place", ">u4"), ("letters", ">u2"), ("flags", "u1")])
_MOST_LETTERS = 0xFFFF
_LINKED, _INSIDE = 1, 2
# Bits of the last byte that hold fate and kind.
_FATE, _FATES, _KIND = 2, 0b111, 5
KIND_BITS = 8 - _KIND


class Fate(IntEnum):
    """What became of a block: kept; cut by a rule; passed over without one; kept though a rule had cut it."""

    UNKNOWN = 0
    KEPT = 1
    CUT = 2
    PASSED = 3
    RETURNED = 4


class Mark(NamedTuple):
    """A block as site memory counts it; `place` stands for what it is a text of, `inside` for the body."""

    key: int
    place: int
    letters: int
    linked: bool
    inside: bool
    kind: int = 0
    fate: Fate = Fate.UNKNOWN


def pack(marks: Iterable[Mark]) -> bytes:
    """The marks in 15 bytes each."""
    return b"".join(
        _PACKED.pack(
            mark.key,
            mark.place,
            min(mark.letters, _MOST_LETTERS),
            mark.linked * _LINKED | mark.inside * _INSIDE | mark.fate << _FATE | mark.kind << _KIND,
        )
        for mark in marks
    )


def unpack(packed: bytes) -> list[Mark]:
    """What was packed."""
    return [
        Mark(
            key,
            place,
            letters,
            bool(flags & _LINKED),
            bool(flags & _INSIDE),
            flags >> _KIND,
            Fate(flags >> _FATE & _FATES),
        )
        for key, place, letters, flags in _PACKED.iter_unpack(packed)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The marks of `count` pages in columns, page by page; `page` numbers them from 0."""

    count: int
    page: Ints
    key: NDArray[np.uint64]
    place: Ints
    letters: Ints
    linked: Flags
    inside: Flags
    kind: Ints
    fate: Ints

    @classmethod
    def of(cls, pages: Sequence[bytes]) -> Marks:
        """Of what was packed of each page."""
        rows = np.frombuffer(b"".join(pages), dtype=_COLUMNS)
        flags = rows["flags"].astype(np.int64)
        return cls(
            count=len(pages),
            page=np.repeat(np.arange(len(pages)), [len(packed) // _PACKED.size for packed in pages]),
            key=rows["key"].astype(np.uint64),
            place=rows["place"].astype(np.int64),
            letters=rows["letters"].astype(np.int64),
            linked=(flags & _LINKED).astype(np.bool_),
            inside=(flags & _INSIDE).astype(np.bool_),
            kind=flags >> _KIND,
            fate=flags >> _FATE & _FATES,
        )
