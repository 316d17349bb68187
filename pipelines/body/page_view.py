"""What a page shows site memory: its template, every block in and around its body, and what became of it.

Blocks are seen as if nothing were known of the site: what memory cuts goes on being counted, or it would be
forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

from pipelines.body.blocks import Block
from pipelines.body.boilerplate import Cut
from pipelines.body.marks import Fate, Mark, pack
from pipelines.body.region import are_inside
from pipelines.body.site_memory import block_key, folded, short_hash
from pipelines.policy import Policy
from pipelines.records import PageView

# The page's own words wherever they stand, and none of them a paragraph between two edges of the body.
_PAGES_OWN = frozenset({"headline", "byline", "caption"})
_KIND_CODES = {
    kind: at
    for at, kind in enumerate(("paragraph", "heading", "item", "quote", "preformatted", "row", "caption"))
}


@dataclass(frozen=True, slots=True)
class Sight:
    """A page as it is seen: its body, paths of body and headline, marks and which blocks they are of."""

    container: HtmlElement
    body: str
    headline: str | None
    marks: Sequence[Mark]
    blocks: Sequence[int]

    def view(
        self, fates: Sequence[Fate], quality: float | None = None, *, stated: bool = False, beside: int = 0
    ) -> PageView:
        """The sight with what became of each block of the page."""
        marks = (Mark(*mark[:-1], fates[at]) for mark, at in zip(self.marks, self.blocks, strict=True))
        return PageView(self.body, self.headline, pack(marks), quality, stated, beside)


def sight_of(
    blocks: Sequence[Block], container: HtmlElement, cuts: Sequence[Cut | None], policy: Policy
) -> Sight:
    """What a page whose body stands in `container` shows."""
    around = container if container.tag == "body" else container.getparent()
    near = are_inside(blocks, around)
    seen = [
        at
        for at, (block, cut) in enumerate(zip(blocks, cuts, strict=True))
        if block.furniture or not (cut and cut.reason in _PAGES_OWN)
        # Menus are links. Prose counts wherever it stands: it may be taken for the body of a short article.
        if block.link_share <= policy.max_link_share or near[at]
    ]
    inside = are_inside([blocks[at] for at in seen], container)
    first = inside.index(True) if True in inside else 0
    start = max(0, first - policy.memory_max_page_blocks // 4)
    stretch = slice(start, start + policy.memory_max_page_blocks)
    headline = next(
        (block for block, cut in zip(blocks, cuts, strict=True) if cut and cut.reason == "headline"), None
    )
    paths = blocks[0].places
    return Sight(
        container=container,
        body=paths.place(paths.outline.numbers[container]),
        headline=paths.place(headline.number) if headline else None,
        marks=[
            _mark(blocks[at], here, policy) for at, here in zip(seen[stretch], inside[stretch], strict=True)
        ],
        blocks=seen[stretch],
    )


def _mark(block: Block, inside: bool, policy: Policy) -> Mark:
    return Mark(
        block_key(block, policy),
        place_code(block),
        len(folded(block, policy)),
        bool(block.furniture) or block.link_share > policy.max_link_share,
        inside,
        _KIND_CODES[block.kind],
    )


def place_code(block: Block) -> int:
    """Number that stands for what the block is a text of."""
    return _path_code(block.places.near(block.places.outline.numbers[block.home]))


@lru_cache(maxsize=4_096)
def _path_code(path: str) -> int:
    return short_hash(path, 4)


def kind_code(block: Block) -> int:
    """Number of the block's kind."""
    return _KIND_CODES[block.kind]
