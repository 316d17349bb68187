"""One reading of a page: its blocks, the extractor's votes, the rules' cuts and what the rules keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.blocks import Block, linearise
from pipelines.body.boilerplate import Cut, Known, judge_blocks
from pipelines.body.extract import pruned_copy, trafilatura_lines, votes
from pipelines.body.furniture import find_furniture
from pipelines.body.known_place import known_body, with_known_body
from pipelines.body.page_view import view_of
from pipelines.body.phrases import load_phrases
from pipelines.body.select import select
from pipelines.body.site_memory import MEMORY_RULE, SiteMemory
from pipelines.normalize import count_words
from pipelines.policy import Policy
from pipelines.records import PageView


@dataclass(frozen=True, slots=True)
class Reading:
    """`shares`, `cuts` run parallel to `blocks`; `kept` holds indices of blocks, in order.

    `shares` are the extractor's votes, 0..1 of a block's letters. `prose` counts the letters of all
    paragraphs of the page that are not links; `view` is what the page tells site memory.
    """

    blocks: Sequence[Block]
    shares: Sequence[float]
    cuts: Sequence[Cut | None]
    kept: Sequence[int]
    prose: int
    view: PageView | None

    @property
    def letters(self) -> int:
        """Letters of the kept blocks."""
        return sum(len(self.blocks[at].letters) for at in self.kept)

    @property
    def words(self) -> int:
        """Words of the kept blocks."""
        return sum(count_words(self.blocks[at].text) for at in self.kept)


def read(root: HtmlElement, known: Known, memory: SiteMemory, policy: Policy) -> Reading:
    """The page as the rules read it.

    When much of the page's prose got lost, or half of the words that the page says it has, class names may
    have misled: the page is read again without them, and that reading counts if it found far more.
    """
    first = _read(root, known, memory, policy, by_name=True)
    complete = known.word_count is None or first.words >= policy.min_prose_share * known.word_count
    if complete and first.letters >= policy.min_prose_share * first.prose:
        return first
    second = _read(root, known, memory, policy, by_name=False)
    return second if second.letters > policy.min_second_gain * first.letters else first


def _read(root: HtmlElement, known: Known, memory: SiteMemory, policy: Policy, *, by_name: bool) -> Reading:
    body = root.find("body")
    furniture = find_furniture(body, policy, by_name=by_name)
    blocks = linearise(body, furniture)
    shares = votes(blocks, trafilatura_lines(pruned_copy(root, furniture)))
    phrases = load_phrases(policy.rules_off)
    cuts = judge_blocks(blocks, known, phrases, memory, policy)
    voted = [share >= policy.min_vote_share for share in shares]
    view = view_of(blocks, voted, cuts, policy)  # before what memory changes
    place = known_body(root, memory, policy)
    voted = with_known_body(blocks, voted, cuts, place[1] if place else None, policy)
    return Reading(
        blocks=blocks,
        shares=shares,
        cuts=cuts,
        kept=select(blocks, voted, cuts, known, policy),
        prose=sum(
            len(block.letters)
            for block, cut in zip(blocks, cuts, strict=True)
            if _is_prose(block, policy) and not (cut and cut.rule == MEMORY_RULE)
        ),
        view=view,
    )


def _is_prose(block: Block, policy: Policy) -> bool:
    return (
        len(block.letters) >= policy.min_lead_letters
        and block.link_share < policy.max_prose_link_share
        and block.furniture not in ("hidden", "consent", "footer", "comments")
    )
