"""The page models: is it an article, and how well was it read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.collect import Sample, f1
from benchmarks.training.fit import Column, Shape, Table
from pipelines.learned.page_features import page_features

ARTICLES = Shape(trees=200, leaves=8, rate=0.05, min_rows=10)
# Sets of nothing but news.
_NEWS = frozenset({"fundus", "daniel", "chinese", "sites", "seeds", "rtl"})
_DOUBTFUL = -1.0
QUALITY = Shape(trees=100, leaves=8, rate=0.05, min_rows=15, objective="regression")


def page_rows(
    samples: Sequence[Sample], scores: Sequence[Column], kept: Sequence[NDArray[np.bool_]]
) -> NDArray[np.float32]:
    """(pages x PAGE_FEATURES)."""
    return np.array(
        [
            page_features(
                sample.rows,
                found,
                stays,
                [text for text, stay in zip(sample.texts, stays, strict=True) if stay],
                sample.facts,
            )
            for sample, found, stays in zip(samples, scores, kept, strict=True)
        ],
        dtype=np.float32,
    )


def article_table(samples: Sequence[Sample], rows: NDArray[np.float32]) -> Table:
    """Articles and pages that are none; the few of the second kind weigh as much as half of the first."""
    wanted = np.array([sample.article for sample in samples], dtype=np.float64)
    rare = 0.5 * wanted.sum() / max(1.0, (1 - wanted).sum())
    return Table(rows, wanted, np.where(wanted > 0, 1.0, rare), _folds(samples))


def without_doubtful(table: Table, margins: Column) -> Table:
    """The table without the articles that models which do not know them take for none, at some 3 to 1.

    The sets count forum threads, shop pages and home pages as articles: the models are not to learn them.
    """
    doubtful = (table.wanted > 0) & (margins < _DOUBTFUL)
    return replace(table, weight=table.weight * ~doubtful)


def quality_table(
    samples: Sequence[Sample], rows: NDArray[np.float32], kept: Sequence[NDArray[np.bool_]]
) -> Table:
    """F1 of what was kept, where there is a gold body."""
    wanted = np.array(
        [
            f1("\n".join(t for t, stay in zip(sample.texts, stays, strict=True) if stay), sample.body or "")
            for sample, stays in zip(samples, kept, strict=True)
        ]
    )
    known = np.array([bool(sample.body) and sample.article for sample in samples], dtype=np.float64)
    return Table(rows, wanted, known, _folds(samples))


def _folds(samples: Sequence[Sample]) -> NDArray[np.int64]:
    return np.array([sample.fold for sample in samples], dtype=np.int64)


def report_articles(samples: Sequence[Sample], chance: Column) -> None:
    """Refusals at several thresholds: of other pages, of articles, and of news among them."""
    article = np.array([sample.article for sample in samples])
    news = np.array([sample.set in _NEWS for sample in samples])
    print("article models: share refused of other pages, of articles, of articles in the sets of news")
    for threshold in (0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5):
        shares = (np.mean(chance[some] < threshold) for some in (~article, article, news))
        print(f"  < {threshold}:", *(f"{share:.4f}" for share in shares))


def report_quality(quality: Table, expected: Column) -> None:
    """Calibration and ranking of the quality."""
    known = quality.weight > 0
    wanted, found = quality.wanted[known], np.clip(expected[known], 0, 1)
    order = np.argsort(found)
    print("quality model: tenths by expected F1, worst first: expected, true mean, pages below 0.8")
    for part in np.array_split(order, 10):
        print(f"  {found[part].mean():.3f} {wanted[part].mean():.3f} {int((wanted[part] < 0.8).sum())}")
    print(f"  rank correlation {_rank_correlation(wanted, found):.3f}")
    print(f"  mean error {np.abs(wanted - found).mean():.3f}")


def _rank_correlation(one: Column, other: Column) -> float:
    first, second = (np.argsort(np.argsort(values)).astype(np.float64) for values in (one, other))
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))
