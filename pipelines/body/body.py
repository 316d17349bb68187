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
from pipelines.body.region import captions, find_container, is_direct, is_inside
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
    body = root.find("body")
    furniture = find_furniture(body, policy)
    blocks = linearise(body, furniture)
    shares = votes(blocks, trafilatura_lines(pruned_copy(root, furniture)))
    phrases = load_phrases()
    cuts = [judge(block, known, phrases, memory, policy) for block in blocks]
    voted = [share >= policy.min_vote_share for share in shares]
    kept = _select(blocks, voted, cuts, known, policy)
    removed = _removed(blocks, voted, cuts, kept)
    return Body(
        text=PARAGRAPH_BREAK.join(blocks[at].text for at in kept),
        letters=sum(len(blocks[at].letters) for at in kept),
        link_letters=sum(blocks[at].links for at in kept),
        blocks=len(kept),
        linked_headings=sum(
            blocks[at].kind == "heading" and blocks[at].link_share > policy.max_link_share
            for at in kept
        ),
        removed=removed,
        block_keys=tuple(block_key(block) for block in _near(blocks, kept)),
    )


def _select(
    blocks: Sequence[Block],
    voted: Sequence[bool],
    cuts: list[Cut | None],
    known: Known,
    policy: Policy,
) -> list[int]:
    """Indices of the blocks to keep: voted and not cut, and the lost ones between them.

    Notes in `cuts` what stands outside the body's place on the page.
    """
    chosen = [at for at in range(len(blocks)) if voted[at] and cuts[at] is None]
    container = find_container([blocks[at] for at in chosen])
    if container is None:
        return []
    for at in captions(blocks, container):
        if len(blocks[at].letters) <= policy.max_caption_letters:
            cuts[at] = cuts[at] or Cut("structure.picture", "caption")
    inside = [is_inside(block, container) for block in blocks]
    lead = _lead_zone(blocks, cuts, inside)
    for at in chosen:
        if not inside[at] and at not in lead and cuts[at] is None:
            cuts[at] = _outside(blocks[at], policy)
    kept = {at for at in chosen if cuts[at] is None}
    if not kept:
        return []
    kept |= {at for at in lead if cuts[at] is None and _is_lead(blocks[at], known, policy)}
    first, last = min(kept), max(kept)
    for at, block in enumerate(blocks):
        if at in kept or cuts[at] is not None or not is_direct(block, container):
            continue
        if first < at < last or len(block.letters) >= policy.min_restored_letters:
            kept.add(at)
    _drop_repeats(blocks, kept, cuts, policy)
    ordered = sorted(kept)
    while ordered and blocks[ordered[-1]].kind == "heading":
        ordered.pop()  # a heading over nothing announced what was cut
    return ordered


def _lead_zone(
    blocks: Sequence[Block], cuts: Sequence[Cut | None], inside: Sequence[bool]
) -> set[int]:
    """Indices between the headline and the body where a standfirst may stand: running text, no rows."""
    start = next((at for at, here in enumerate(inside) if here), 0)
    headlines = [at for at in range(start) if (cut := cuts[at]) and cut.reason == "headline"]
    if not headlines:
        return set()
    return {at for at in range(headlines[-1] + 1, start) if blocks[at].kind != "row" and not blocks[at].links}


def _drop_repeats(
    blocks: Sequence[Block], kept: set[int], cuts: list[Cut | None], policy: Policy
) -> None:
    """A sentence printed twice (as standfirst and first paragraph, as pull quote) is read once."""
    seen: dict[str, int] = {}
    for at in sorted(kept):
        folded = blocks[at].letters
        if folded in seen and len(folded) >= policy.min_restored_letters:
            cuts[at] = Cut("page.repeated", "repeated")
            kept.discard(at)
        seen.setdefault(folded, at)


def _is_lead(block: Block, known: Known, policy: Policy) -> bool:
    """Whether a block under the headline is a lead the extractor lost: the page's summary, or prose."""
    return block.letters == known.description or len(block.letters) >= policy.min_lead_letters


def _outside(block: Block, policy: Policy) -> Cut | None:
    """The cut for a block the extractor took from beside the body."""
    if len(block.letters) < policy.min_outside_letters:
        return Cut("structure.outside", "beside the body")
    return None


def _near(blocks: Sequence[Block], kept: Sequence[int]) -> Sequence[Block]:
    return blocks[kept[0] : kept[-1] + 1] if kept else ()


def _removed(
    blocks: Sequence[Block],
    voted: Sequence[bool],
    cuts: Sequence[Cut | None],
    kept: Sequence[int],
) -> tuple[RemovedBlock, ...]:
    """Blocks that would be in the text but for a rule: voted for, or between the kept ones."""
    if not kept:
        return ()
    stays = set(kept)
    found = []
    for at, (block, cut) in enumerate(zip(blocks, cuts, strict=True)):
        if at in stays or not (voted[at] or kept[0] < at < kept[-1]):
            continue
        decided = cut or Cut("extractor", "not body")
        found.append(
            RemovedBlock(
                block.order, path_of(block.element), block.text, decided.rule, decided.reason
            )
        )
    return tuple(found)
