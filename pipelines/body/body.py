"""The body of a page: what its reading keeps, in words, and what was removed around it."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.body.boilerplate import Cut
from pipelines.body.reading import Reading
from pipelines.body.region import are_inside, find_container
from pipelines.body.site_memory import MEMORY_RULE
from pipelines.policy import Policy
from pipelines.records import RemovedBlock

PARAGRAPH_BREAK = "\n\n"
# Menus and footers stand on every page of a site and were never candidates for its text.
_FRAME = frozenset({"structure.navigation", "structure.footer", "structure.links"})


@dataclass(frozen=True, slots=True)
class Body:
    """What was kept and what was cut; the numbers and `places` (order, path) are about the kept blocks."""

    text: str
    letters: int
    link_letters: int
    blocks: int
    linked_headings: int
    places: tuple[tuple[int, str], ...]
    removed: tuple[RemovedBlock, ...]


def body_of(reading: Reading, policy: Policy) -> Body:
    """What `reading` keeps, in words, and what was removed around it."""
    blocks, kept = reading.blocks, reading.kept
    return Body(
        text=PARAGRAPH_BREAK.join(blocks[at].text for at in kept),
        letters=reading.letters,
        link_letters=sum(blocks[at].links for at in kept),
        blocks=len(kept),
        linked_headings=sum(
            blocks[at].kind == "heading" and blocks[at].link_share > policy.max_link_share for at in kept
        ),
        places=tuple((blocks[at].order, blocks[at].path) for at in kept),
        removed=_removed(reading, policy),
    )


def _removed(reading: Reading, policy: Policy) -> tuple[RemovedBlock, ...]:
    """Every block that a rule cut, and what the extractor chose or passed over within the text.

    The site's frame counts only where it reaches into the neighbourhood of the body. When nothing was kept,
    every block of the page is one.
    """
    blocks, kept = reading.blocks, reading.kept
    container = find_container([blocks[at] for at in kept])
    around = None if container is None or container.tag == "body" else container.getparent()
    known = around is not None and around.tag != "body"
    near = are_inside(blocks, around) if known else [False] * len(blocks)
    stays = set(kept)
    found = []
    for at, (block, cut) in enumerate(zip(blocks, reading.cuts, strict=True)):
        if at in stays:
            continue
        passed_over = reading.shares[at] < policy.min_vote_share and not (kept and kept[0] < at < kept[-1])
        # What memory cuts beside the body depends on what was seen before, and was no part of the text.
        no_part = cut is None or cut.rule == MEMORY_RULE or (not near[at] and cut.rule in _FRAME)
        if kept and passed_over and no_part:
            continue
        decided = cut or Cut("extractor", "not body")
        found.append(RemovedBlock(block.order, block.path, block.text, decided.rule, decided.reason))
    return tuple(found)
