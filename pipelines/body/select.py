"""Which blocks are the body: voted for, not cut, in one place of the page; and what was lost there."""

from __future__ import annotations

from collections.abc import Sequence

from lxml.html import HtmlElement

from pipelines.body.blocks import Block
from pipelines.body.boilerplate import Cut, Known
from pipelines.body.copies import find_repeats
from pipelines.body.region import are_inside, captions, gathering, is_beside, is_inside
from pipelines.policy import Policy

# What a page calls a part of its own.
_PARTS = frozenset({"article", "section"})
REPEATED_RULE = "page.repeated"


def select(
    blocks: Sequence[Block],
    voted: Sequence[bool],
    cuts: list[Cut | None],
    known: Known,
    policy: Policy,
) -> list[int]:
    """Indices of the blocks to keep, in order. Notes in `cuts` what is cut here."""
    chosen = [at for at in range(len(blocks)) if voted[at] and cuts[at] is None]
    container = gathering([blocks[at] for at in chosen], policy)
    if container is None:
        return []
    inside = are_inside(blocks, container)
    lead = _lead_zone(blocks, cuts, inside)
    _cut_captions(blocks, cuts, container, policy)
    top = _headline(blocks, cuts)
    for at in chosen:
        beside = at < top or not (inside[at] or at in lead)
        if beside and len(blocks[at].letters) < policy.min_outside_letters:
            _cut(cuts, at, Cut("structure.outside", "beside the body"), policy)
    kept = {at for at in chosen if cuts[at] is None}
    kept |= {at for at in lead if cuts[at] is None and _is_lead(blocks[at], known, policy)}
    _restore(blocks, kept, cuts, policy)
    return tidy(blocks, kept, cuts, policy)


def tidy(blocks: Sequence[Block], kept: set[int], cuts: list[Cut | None], policy: Policy) -> list[int]:
    """The kept indices in order, without repeats and without a heading over nothing at the end."""
    _cut_repeats(blocks, kept, cuts, policy)
    ordered = sorted(kept)
    announced = Cut("structure.heading", "heading over what was cut")
    while ordered and blocks[ordered[-1]].kind == "heading" and _cut(cuts, ordered[-1], announced, policy):
        ordered.pop()
    return ordered


def _cut(cuts: list[Cut | None], at: int, cut: Cut, policy: Policy) -> bool:
    """Note the cut, unless its rule is off or another came first; whether the block is cut now."""
    if cuts[at] is None and policy.applies(cut.rule):
        cuts[at] = cut
    return cuts[at] is not None


def _headline(blocks: Sequence[Block], cuts: Sequence[Cut | None]) -> int:
    """Index of the page's headline, 0 without one: what stands above it is a kicker or a path."""
    found = (
        at
        for at, (block, cut) in enumerate(zip(blocks, cuts, strict=True))
        if cut and cut.reason == "headline" and block.element.tag == "h1"
    )
    return next(found, 0)


def _lead_zone(blocks: Sequence[Block], cuts: Sequence[Cut | None], inside: Sequence[bool]) -> set[int]:
    """Indices between the headline and the body where a standfirst may stand: running text, no rows."""
    start = next((at for at, here in enumerate(inside) if here), 0)
    headlines = [at for at in range(start) if (cut := cuts[at]) and cut.reason == "headline"]
    if not headlines:
        return set()
    between = range(headlines[-1] + 1, start)
    return {at for at in between if blocks[at].kind != "row" and not blocks[at].links}


def _is_lead(block: Block, known: Known, policy: Policy) -> bool:
    """Whether a block under the headline is a lead the extractor lost: the page's summary, or prose."""
    return block.letters == known.description or len(block.letters) >= policy.min_lead_letters


def _cut_captions(
    blocks: Sequence[Block], cuts: list[Cut | None], container: HtmlElement, policy: Policy
) -> None:
    for at in captions(blocks, container):
        if len(blocks[at].letters) <= policy.max_caption_letters:
            _cut(cuts, at, Cut("structure.picture", "caption"), policy)


def _restore(
    blocks: Sequence[Block],
    kept: set[int],
    cuts: Sequence[Cut | None],
    policy: Policy,
) -> None:
    """Bring back what stands among the kept blocks, in the same places, and was passed over."""
    if not kept:
        return
    places = {blocks[at].home for at in kept if len(blocks[at].letters) >= policy.min_restored_letters}
    first, last = min(kept), max(kept)
    for at, block in enumerate(blocks):
        if at in kept or cuts[at] is not None or not is_beside(block, places):
            continue
        if first < at < last or len(block.letters) >= policy.min_restored_letters:
            kept.add(at)
    for at in range(first + 1, last):
        if blocks[at].kind == "heading" and at not in kept and cuts[at] is None:
            _restore_heading(at, blocks, kept, cuts)


def _restore_heading(at: int, blocks: Sequence[Block], kept: set[int], cuts: Sequence[Cut | None]) -> None:
    """Bring back the heading of a part whose text is kept, though it stands in a box of its own there."""
    below = next((k for k in range(at + 1, len(blocks)) if cuts[k] is None), None)
    box = blocks[at].home.getparent()
    if below in kept and box is not None and box.tag in _PARTS and is_inside(blocks[below], box):
        kept.add(at)


def _cut_repeats(blocks: Sequence[Block], kept: set[int], cuts: list[Cut | None], policy: Policy) -> None:
    """A sentence printed twice (as standfirst and first paragraph, as pull quote) is read once."""
    texts = {at: blocks[at].letters for at in sorted(kept)}
    for at, reason in find_repeats(texts, policy).items():
        heading = reason == "quoted" and blocks[at].kind == "heading"
        if not heading and _cut(cuts, at, Cut(REPEATED_RULE, reason), policy):
            kept.discard(at)
