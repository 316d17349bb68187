"""The body of a page: blocks, the extractor's votes, our cuts, and what was lost brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.blocks import Block, linearise, path_of
from pipelines.body.boilerplate import Cut, Known, judge
from pipelines.body.extract import pruned_copy, trafilatura_lines, votes
from pipelines.body.furniture import find_furniture
from pipelines.body.phrases import load_phrases
from pipelines.body.region import find_container, is_inside
from pipelines.body.select import select
from pipelines.body.site_memory import SiteMemory, block_key
from pipelines.policy import Policy
from pipelines.records import RemovedBlock

PARAGRAPH_BREAK = "\n\n"


@dataclass(frozen=True, slots=True)
class Body:
    """What was kept and what was cut; the numbers are about the kept blocks."""

    text: str
    letters: int
    link_letters: int
    blocks: int
    linked_headings: int
    removed: tuple[RemovedBlock, ...]
    block_keys: tuple[str, ...]


def read_body(root: HtmlElement, known: Known, memory: SiteMemory, policy: Policy) -> Body:
    """The article's body out of a parsed page.

    When much of the page's prose got lost, class names may have misled: the page is read again without
    them, and that reading counts if it found far more.
    """
    first, prose = _read(root, known, memory, policy, by_name=True)
    if first.letters >= policy.min_prose_share * prose:
        return first
    second, _ = _read(root, known, memory, policy, by_name=False)
    return second if second.letters > policy.min_second_gain * first.letters else first


def _read(
    root: HtmlElement, known: Known, memory: SiteMemory, policy: Policy, *, by_name: bool
) -> tuple[Body, int]:
    """One reading of the page, and the letters of all its paragraphs that are not links."""
    body = root.find("body")
    furniture = find_furniture(body, policy, by_name=by_name)
    blocks = linearise(body, furniture)
    shares = votes(blocks, trafilatura_lines(pruned_copy(root, furniture)))
    phrases = load_phrases(policy.rules_off)
    cuts = [judge(block, known, phrases, memory, policy) for block in blocks]
    voted = [share >= policy.min_vote_share for share in shares]
    kept = select(blocks, voted, cuts, known, policy)
    removed = _removed(blocks, voted, cuts, kept)
    found = Body(
        text=PARAGRAPH_BREAK.join(blocks[at].text for at in kept),
        letters=sum(len(blocks[at].letters) for at in kept),
        link_letters=sum(blocks[at].links for at in kept),
        blocks=len(kept),
        linked_headings=sum(
            blocks[at].kind == "heading" and blocks[at].link_share > policy.max_link_share for at in kept
        ),
        removed=removed,
        block_keys=tuple(block_key(block) for block in _near(blocks, kept)),
    )
    return found, sum(len(block.letters) for block in blocks if _is_prose(block, policy))


def _is_prose(block: Block, policy: Policy) -> bool:
    return (
        len(block.letters) >= policy.min_lead_letters
        and block.link_share < policy.max_prose_link_share
        and block.furniture not in ("hidden", "consent", "footer", "comments")
    )


def _near(blocks: Sequence[Block], kept: Sequence[int]) -> Sequence[Block]:
    return blocks[kept[0] : kept[-1] + 1] if kept else ()


def _removed(
    blocks: Sequence[Block],
    voted: Sequence[bool],
    cuts: Sequence[Cut | None],
    kept: Sequence[int],
) -> tuple[RemovedBlock, ...]:
    """Blocks that are not in the text: voted for, between the kept ones, or cut by a rule beside the body."""
    container = find_container([blocks[at] for at in kept])
    if container is None:
        return ()
    around = container if container.tag == "body" else container.getparent()
    stays = set(kept)
    found = []
    for at, (block, cut) in enumerate(zip(blocks, cuts, strict=True)):
        beside = cut is not None and around.tag != "body" and is_inside(block, around)
        if at in stays or not (voted[at] or kept[0] < at < kept[-1] or beside):
            continue
        decided = cut or Cut("extractor", "not body")
        found.append(
            RemovedBlock(block.order, path_of(block.element), block.text, decided.rule, decided.reason)
        )
    return tuple(found)
