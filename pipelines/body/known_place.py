"""Where the site's templates have the body, and what that tells when the extractor looked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from lxml.html import HtmlElement

from pipelines.body.blocks import Block
from pipelines.body.boilerplate import Cut
from pipelines.body.paths import Paths
from pipelines.body.region import are_inside
from pipelines.body.site_memory import MEMORY_RULE, SiteMemory, Template
from pipelines.policy import Policy


def known_body(paths: Paths, memory: SiteMemory, policy: Policy) -> tuple[Template, HtmlElement] | None:
    """The template the page follows and its body: of those seen often enough, the one seen most.

    None when no template has exactly one such place on the page, or its headline stands nowhere.
    """
    if not policy.applies(MEMORY_RULE):
        return None
    for template in sorted(memory.templates, key=lambda known: -known.pages):
        if template.pages < policy.memory_min_pages:
            break
        found = paths.at(template.body)
        if len(found) == 1 and (template.headline is None or paths.at(template.headline)):
            return template, paths.outline.elements[found[0]]
    return None


def with_known_body(
    blocks: Sequence[Block],
    voted: Sequence[bool],
    cuts: Sequence[Cut | None],
    place: HtmlElement | None,
    policy: Policy,
) -> list[bool]:
    """The votes, or the prose of the body's known place when the votes gathered elsewhere or nowhere.

    The place is believed only when it holds far more than was found: a template has pages without text.
    """
    if place is None:
        return list(voted)
    here = are_inside(blocks, place)
    prose = [
        inside and cut is None and block.link_share < policy.max_prose_link_share
        for block, cut, inside in zip(blocks, cuts, here, strict=True)
    ]
    chosen = [vote and cut is None for vote, cut in zip(voted, cuts, strict=True)]
    held = _letters(blocks, prose)
    found_here = _letters(blocks, [vote and inside for vote, inside in zip(chosen, here, strict=True)])
    found = _letters(blocks, chosen)
    if held < policy.min_body_letters or found_here >= policy.min_prose_share * max(held, found):
        return list(voted)
    if held < policy.min_second_gain * found:
        return list(voted)
    return [(vote and inside) or more for vote, inside, more in zip(voted, here, prose, strict=True)]


def _letters(blocks: Sequence[Block], chosen: Sequence[bool]) -> int:
    return sum(len(block.letters) for block, is_chosen in zip(blocks, chosen, strict=True) if is_chosen)
