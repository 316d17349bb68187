"""The pieces of a page between tags, quotes and line ends, each of which one system wrote in one encoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# None of these is a part of a letter in any encoding.
SEPARATES = np.isin(np.arange(256), np.frombuffer(b'<>\r\n";', np.uint8))
# Bytes of a letter of UTF-8 by its first byte; 0 for what starts none.
_LENGTHS = np.zeros(256, np.uint8)
_LENGTHS[0xC2:0xE0], _LENGTHS[0xE0:0xF0], _LENGTHS[0xF0:0xF5] = 2, 3, 4
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Pieces:
    """For each byte its piece; for each piece its bytes beyond ASCII, and what of them is in UTF-8.

    `whole` are bytes of whole letters, `cut` those of a letter that the end of the piece cuts off.
    """

    of: NDArray[np.int32]
    foreign: NDArray[np.int64]
    letters: NDArray[np.int64]
    whole: NDArray[np.int64]
    cut: NDArray[np.int64]


def piece_of(every: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Number of the piece each byte is in; a separator begins one."""
    return np.cumsum(SEPARATES[every], dtype=np.int32)


def pieces_of(content: bytes) -> Pieces:
    """The pieces of `content`. Linear, without a Python object for each of them."""
    every = np.frombuffer(content, np.uint8)
    piece = piece_of(every)
    most = int(piece[-1]) + 1 if content else 0
    at = np.flatnonzero(_LENGTHS[every])
    length = _LENGTHS[every[at]]
    follow = _following(every, at)
    whole, cut = follow >= length - 1, (follow < length - 1) & _ends(every, at + 1 + follow)
    return Pieces(
        of=piece,
        foreign=np.bincount(piece[every > 0x7F], minlength=most),
        letters=np.bincount(piece[at[whole]], minlength=most),
        whole=np.bincount(piece[at[whole]], length[whole], minlength=most).astype(np.int64),
        cut=np.bincount(piece[at[cut]], 1 + follow[cut], minlength=most).astype(np.int64),
    )


def _following(every: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many bytes that continue a letter of UTF-8 follow each place, at most three."""
    continues = np.append((every & 0xC0) == 0x80, np.zeros(_LONGEST, bool))
    first, second, third = (continues[at + after] for after in range(1, _LONGEST))
    return first.astype(np.int64) + (first & second) + (first & second & third)


def _ends(every: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a place is the end of its piece."""
    return np.append(SEPARATES[every], True)[np.minimum(at, len(every))]


def runs(apart: NDArray[np.bool_]) -> Iterator[tuple[int, int, bool]]:
    """Start, end and value of each run of equal values."""
    edges = [0, *(np.flatnonzero(apart[1:] != apart[:-1]) + 1).tolist(), len(apart)]
    for start, end in pairwise(edges):
        yield start, end, bool(apart[start])
