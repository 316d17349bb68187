"""Train the models of `pipelines/learned` on pages with gold, and report them under cross-validation.

    python -m benchmarks.training --data PATH [--no-write]

Every figure printed is out of fold: pages of one host are never on both sides. The ensembles written are
fitted on all pages; they are plain JSON under `pipelines/learned/weights/`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.training.blocks import BLOCKS, block_table, kept_blocks, report_blocks
from benchmarks.training.collect import Sample, collect
from benchmarks.training.fit import Column, Table, out_of_fold, train, write_trees
from benchmarks.training.pages import (
    ARTICLES,
    QUALITY,
    article_table,
    page_rows,
    quality_table,
    report_articles,
    report_quality,
    without_doubtful,
)
from benchmarks.training.words import fit_words, words_out_of_fold, write_words
from pipelines.learned.block_features import FEATURES
from pipelines.learned.page_features import PAGE_FEATURES

SETS = "wcxb fundus daniel chinese sites seeds rtl snippets metadata dates not-articles".split()
WEIGHTS = Path(__file__).parents[2] / "pipelines" / "learned" / "weights"


def main() -> None:
    """Collect, cross-validate, report, fit on everything, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the sets with gold")
    parser.add_argument("--no-write", action="store_true", help="only report")
    arguments = parser.parse_args()
    fit_all(collect(arguments.data, SETS), write=not arguments.no_write)


def fit_all(samples: Sequence[Sample], *, write: bool) -> None:
    """Blocks first; the pages' models see the blocks as a model that did not know them judged them."""
    blocks = block_table(samples)
    scores = out_of_fold(blocks, BLOCKS)
    ends = np.cumsum([len(sample.rows) for sample in samples])[:-1]
    by_page = np.split(scores, ends)
    report_blocks(samples, by_page)
    kept = [kept_blocks(sample, found) for sample, found in zip(samples, by_page, strict=True)]
    rows = page_rows(samples, by_page, kept)
    words = [sample.words for sample in samples]
    articles = article_table(samples, rows)
    articles = without_doubtful(articles, _margins(articles, words))
    report_articles(samples, 1 / (1 + np.exp(-_margins(articles, words))))
    quality = quality_table(samples, rows, kept)
    report_quality(quality, out_of_fold(quality, QUALITY))
    if write:
        everything = np.ones(len(samples), dtype=np.bool_)
        write_words(fit_words(words, articles.wanted, articles.weight, everything), WEIGHTS / "words.json")
        for name, table, shape, features in (
            ("blocks", blocks, BLOCKS, FEATURES),
            ("articles", articles, ARTICLES, PAGE_FEATURES),
            ("quality", quality, QUALITY, PAGE_FEATURES),
        ):
            everything = np.ones(len(table.rows), dtype=np.bool_)
            write_trees(train(table, shape, everything), features, WEIGHTS / f"{name}.json")


def _margins(articles: Table, words: Sequence[frozenset[str]]) -> Column:
    """Log-odds of each page out of fold, by both models."""
    chance = out_of_fold(articles, ARTICLES)
    return np.asarray(np.log(chance / (1 - chance)) + words_out_of_fold(words, articles))


if __name__ == "__main__":
    main()
