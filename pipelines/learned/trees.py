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

Matrix = NDArray[np.float32]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """Nodes of all trees in one row of arrays; a leaf is its own child and has its value.

    `roots` is where each tree begins; a row goes left where its feature is at most the threshold.
    """

    features: tuple[str, ...]
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Scores
    depth: int

    def margins(self, rows: Matrix) -> Scores:
        """Sum over the trees for each row of (rows x features)."""
        if not len(rows):
            return np.zeros(0)
        at = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        number = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            below = rows[number, self.feature[at]] <= self.threshold[at]
            at = np.where(below, self.left[at], self.right[at])
        return np.asarray(self.value[at].sum(axis=1), dtype=np.float64)

    def probabilities(self, rows: Matrix) -> Scores:
        """The margins as probabilities, 0..1."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.margins(rows))), dtype=np.float64)


def matrix(vectors: Sequence[Sequence[float]], width: int) -> Matrix:
    """(rows x width) of one page's vectors; there may be none."""
    return np.array(vectors, dtype=np.float32).reshape(-1, width)


def read_trees(source: dict[str, Any]) -> Trees:
    """Trees of the decoded JSON that `write_trees` of the training wrote.

    Each tree is a list of nodes: [feature, threshold, left, right], or [value] for a leaf.
    """
    features = tuple(source["features"])
    roots, columns, depth = [], [], 0
    offset = 0
    for tree in source["trees"]:
        roots.append(offset)
        for at, node in enumerate(tree):
            if len(node) == 1:
                columns.append((0, 0.0, offset + at, offset + at, node[0]))
            else:
                columns.append((node[0], node[1], offset + node[2], offset + node[3], 0.0))
        depth = max(depth, _depth(tree))
        offset += len(tree)
    feature, threshold, left, right, value = zip(*columns, strict=True)
    return Trees(
        features=features,
        roots=np.array(roots, dtype=np.int32),
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold, dtype=np.float32),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        value=np.array(value, dtype=np.float64),
        depth=depth,
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
