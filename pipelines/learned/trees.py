"""A boosted ensemble of decision trees, read from plain JSON and evaluated for all rows at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.arrays import Floats
from pipelines.learned.columns import Matrix

Bits = NDArray[np.uint8]

# A leaf's number is its path, a bit a level, in a byte.
_MAX_DEPTH = 8
# Rows looked at together: what is worked on stays in the processor's cache, and hostile pages small.
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Trees:
    """All trees, each complete and of the same `depth`: a leaf that stood higher ends every path below it.

    The different questions "is `feature` at most `threshold`?" are asked once. `questions` are the numbers of
    those asked on each level, (2 ** level x trees); `values` is (trees x 2 ** depth) by the path: the answers
    from the root down, the first in the lowest bit, 1 for yes.
    """

    features: tuple[str, ...]
    feature: NDArray[np.intp]
    threshold: NDArray[np.float32]
    questions: tuple[NDArray[np.intp], ...]
    values: Floats

    @property
    def depth(self) -> int:
        """Levels of questions."""
        return len(self.questions)

    def __len__(self) -> int:
        return len(self.values)

    def margins(self, rows: Matrix) -> Floats:
        """Sum over the trees for each row of (rows x features)."""
        if len(rows) == 1:
            return self._margin(rows[0])
        found = np.zeros(len(rows))
        columns = np.ascontiguousarray(rows.T)
        first = np.arange(len(self)) << self.depth
        for start in range(0, len(rows), _CHUNK):
            chunk = columns[:, start : start + _CHUNK]
            # Rows lie whole in memory: the order in which their trees are added up is part of the outcome.
            leaves = np.ascontiguousarray(self._paths(chunk).T) + first
            values = self.values.ravel().take(leaves)
            found[start : start + _CHUNK] = values.sum(axis=1)
        return found

    def _margin(self, row: NDArray[np.float32]) -> Floats:
        """Sum over the trees for a row alone, which goes down all of them a level at a time."""
        answers = row.take(self.feature) <= self.threshold
        trees = np.arange(len(self))
        paths = np.zeros(len(self), dtype=np.intp)
        for level, questions in enumerate(self.questions):
            paths |= answers[questions[paths, trees]].astype(np.intp) << level
        return self.values[trees, paths][None].sum(axis=1)

    def _paths(self, columns: Matrix) -> Bits:
        """Where each tree leads each row, (trees x rows) of (features x rows).

        Eight rows are a byte: those that reach a node, and those that say yes there, are sets of bits.
        """
        count = columns.shape[1]
        answers = np.packbits(columns.take(self.feature, axis=0) <= self.threshold[:, None], axis=1)
        here = np.full((1, len(self), answers.shape[1]), 0xFF, dtype=np.uint8)
        paths = np.zeros((len(self), count), dtype=np.uint8)
        for level, questions in enumerate(self.questions):
            yes = here & answers.take(questions, axis=0)
            way = np.unpackbits(np.bitwise_or.reduce(yes, axis=0), axis=1, count=count)
            paths |= way * np.uint8(1 << level)  # a shift takes three times as long
            here = np.concatenate([here ^ yes, yes])
        return paths

    def probabilities(self, rows: Matrix) -> Floats:
        """The margins as probabilities, 0..1."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.margins(rows))), dtype=np.float64)


def read_trees(source: dict[str, Any]) -> Trees:
    """Trees of the decoded JSON that `write_trees` of the training wrote; ValueError when one is too deep.

    Each tree is a list of nodes: [feature, threshold, left, right], or [value] for a leaf; left is yes.
    """
    depth = max(_depth(tree) for tree in source["trees"])
    if depth > _MAX_DEPTH:
        raise ValueError(f"trees of {depth} levels, more than {_MAX_DEPTH}")
    numbers: dict[tuple[int, float], int] = {(0, 0.0): 0}
    questions = [np.zeros((1 << level, len(source["trees"])), dtype=np.intp) for level in range(depth)]
    values = np.zeros((len(source["trees"]), 1 << depth))
    for at, tree in enumerate(source["trees"]):
        paths = [(0, 0, 0)]  # node, level, path
        for node, level, path in paths:  # grows while it is read
            if len(tree[node]) == 1:
                values[at, path :: 1 << level] = tree[node][0]
                continue
            feature, threshold, left, right = tree[node]
            questions[level][path, at] = numbers.setdefault((feature, threshold), len(numbers))
            paths += [(right, level + 1, path), (left, level + 1, path | 1 << level)]
    feature, threshold = zip(*numbers, strict=True)
    return Trees(
        features=tuple(source["features"]),
        feature=np.array(feature, dtype=np.intp),
        threshold=np.array(threshold, dtype=np.float32),
        questions=tuple(questions),
        values=values,
    )


def _depth(tree: Sequence[Sequence[float]]) -> int:
    levels = [0] * len(tree)
    for at, node in enumerate(tree):  # children come after their parent
        for child in node[2:]:
            levels[int(child)] = levels[at] + 1
    return max(levels)


@cache
def load_trees(name: str, features: tuple[str, ...]) -> Trees:
    """The ensemble of `weights/<name>.json`; ValueError when it was trained on other features."""
    text = files("pipelines.learned").joinpath("weights", f"{name}.json").read_text(encoding="utf-8")
    trees = read_trees(json.loads(text))
    if trees.features != features:
        raise ValueError(f"weights/{name}.json: trained on other features; run `make train`")
    return trees
