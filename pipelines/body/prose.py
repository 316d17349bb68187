"""Where a page's prose is densest: the first witness of where the body stands, before an extractor is asked.

On pages of sites they never saw (five sets with gold) rules and models find as much with this as with
trafilatura's votes, for a hundredth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml.html import HtmlElement

from pipelines.body.blocks import Block
from pipelines.body.boilerplate import Cut
from pipelines.body.region import are_inside, gathering
from pipelines.body.site_memory import MEMORY_RULE
from pipelines.normalize import weighed
from pipelines.policy import Policy

# What a block between two pieces of prose costs their run, and what each of its letters adds: a box of
# teasers is bridged by a paragraph or two, the way to the footer's prose is not.
_GAP, _MOST_GAP_LETTERS = 30, 100
# What stands in the body's element and in no piece of its run: no vote, and a hint for the models.
_BESIDE_RUN = 0.4
_SUBHEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})


def prose_votes(blocks: Sequence[Block], cuts: Sequence[Cut | None], policy: Policy) -> list[float]:
    """For each block 1 if it is of the page's densest prose, 0.4 in the element that gathers it, else 0."""
    is_open = [
        cut is None and not block.furniture and block.link_share < policy.max_prose_link_share
        for block, cut in zip(blocks, cuts, strict=True)
    ]
    run = _densest(blocks, is_open, policy)
    pieces = [blocks[at] for at in run if is_open[at] and _is_prose(blocks[at], policy)]
    container = gathering(pieces or [blocks[at] for at in run if is_open[at]], policy)
    if container is None:
        return [0.0] * len(blocks)
    # What site memory cuts helps to find no place, and is of the body where it stands in it.
    may_vote = [
        free or (cut is not None and cut.rule == MEMORY_RULE) for free, cut in zip(is_open, cuts, strict=True)
    ]
    votes = [
        (1.0 if at in run else _BESIDE_RUN) if may and inside else 0.0
        for at, (may, inside) in enumerate(zip(may_vote, are_inside(blocks, container), strict=True))
    ]
    for edge in (range(run.start - 1, -1, -1), range(run.stop, len(blocks))):
        for at in edge:  # short lines at both ends of the run
            if not votes[at]:
                break
            votes[at] = 1.0
    above = votes.index(1.0) - 1 if 1.0 in votes else -1
    if above >= 0 and is_open[above] and _is_subheading_of(blocks[above], container, policy):
        votes[above] = 1.0
    return votes


def _is_subheading_of(block: Block, container: HtmlElement, policy: Policy) -> bool:
    """Whether the block is a heading right before `container`; a word alone is a place's or a section's."""
    is_heading = block.element.tag in _SUBHEADINGS and len(block.letters) >= policy.min_restored_letters
    return is_heading and block.element.getnext() is container


def _is_prose(block: Block, policy: Policy) -> bool:
    return len(block.letters) >= policy.min_lead_letters


def _densest(blocks: Sequence[Block], is_open: Sequence[bool], policy: Policy) -> range:
    """The run of blocks with most letters of prose, less what stands between; all where there is none."""
    best, most = range(len(blocks)), 0
    start, sum_ = 0, 0
    lines, weights, whole = range(0), [0], 0
    for at, block in enumerate(blocks):
        if sum_ <= 0:
            start, sum_ = at, 0
        if not is_open[at]:
            sum_ -= _GAP + min(len(block.letters), _MOST_GAP_LETTERS)
            continue
        if at >= lines.stop:
            lines = _lines_of_one(blocks, at)
            weights = [weighed(blocks[line].letters) for line in lines]
            whole = sum(weights)
        if whole >= policy.min_lead_letters:
            sum_ += weights[at - lines.start]
            if sum_ > most:
                best, most = range(start, at + 1), sum_
    return best


def _lines_of_one(blocks: Sequence[Block], at: int) -> range:
    """The lines around a block, with its own, that only <br> sets apart: verses, one long text."""
    number = blocks[at].number
    start, stop = at, at + 1
    while start and blocks[start - 1].number == number:
        start -= 1
    while stop < len(blocks) and blocks[stop].number == number:
        stop += 1
    return range(start, stop)
