"""The learned decisions about a page: which blocks stay, whether it is an article, how well it was read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipelines.arrays import Floats
from pipelines.body.blocks import Block
from pipelines.body.boilerplate import Cut, Known
from pipelines.body.reading import Reading
from pipelines.body.select import REPEATED_RULE, tidy
from pipelines.learned.block_features import FEATURES, block_features
from pipelines.learned.columns import Matrix, Vector
from pipelines.learned.page_features import PAGE_FEATURES, page_features
from pipelines.learned.page_words import load_words
from pipelines.learned.trees import load_trees
from pipelines.page.outline import Outline
from pipelines.policy import Policy

MODEL_RULE = "model.block"
_RELATED = "structure.related"
# What these rules cut stays cut: each has a ground that the shape of a block does not refute.
_SURE = (
    "phrase.",
    "page.headline",
    "page.byline",
    "page.caption",
    "site_memory",
    "structure.copyright",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """`reading` with the model's decisions; `article` and `quality` are in 0..1.

    `article`: the chance that the page is one at all, None for a bare page, of which the models know nothing.
    `quality`: the expected F1 of the body's words.
    """

    reading: Reading
    article: float | None
    quality: float


def judge_page(
    reading: Reading,
    known: Known,
    outline: Outline,
    *,
    facts: Vector,
    words: frozenset[str],
    policy: Policy,
) -> Judged:
    """Decide on the blocks of `reading`, then on the page they make."""
    rows = block_features(reading, known, outline)
    scores = load_trees("blocks", FEATURES).probabilities(rows)
    bare = len(rows) < policy.min_model_blocks
    decided = reading if bare else decide(reading, scores, policy, known.headlines)
    vector = page_vector(decided, rows, scores, facts)
    page = np.array([vector], dtype=np.float32)
    article = None if bare else _chance(page, words)
    quality = load_trees("quality", PAGE_FEATURES).margins(page)[0]
    return Judged(decided, article, float(np.clip(quality, 0.0, 1.0)))


def _chance(page: Matrix, words: frozenset[str]) -> float:
    """That the page is an article: its shape and its words are asked, and their log-odds add up."""
    shape = load_trees("articles", PAGE_FEATURES).margins(page)[0]
    return float(1.0 / (1.0 + np.exp(-shape - load_words("words").margin(words))))


def page_vector(decided: Reading, rows: Matrix, scores: Floats, facts: Vector) -> Vector:
    """Features of the page once its blocks are decided on."""
    kept = np.zeros(len(rows), dtype=np.bool_)
    kept[list(decided.kept)] = True
    return page_features(rows, scores, kept, [decided.blocks[at].text for at in decided.kept], facts)


def decide(
    reading: Reading, scores: Floats, policy: Policy, headlines: Collection[str] = frozenset()
) -> Reading:
    """The reading with the blocks kept that score high enough and that no sure rule cut.

    A headline never returns, whatever rule came first to cut it: menus say it, too.

    Where nothing would be left of a text the rules found, theirs stands: short news is short, and refusing
    is the page's model's business.
    """
    if not policy.applies(MODEL_RULE):
        return reading
    cuts = list(reading.cuts)
    returned = _kept(reading, scores, policy)
    kept = {at for at in returned if cuts[at] is None or reading.blocks[at].letters not in headlines}
    if sum(len(reading.blocks[at].letters) for at in kept) < policy.min_body_letters <= reading.letters:
        return reading
    for at in reading.kept:
        if at not in kept:
            cuts[at] = Cut(MODEL_RULE, f"score {scores[at]:.2f}")
    for at in kept:
        cuts[at] = None
    return replace(reading, cuts=cuts, kept=tidy(reading.blocks, kept, cuts, policy))


def is_sure(rule: str | None) -> bool:
    """Whether the model has no say on what this rule cut."""
    return rule is not None and rule.startswith(_SURE)


def _joins(block: Block, before: bool, policy: Policy) -> float:
    """What a block has to score that the rules passed over; `before` the body it may be the headline."""
    if block.kind == "row":
        return policy.min_score_of_row
    return policy.min_score_to_lead if before and block.kind == "heading" else policy.min_score_to_join


def _kept(reading: Reading, scores: Floats, policy: Policy) -> Iterator[int]:
    chosen = set(reading.kept)
    first = min(chosen, default=0)
    for at, cut in enumerate(reading.cuts):
        if cut and cut.rule == REPEATED_RULE:  # chosen, but for its copy: which of both stays is settled last
            least = policy.min_score_to_stay
        elif cut is None:
            joins = _joins(reading.blocks[at], at < first, policy)
            least = policy.min_score_to_stay if at in chosen else joins
        else:
            teaser = cut.rule == _RELATED and reading.blocks[at].links
            least = policy.min_score_of_teaser if teaser else policy.min_score_to_return
        if scores[at] >= least and not is_sure(cut.rule if cut else None):
            yield at
