"""The body of a page: what its reading keeps, in words, and what was removed around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.blocks import Block, path_of
from pipelines.body.boilerplate import Cut, Known
from pipelines.body.reading import Reading, read
from pipelines.body.region import find_container, is_inside
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
    """The article's body out of a parsed page."""
    reading = read(root, known, memory, policy)
    blocks, kept = reading.blocks, reading.kept
    return Body(
        text=PARAGRAPH_BREAK.join(blocks[at].text for at in kept),
        letters=reading.letters,
        link_letters=sum(blocks[at].links for at in kept),
        blocks=len(kept),
        linked_headings=sum(
            blocks[at].kind == "heading" and blocks[at].link_share > policy.max_link_share for at in kept
        ),
        removed=_removed(reading, policy),
        block_keys=tuple(block_key(block) for block in _near(blocks, kept)),
    )


def _near(blocks: Sequence[Block], kept: Sequence[int]) -> Sequence[Block]:
    return blocks[kept[0] : kept[-1] + 1] if kept else ()


def _removed(reading: Reading, policy: Policy) -> tuple[RemovedBlock, ...]:
    """Blocks that are not in the text: voted for, between the kept ones, or cut by a rule beside the body."""
    blocks, kept = reading.blocks, reading.kept
    container = find_container([blocks[at] for at in kept])
    if container is None:
        return ()
    around = container if container.tag == "body" else container.getparent()
    stays = set(kept)
    found = []
    for at, (block, cut) in enumerate(zip(blocks, reading.cuts, strict=True)):
        beside = cut is not None and around.tag != "body" and is_inside(block, around)
        voted = reading.shares[at] >= policy.min_vote_share
        if at in stays or not (voted or kept[0] < at < kept[-1] or beside):
            continue
        decided = cut or Cut("extractor", "not body")
        found.append(
            RemovedBlock(block.order, path_of(block.element), block.text, decided.rule, decided.reason)
        )
    return tuple(found)
