"""Near-duplicates: a signature of a text, and what two signatures tell of two texts.

A text is the set of its shingles, runs of letters hashed to 40 bits. Its signature is how many there are and
the smallest of the hashes, the bottom-k form of MinHash (Broder 1997): one hash a shingle instead of one for
each permutation; and of texts of different length it tells how much of the shorter stands in the longer, too.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.similarity.folding import Codes, folded_codes

# Signatures of another version are like none of this one. Whatever changes a byte of one is a new version:
# the folding, the shingles, the hash, how many are kept. The step of the ledger that goes with it empties its
# tables `near` and `near_keys`.
VERSION = 1
SHINGLE_LETTERS = 20
# An ideograph says as much as three letters.
SHINGLE_IDEOGRAPHS = 8
# Of 17,143 pairs of real articles so many find 99.8 % of those ten points above the threshold, and take 8 of
# 8,366 as far below it for near (48: 31). So many keys find every near pair (8: all but 0.05 %).
KEPT = 64
KEYS = 12
_BYTES = 5
_COUNT = slice(1, 5)
_FIRST = 5
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def signature(text: str, policy: Policy = DEFAULT_POLICY) -> bytes | None:
    """Version (1 byte), number of shingles (4), up to `KEPT` smallest hashes in order (5 each); big-endian.

    None for a text too short to compare. Of a text longer than `near_max_chars` the beginning counts. The
    same on any machine.
    """
    codes = folded_codes(text[: policy.near_max_chars])
    if codes.size < (policy.near_min_letters // 3 if _is_ideographic(codes) else policy.near_min_letters):
        return None
    hashes = shingles(codes)
    smallest = hashes[:KEPT].astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - _BYTES :]
    return bytes([VERSION]) + hashes.size.to_bytes(4, "big") + smallest.tobytes()


def shingles(codes: Codes) -> NDArray[np.uint64]:
    """The hashes of all shingles of a text, each once, in order; 40 bits."""
    return np.unique(_hashes(codes, SHINGLE_IDEOGRAPHS if _is_ideographic(codes) else SHINGLE_LETTERS))


def bands(signature: bytes) -> tuple[bytes, ...]:
    """Up to `KEYS` keys, all different; texts that are near have one in common, nearly always.

    When one text is two fifths of the other, all differ with a chance of 0.2 %.
    """
    if signature[:1] != bytes([VERSION]):
        return ()
    return _sketch(signature).hashes[:KEYS]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many shingles of two texts were compared, and how many of them both have."""

    one: int
    other: int
    common: int

    @property
    def resemblance(self) -> float:
        """Of all shingles the share that both have (Jaccard), 0..1."""
        either = self.one + self.other - self.common
        return self.common / either if either else 0.0

    @property
    def containment(self) -> float:
        """Of the shorter text's shingles the share that the longer has, 0..1."""
        fewer = min(self.one, self.other)
        return self.common / fewer if fewer else 0.0


def overlap(one: bytes, other: bytes) -> Overlap:
    """What two signatures have in common, as far as both reach; nothing when their versions differ."""
    if not one[:1] == other[:1] == bytes([VERSION]):
        return Overlap(0, 0, 0)
    first, second = _sketch(one), _sketch(other)
    ends = [sketch.hashes[-1] for sketch in (first, second) if sketch.count > len(sketch.hashes) > 0]
    ours, theirs = first.hashes, second.hashes
    if ends:
        end = min(ends)
        ours, theirs = ours[: bisect_right(ours, end)], theirs[: bisect_right(theirs, end)]
    return Overlap(len(ours), len(theirs), len(set(ours).intersection(theirs)))


def resemblance(one: bytes, other: bytes) -> float:
    """Share of all their shingles that both texts have, estimated, 0..1; 0 when the versions differ."""
    return overlap(one, other).resemblance


def is_near(one: bytes, other: bytes, policy: Policy = DEFAULT_POLICY) -> bool:
    """Whether one text is the other: printed again, cut, under another headline or lead."""
    found = overlap(one, other)
    if found.common < policy.near_min_common or found.containment < policy.near_min_containment:
        return False
    fewer, more = sorted((_sketch(one).count, _sketch(other).count))
    missing = 1 - fewer / more
    if missing > 1 - policy.near_min_part:
        return False
    return found.containment >= policy.near_min_containment + policy.near_containment_slope * missing


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A signature taken apart: how many shingles the text has, and the smallest of their hashes in order."""

    count: int
    hashes: tuple[bytes, ...]


@lru_cache(maxsize=4_096)
def _sketch(signature: bytes) -> _Sketch:
    count = int.from_bytes(signature[_COUNT], "big")
    starts = range(_FIRST, len(signature), _BYTES)
    return _Sketch(count, tuple(signature[start : start + _BYTES] for start in starts))


def _is_ideographic(codes: Codes) -> bool:
    """Whether most of it is written in Chinese, Japanese or Korean characters."""
    asian = (codes >= 0x3040) & (codes < 0xD7A4) & ((codes < 0x3100) | (codes >= 0x3400))
    return 2 * int(np.count_nonzero(asian)) > codes.size


def _hashes(codes: Codes, length: int) -> NDArray[np.uint64]:
    """The hash of each run of `length` codes, below 2**40; shape (codes - length + 1,)."""
    count = max(codes.size - length + 1, 0)
    wide = codes.astype(np.uint64)
    hashes = np.zeros(count, np.uint64)
    for start in range(length):
        hashes *= _MULTIPLIER
        hashes += wide[start : start + count]
    for shift, multiplier in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # SplitMix64
        hashes ^= hashes >> np.uint64(shift)
        hashes *= np.uint64(multiplier)
    hashes ^= hashes >> np.uint64(31)
    return hashes >> np.uint64(64 - 8 * _BYTES)
