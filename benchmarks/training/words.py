"""The word model of pages: a sparse logistic regression over the words that pages use or do not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.training.collect import FOLDS
from benchmarks.training.fit import Column, Table
from pipelines.learned.page_words import WordWeights

# A word that fewer pages have is a site's own.
_MIN_PAGES = 15
# Strength of the L1 penalty's opposite: some 250 words keep a weight.
_FREEDOM = 0.5


def fit_words(
    words: Sequence[frozenset[str]], wanted: Column, weight: Column, chosen: NDArray[np.bool_]
) -> WordWeights:
    """The regression on the chosen pages that have a weight."""
    at = np.flatnonzero(chosen & (weight > 0))
    counts = Counter(word for k in at for word in words[int(k)])
    columns = DictVectorizer()
    rows = columns.fit_transform([{w: 1 for w in words[int(k)] if counts[w] >= _MIN_PAGES} for k in at])
    # liblinear reads 32-bit indices only.
    rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
    model = LogisticRegression(C=_FREEDOM, l1_ratio=1.0, solver="liblinear", max_iter=1000, random_state=7)
    model.fit(rows, wanted[at] > 0, sample_weight=weight[at])
    found = zip(columns.feature_names_, model.coef_[0], strict=True)
    return WordWeights(float(model.intercept_[0]), {name: float(value) for name, value in found if value})


def words_out_of_fold(words: Sequence[frozenset[str]], table: Table) -> Column:
    """Log-odds of each page by a regression that saw no page of its fold."""
    found = np.zeros(len(words))
    for fold in range(FOLDS):
        inside = table.fold == fold
        weights = fit_words(words, table.wanted, table.weight, ~inside)
        for at in np.flatnonzero(inside):
            found[at] = weights.margin(words[int(at)])
    return found


def write_words(weights: WordWeights, path: Path) -> None:
    """As JSON, the words in order."""
    rounded = {word: float(f"{value:.4g}") for word, value in sorted(weights.weights.items())}
    text = json.dumps(
        {"bias": float(f"{weights.bias:.4g}"), "weights": rounded}, ensure_ascii=False, indent=0
    )
    path.write_text(text + "\n", encoding="utf-8")
