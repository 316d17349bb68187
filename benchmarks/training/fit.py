"""Boosted trees under cross-validation by host, and their weights as plain data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks.training.collect import FOLDS

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of an ensemble; the learning rate goes with the number of trees."""

    trees: int
    leaves: int
    rate: float
    min_rows: int
    objective: str = "binary"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to learn from; rows with `weight` 0 are only predicted."""

    rows: NDArray[np.float32]
    wanted: Column
    weight: Column
    fold: NDArray[np.int64]


def train(table: Table, shape: Shape, chosen: NDArray[np.bool_]) -> lightgbm.Booster:
    """An ensemble fitted on the chosen rows that have a weight; deterministic."""
    mask = chosen & (table.weight > 0)
    settings: dict[str, Any] = {
        "objective": shape.objective,
        "learning_rate": shape.rate,
        "num_leaves": shape.leaves,
        "max_depth": 6,
        "min_data_in_leaf": shape.min_rows,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "deterministic": True,
        "force_row_wise": True,
        "seed": 7,
        "num_threads": 2,
        "verbose": -1,
    }
    data = lightgbm.Dataset(table.rows[mask], table.wanted[mask], weight=table.weight[mask])
    return lightgbm.train(settings, data, shape.trees)


def out_of_fold(table: Table, shape: Shape) -> Column:
    """Predictions for each row by an ensemble that saw no row of its fold."""
    found = np.zeros(len(table.rows))
    for fold in range(FOLDS):
        inside = table.fold == fold
        if inside.any():
            found[inside] = np.asarray(train(table, shape, ~inside).predict(table.rows[inside]))
    return found


def write_trees(booster: lightgbm.Booster, features: Sequence[str], path: Path) -> None:
    """The ensemble as JSON: each tree a list of nodes, parents before children (see `Trees`)."""
    dump = booster.dump_model()
    trees = [_nodes(tree["tree_structure"]) for tree in dump["tree_info"]]
    text = json.dumps({"features": list(features), "trees": trees}, separators=(",", ":"))
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("[[", "\n[[") + "\n", encoding="utf-8")


def _nodes(root: dict[str, Any]) -> list[list[float]]:
    nodes: list[list[float]] = []
    queue = [(root, -1, 0)]
    for node, parent, side in queue:  # grows while it is read: breadth first
        at = len(nodes)
        if parent >= 0:
            nodes[parent][side] = at
        if "leaf_value" in node:
            nodes.append([_rounded(node["leaf_value"])])
        else:
            nodes.append([node["split_feature"], _rounded(node["threshold"]), 0, 0])
            queue += [(node["left_child"], at, 2), (node["right_child"], at, 3)]
    return nodes


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
