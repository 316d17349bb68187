"""What stands around a block: others of its place, the nearest kept ones, its heading, its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.arrays import Flags, Floats, Ints
from pipelines.learned.columns import Column, Columns, Matrix, log1p

_FAR = 99
_STEPS = (-2, -1, 1, 2)
_SEEN = "log_letters link_share end vote kept cut kind".split()


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is summed over blocks: letters, those in links, their share, the extractor's votes, the kept."""

    sizes: Ints
    links: Ints
    shares: Floats
    votes: Floats
    kept: Flags


def group_rows(groups: Ints, blocks: Weighed) -> Floats:
    """The others of each block's group: letters, shares in links, kept, voted for; and the group's size.

    `groups` is (groupings x blocks), each row numbers the groups of one from 0; the rows are those of
    `GROUP_FEATURES` for each grouping.
    """
    # Groups of different groupings never meet: all are summed at once.
    apart = groups + np.arange(len(groups))[:, None] * (groups.max() + 1)
    rest = _others(apart, blocks.sizes).astype(np.int64)
    alone = rest <= 0
    whole = np.where(alone, 1, rest)
    found = np.empty((len(groups), len(_GROUP), groups.shape[1]))
    found[:, 0] = log1p(rest)
    found[:, 1] = np.bincount(apart.ravel())[apart]
    parts = (blocks.links, blocks.sizes * blocks.kept, blocks.sizes * blocks.votes)
    for at, values in enumerate(parts, 2):
        found[:, at] = np.where(alone, -1.0, _others(apart, values) / whole)
    return found.reshape(-1, groups.shape[1])


def _others(groups: Ints, values: NDArray[Any]) -> Floats:
    """For each block, the sum of `values` over the other blocks of each of its groups."""
    sums = np.bincount(groups.ravel(), weights=np.tile(values, len(groups)))
    return np.asarray(sums[groups] - values, dtype=np.float64)


def gathered(groups: Ints, blocks: Weighed) -> Floats | float:
    """Kept letters of each block's group, as a share of the group that has most; -1 where none has."""
    kept = np.bincount(groups, weights=blocks.sizes * blocks.kept)
    most = kept.max()
    return kept[groups] / most if most else -1.0


def gap_columns(blocks: Weighed) -> Columns:
    """Letters and blocks to the nearest kept block before and after, and kept letters on both sides."""
    before = _gaps(blocks.sizes, blocks.kept)
    after = _gaps(blocks.sizes[::-1], blocks.kept[::-1])
    names = ("gap", "gap_blocks", "kept")
    return {
        **{f"{name}_before": column for name, column in zip(names, before, strict=True)},
        **{f"{name}_after": column[::-1] for name, column in zip(names, after, strict=True)},
    }


def _gaps(sizes: Ints, kept: Flags) -> tuple[Floats, Ints, Floats]:
    at = np.arange(len(sizes))
    last = _last_before(kept)
    none = last < 0
    above = _above(sizes)
    held = _above(sizes * kept)
    total = held[-1] + (sizes * kept)[-1]
    return (
        np.where(none, -1.0, log1p(np.where(none, 0, above - above[last] - sizes[last]))),
        np.where(none, -1, np.minimum(at - last - 1, _FAR)),
        held / total if total else np.full(len(sizes), -1.0),
    )


def heading_columns(blocks: Weighed, headings: Flags, levels: Floats) -> Columns:
    """The heading a block stands under: level, links, kept, letters and blocks since; and what follows on it.

    `levels` holds those of headings, 1 to 7.
    """
    last = _last_before(headings)
    none = last < 0
    above = _above(blocks.sizes)
    count = np.arange(len(headings)) - last - 1
    return {
        "heading_level": np.where(none, 0.0, levels[last]),
        "heading_links": np.where(none, -1.0, blocks.shares[last]),
        "heading_kept": np.where(none, -1.0, blocks.kept[last]),
        "heading_since": log1p(np.where(none, above, above - above[last] - blocks.sizes[last])),
        "heading_first_links": np.where(count == 0, -1.0, blocks.shares[last + 1]),
        "heading_count": count,
    }


def _last_before(flags: Flags) -> Ints:
    """For each block the number of the last one above it that is flagged, -1 for none."""
    marked = np.where(flags, np.arange(len(flags)), -1)
    return np.concatenate([[-1], np.maximum.accumulate(marked)[:-1]])


def _above(sizes: Ints) -> Ints:
    """For each block the letters above it."""
    return np.cumsum(sizes) - sizes


def neighbour_rows(columns: Mapping[str, Column], homes: Ints, signatures: Ints) -> Matrix:
    """What the two blocks above and the two below are like; -1 beyond the page's ends.

    The rows are those of `NEIGHBOUR_FEATURES`.
    """
    count = len(homes)
    padded = np.full((len(_SEEN) + 2, count + 4), -1.0, dtype=np.float32)
    own = padded[:, 2:-2]
    for row, name in zip(own, _SEEN, strict=False):
        row[:] = columns[name]
    own[-2], own[-1] = homes, signatures
    found = np.empty((len(_STEPS), len(padded), count), dtype=np.float32)
    for moved, step in zip(found, _STEPS, strict=True):
        moved[:] = padded[:, 2 + step : 2 + step + count]
        groups = moved[-2:]
        groups[:] = np.where(groups < 0, -1, groups == own[-2:])
    return found.reshape(-1, count)


_GROUP = "letters blocks links kept voted".split()
GROUP_FEATURES = [f"{group}_{name}" for group in ("home", "outer", "signature") for name in _GROUP]
GAP_FEATURES = "gap_before gap_blocks_before kept_before gap_after gap_blocks_after kept_after".split()
HEADING_FEATURES = (
    "heading_level heading_links heading_kept heading_since heading_first_links heading_count"
).split()
NEIGHBOUR_FEATURES = [
    f"{name}{step:+d}" for step in _STEPS for name in (*_SEEN, "same_home", "same_signature")
]
