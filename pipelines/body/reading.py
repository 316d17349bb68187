"""One reading of a page: its blocks, votes for the body, the rules' cuts and what the rules keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pipelines.body.blocks import Block, Walk
from pipelines.body.boilerplate import Cut, Known, judge_blocks
from pipelines.body.extract import pruned_copy, trafilatura_lines, votes
from pipelines.body.furniture import find_furniture
from pipelines.body.known_place import known_body, with_known_body
from pipelines.body.page_view import Sight, sight_of
from pipelines.body.phrases import load_phrases
from pipelines.body.prose import prose_votes
from pipelines.body.region import gathering
from pipelines.body.select import select
from pipelines.body.site_memory import MEMORY_RULE, SiteMemory
from pipelines.normalize import count_words
from pipelines.policy import Policy

_NO_PROSE = frozenset({"hidden", "consent", "footer", "comments"})


@dataclass(frozen=True, slots=True)
class Reading:
    """`shares`, `cuts` run parallel to `blocks`; `kept` holds indices of blocks, in order.

    `shares` are the votes, 0..1. `prose` counts the letters of all
    paragraphs of the page that are not links; `sight` is what the page shows site memory; `by_name`: whether
    class names told furniture.
    """

    blocks: Sequence[Block]
    shares: Sequence[float]
    cuts: Sequence[Cut | None]
    kept: Sequence[int]
    prose: int
    sight: Sight | None
    by_name: bool = True

    @property
    def letters(self) -> int:
        """Letters of the kept blocks."""
        return sum([len(self.blocks[at].letters) for at in self.kept])

    @property
    def words(self) -> int:
        """Words of the kept blocks."""
        return sum([count_words(self.blocks[at].text) for at in self.kept])


def read(
    walk: Walk, known: Known, memory: SiteMemory, policy: Policy, *, ask_extractor: bool = False
) -> Reading:
    """The page as the rules read it, where its prose is densest or where the extractor finds its body.

    The extractor is asked about pages of few blocks, too: their prose tells little, and they are small.

    When much of the page's prose got lost, or half of the words that the page says it has, class names may
    have misled: the page is read again without them, and that reading counts if it found far more.
    """
    one = partial(_read, walk, known, memory, policy, ask_extractor=ask_extractor)
    first = one(by_name=True)
    complete = known.word_count is None or first.words >= policy.min_prose_share * known.word_count
    if complete and first.letters >= policy.min_prose_share * first.prose:
        return first
    second = one(by_name=False)
    return second if second.letters > policy.min_second_gain * first.letters else first


def _read(
    walk: Walk,
    known: Known,
    memory: SiteMemory,
    policy: Policy,
    *,
    by_name: bool,
    ask_extractor: bool,
) -> Reading:
    furniture = find_furniture(walk.outline, policy, by_name=by_name)
    blocks = walk.blocks(furniture)
    phrases = load_phrases(policy.rules_off)
    cuts = judge_blocks(blocks, known, phrases, memory, policy)
    shares = (
        votes(blocks, trafilatura_lines(pruned_copy(walk.outline, furniture)))
        if ask_extractor or len(blocks) < policy.min_prose_blocks
        else prose_votes(blocks, cuts, policy)
    )
    voted = [share >= policy.min_vote_share for share in shares]
    sight = _sight(blocks, voted, cuts, policy)  # before what memory changes
    place = known_body(walk.places, memory, policy)
    voted = with_known_body(blocks, voted, cuts, place[1] if place else None, policy)
    return Reading(
        blocks=blocks,
        shares=shares,
        cuts=cuts,
        kept=select(blocks, voted, cuts, known, policy),
        prose=_prose_letters(blocks, cuts, policy),
        sight=sight,
        by_name=by_name,
    )


def _sight(
    blocks: Sequence[Block], voted: Sequence[bool], cuts: Sequence[Cut | None], policy: Policy
) -> Sight | None:
    """What the page shows site memory, with what memory cut seen as if it had not; None without a body."""
    unknown = [None if cut and cut.rule == MEMORY_RULE else cut for cut in cuts]
    chosen = [block for block, vote, cut in zip(blocks, voted, unknown, strict=True) if vote and not cut]
    container = gathering(chosen, policy)
    return None if container is None else sight_of(blocks, container, unknown, policy)


def _prose_letters(blocks: Sequence[Block], cuts: Sequence[Cut | None], policy: Policy) -> int:
    least = policy.min_lead_letters
    return sum(
        [
            len(block.letters)
            for block, cut in zip(blocks, cuts, strict=True)
            if len(block.letters) >= least
            and block.link_share < policy.max_prose_link_share
            and block.furniture not in _NO_PROSE
            and not (cut and cut.rule == MEMORY_RULE)
        ]
    )
