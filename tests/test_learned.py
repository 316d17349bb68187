"""The learned models: the evaluator, the weights in the repository, and what the models may decide."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pytest

from pipelines.body.blocks import Walk
from pipelines.body.boilerplate import Cut, Known
from pipelines.body.reading import Reading, read
from pipelines.body.site_memory import NO_MEMORY
from pipelines.clean import clean, read_page
from pipelines.learned.block_features import FEATURES, block_features
from pipelines.learned.block_text import _COUNTED, _counts
from pipelines.learned.columns import log1p
from pipelines.learned.judge import MODEL_RULE, decide, is_sure, judge_page
from pipelines.learned.markup import read_markup
from pipelines.learned.page_features import FACTS, PAGE_FEATURES, page_facts
from pipelines.learned.places import _named
from pipelines.learned.trees import Trees, load_trees, read_trees
from pipelines.metadata.structured import read_statements
from pipelines.page.outline import Outline
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Rejected
from tests.helpers_clean import page as make_page

SENTENCE = "The harbour master said on Tuesday that the third basin opens a month early, weather allowing. "
MENU = "".join(f'<li><a href="/s{n}">Section {n}</a></li>' for n in range(30))


def stump(*nodes: list[float]) -> Trees:
    return read_trees({"features": ["a", "b"], "trees": [list(nodes), [[0.25]]]})


def reading_of(html: str) -> tuple[Reading, Known, Outline]:
    root = parse(html)
    assert root is not None
    known, outline = Known(), Outline.of(root)
    return read(Walk(outline), known, NO_MEMORY, DEFAULT_POLICY), known, outline


def full_page(*paragraphs: str) -> str:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html><body><ul>{MENU}</ul><article><h1>A harbour opens</h1>{body}</article></body></html>"


def test_a_row_goes_left_up_to_the_threshold_and_the_trees_add_up() -> None:
    trees = stump([1, 0.5, 1, 2], [-1.0], [0, 3.0, 3, 4], [2.0], [4.0])
    rows = np.array([[0, 0.5], [3, 0.6], [3.5, 9]], dtype=np.float32)
    assert trees.depth == 2
    assert trees.margins(rows).tolist() == [-0.75, 2.25, 4.25]
    assert trees.probabilities(rows)[1] == pytest.approx(1 / (1 + np.exp(-2.25)))


def test_a_leaf_may_stand_at_any_level_and_many_rows_are_no_other_than_few() -> None:
    trees = read_trees(
        {
            "features": ["a", "b"],
            "trees": [
                [[0, 0.5, 1, 2], [1.0], [1, 0.5, 3, 4], [2.0], [0, 2.5, 5, 6], [3.0], [4.0]],
                [[8.0]],
                [[1, 0.5, 1, 2], [16.0], [32.0]],
            ],
        }
    )
    rows = np.array([[0, 1], [1, 0], [2, 1], [3, 1]] * 300, dtype=np.float32)
    assert trees.margins(rows).tolist() == [41.0, 26.0, 43.0, 44.0] * 300
    assert [trees.margins(rows[at : at + 1]).tolist() for at in range(4)] == [[41.0], [26.0], [43.0], [44.0]]


def test_trees_too_deep_for_their_paths_are_refused() -> None:
    chain: list[list[float]] = []
    for level in range(9):
        chain += [[0, level, 2 * level + 1, 2 * level + 2], [0.0]]
    with pytest.raises(ValueError, match="9 levels"):
        read_trees({"features": ["a"], "trees": [[*chain, [1.0]]]})


def test_characters_beyond_the_table_are_neither_digits_nor_capitals() -> None:
    beyond = map(chr, range(0x20000, sys.maxunicode + 1))
    assert not any(char.isdigit() or char.isupper() for char in beyond)


def test_marks_of_a_text_are_counted_by_sort() -> None:
    counts = dict(zip(_COUNTED, _counts(["", "Ab, C؟ «x» | 12٣ \U00020000"])[1].tolist(), strict=True))
    assert counts == {
        "other": 0,
        "digits": 3,
        "upper": 2,
        "sentences": 1,
        "commas": 1,
        "symbols": 2,
        "quotes": 1,
    }


@pytest.mark.parametrize("most", [3, 100_000])
def test_logarithms_of_small_and_large_numbers_are_the_librarys(most: int) -> None:
    assert log1p(np.array([0, 1, most])).tolist() == [0.0, math.log1p(1), math.log1p(most)]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("articleBody", "body"),
        ("post_content clearfix", "body"),
        ("postcontent", "body"),
        ("x-rich-text", "body"),
        ("subTitle", "lead"),
        ("news-lead", "lead"),
        ("sidebar2", "box"),
        ("leading contents boxes post content", ""),
        ("story-body widget intro", "body lead box"),
    ],
)
def test_an_element_is_known_by_whole_words_of_its_name(name: str, columns: str) -> None:
    found = zip(("body", "lead", "box"), _named(name, None) or [False] * 3, strict=True)
    assert [column for column, named in found if named] == columns.split()


def test_a_page_without_blocks_has_no_scores() -> None:
    assert stump([0.5]).margins(np.zeros((0, 2), dtype=np.float32)).tolist() == []


@pytest.mark.parametrize(
    ("name", "features"), [("blocks", FEATURES), ("articles", PAGE_FEATURES), ("quality", PAGE_FEATURES)]
)
def test_the_weights_in_the_repository_belong_to_todays_features(
    name: str, features: tuple[str, ...]
) -> None:
    trees = load_trees(name, features)
    assert len(trees) >= 50
    assert 0 <= trees.feature.min() <= trees.feature.max() < len(features)


def test_weights_of_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match="make train"):
        load_trees("blocks", FEATURES[:-1])


def test_every_block_has_every_feature_and_all_are_numbers() -> None:
    reading, known, outline = reading_of(full_page(SENTENCE * 3, "Read <a href='/x'>this</a>", "12:30", "…"))
    rows = block_features(reading, known, outline)
    assert rows.shape == (len(reading.blocks), len(FEATURES))
    assert np.isfinite(rows).all()
    assert len(set(FEATURES)) == len(FEATURES)
    assert len(set(PAGE_FEATURES)) == len(PAGE_FEATURES)


def test_facts_of_an_address_that_cannot_be_split_by_words_are_numbers() -> None:
    root = parse("<html><body><p>x</p></body></html>")
    assert root is not None
    facts = page_facts(read_markup(Outline.of(root)), read_statements(root), "http://a.test/", None)
    assert len(facts) == len(FACTS)
    assert np.isfinite(facts).all()


def test_the_words_of_a_page_do_not_matter_only_their_shape() -> None:
    """The features are free of language: other letters of the same lengths score the same."""
    latin, arabic = (
        SENTENCE.lower(),
        SENTENCE.lower().translate({ord(c): "ب" for c in "abcdefghiklmnoprstuwy"}),
    )
    rows = []
    for text in (latin, arabic):
        reading, known, outline = reading_of(full_page(text * 3, text * 2))
        rows.append(block_features(reading, known, outline))
    at = len(rows[0]) - 1
    differing = {FEATURES[k] for k, (a, b) in enumerate(zip(rows[0][at], rows[1][at], strict=True)) if a != b}
    assert differing <= {"start", "signature_voted", "vote", "home_voted", "outer_voted"}


def test_a_heading_before_all_that_the_rules_keep_may_be_the_headline_and_needs_a_higher_score() -> None:
    reading, *_ = reading_of(full_page(SENTENCE * 3, SENTENCE * 2))
    first, *others = reading.kept
    blocks = list(reading.blocks)
    blocks[first] = replace(blocks[first], kind="heading")
    before = replace(reading, blocks=blocks, kept=others)
    scores = np.full(len(blocks), 0.99)
    for score, kept in ((0.7, False), (0.9, True)):
        scores[first] = score
        assert (first in decide(before, scores, DEFAULT_POLICY).kept) is kept


def test_a_sure_cut_stays_whatever_the_score_and_another_needs_a_high_one() -> None:
    reading, *_ = reading_of(full_page(SENTENCE * 3, "Some other story. " * 8, "Another one. " * 9))
    at = list(reading.kept)
    cuts = list(reading.cuts)
    cuts[at[-1]] = Cut("phrase.en.share.line.1", "share")
    cuts[at[-2]] = Cut("structure.related", "related")
    cut = replace(reading, cuts=cuts, kept=at[:-2])
    scores = np.full(len(reading.blocks), 0.0)
    scores[at] = 0.7
    assert list(decide(cut, scores, DEFAULT_POLICY).kept) == at[:-2]
    scores[at] = 0.99
    decided = decide(cut, scores, DEFAULT_POLICY)
    assert list(decided.kept) == at[:-1]
    assert decided.cuts[at[-2]] is None
    headline = frozenset({cut.blocks[at[-2]].letters})
    assert list(decide(cut, scores, DEFAULT_POLICY, headline).kept) == at[:-2]
    assert is_sure("site_memory")
    assert not is_sure(None)


def test_what_the_model_drops_is_a_cut_of_its_own_and_can_be_turned_off() -> None:
    reading, *_ = reading_of(full_page(SENTENCE * 3, "Another one. " * 9))
    scores = np.ones(len(reading.blocks))
    dropped = reading.kept[-1]
    scores[:] = np.where(np.isin(np.arange(len(scores)), reading.kept), 1.0, 0.0)
    scores[dropped] = 0.12
    decided = decide(reading, scores, DEFAULT_POLICY)
    assert dropped not in decided.kept
    assert decided.cuts[dropped] == Cut(MODEL_RULE, "score 0.12")
    off = replace(DEFAULT_POLICY, rules_off=frozenset({"model"}))
    assert list(decide(reading, scores, off).kept) == list(reading.kept)


def test_the_model_never_takes_a_text_away_whole() -> None:
    reading, *_ = reading_of(full_page(SENTENCE * 3, SENTENCE.upper()))
    assert list(decide(reading, np.zeros(len(reading.blocks)), DEFAULT_POLICY).kept) == list(reading.kept)


def test_a_bare_page_is_left_to_the_rules() -> None:
    """The models were fitted on pages with a site around the article; two sentences alone are news, too."""
    page = make_page(
        f"<html><body><h1>A harbour opens</h1><p>{SENTENCE}</p><p>{SENTENCE.upper()}</p></body></html>"
    )
    got = read_page(page)
    assert not isinstance(got, Rejected)
    facts = page_facts(read_markup(got.opened.outline), got.opened.statements, page.url, got.opened.title)
    judged = judge_page(
        got.reading, got.known, got.opened.outline, facts=facts, words=frozenset(), policy=DEFAULT_POLICY
    )
    assert judged.article is None
    assert list(judged.reading.kept) == list(got.reading.kept)


def test_an_article_has_a_score_between_none_and_one() -> None:
    article = clean(make_page(full_page(*(f"{n}. {SENTENCE * 2}" for n in range(6))))).result
    assert isinstance(article, Article)
    assert article.extraction_score is not None
    assert 0.0 <= article.extraction_score <= 1.0
