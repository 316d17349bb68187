"""The block model: what it learns from, and how it does on pages it has not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.collect import Sample, f1
from benchmarks.training.fit import Column, Shape, Table
from pipelines.body.select import REPEATED_RULE
from pipelines.learned.block_features import FEATURES
from pipelines.learned.judge import is_sure
from pipelines.policy import DEFAULT_POLICY

BLOCKS = Shape(trees=320, leaves=31, rate=0.05, min_rows=120)
# A block counts by its share of the gold's letters (that is F1), as a paragraph found, and as a snippet.
_LETTERS, _PARAGRAPH, _ANY, _LEAK, _SNIPPET = 20.0, 6.0, 0.1, 2.0, 3.0
# Blocks that the gold holds by halves teach nothing.
_DOUBTFUL = (0.3, 0.6)
_MIN_GOLD_FOUND = 0.4


def block_table(samples: Sequence[Sample]) -> Table:
    """One row a block of every sample, in order; blocks nothing is known of have weight 0."""
    wanted, weight = zip(*(_lesson(sample) for sample in samples), strict=True)
    return Table(
        rows=np.concatenate([sample.rows for sample in samples]),
        wanted=np.concatenate(wanted),
        weight=np.concatenate(weight),
        fold=np.concatenate([np.full(len(sample.rows), sample.fold) for sample in samples]),
    )


def _lesson(sample: Sample) -> tuple[Column, Column]:
    count = len(sample.rows)
    nothing = np.zeros(count), np.zeros(count)
    if not sample.article or not count:
        return nothing
    clear_must, clear_not = sample.must & ~sample.must_not, sample.must_not & ~sample.must
    if sample.wanted is None:
        return clear_must.astype(np.float64), clear_must * _SNIPPET + clear_not * _LEAK
    good = sample.wanted >= 0.5
    found = float(sample.sizes[good].sum())
    if not good.any() or found < _MIN_GOLD_FOUND * sum(map(str.isalnum, sample.body or "")):
        return nothing  # the gold is not on the page
    clear = (sample.wanted <= _DOUBTFUL[0]) | (sample.wanted >= _DOUBTFUL[1])
    weight = (
        np.minimum(sample.sizes / max(50.0, found), 1.0) * _LETTERS
        + _ANY
        + good * _PARAGRAPH / max(3, int(good.sum()))
        + (sample.must_not & ~good) * _LEAK
    )
    return good.astype(np.float64), weight * clear


def kept_blocks(sample: Sample, scores: Column) -> NDArray[np.bool_]:
    """What the cleaner would keep of the page with these scores."""
    sure = np.array([is_sure(rule) or rule == REPEATED_RULE for rule in sample.cuts], dtype=np.bool_)
    chosen = np.zeros(len(scores), dtype=np.bool_)
    chosen[list(sample.reading_kept)] = True
    cut = np.array([rule is not None for rule in sample.cuts], dtype=np.bool_)
    policy = DEFAULT_POLICY
    least = np.where(chosen, policy.min_score_to_stay, policy.min_score_to_join)
    least = np.where(cut, policy.min_score_to_return, least)
    return np.asarray((scores >= least) & ~sure, dtype=np.bool_)


def report_blocks(samples: Sequence[Sample], scores: Sequence[Column]) -> None:
    """F1 and snippets a set, by the rules alone and with the model."""
    figures: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for sample, found in zip(samples, scores, strict=True):
        if not sample.article:
            continue
        rules = np.zeros(len(found), dtype=np.bool_)
        rules[list(sample.reading_kept)] = True
        for name, kept in (("rules", rules), ("model", kept_blocks(sample, found))):
            row = figures[sample.set, name]
            if sample.body:
                text = "\n\n".join(t for t, stays in zip(sample.texts, kept, strict=True) if stays)
                row["f1"].append(f1(text, sample.body))
            row["must"] += kept[sample.must].astype(float).tolist()
            row["must_not"] += kept[sample.must_not].astype(float).tolist()
    print(f"block model: {len(FEATURES)} features, out of fold")
    for (name, which), row in figures.items():
        print(f"  {name:12s} {which:6s}", *(f"{key} {np.mean(v):.4f}" for key, v in row.items() if v))
