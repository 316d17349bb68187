"""What is known of a site when one of its pages is judged: the blocks it repeats, where its bodies stand.

A page is judged with a frozen snapshot, so that the same page and snapshot give the same row. What pages
show is in `page_view`, what it tells in `repeats`, what is kept of it in `site_history`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.blocks import Block, path_of
from pipelines.policy import Policy

# The rule that names our cuts.
MEMORY_RULE = "site_memory"
# Themes number their boxes by the article ("post-1234"): the place is the same on all of them.
_NUMBERS = re.compile(r"\d+")
# Steps of a path that name a place well enough: what stands further out differs between templates.
_NEAR_STEPS = 3


def place_path(element: HtmlElement) -> str:
    """Where an element stands, the same on every page of its template."""
    return _same(path_of(element))


def near_place(element: HtmlElement) -> str:
    """The last steps of `place_path`."""
    near = path_of(element, _NEAR_STEPS)
    return "/".join(_same(near).rsplit("/", _NEAR_STEPS)[-_NEAR_STEPS:])


def _same(path: str) -> str:
    """The path on any page of the template: no numbers in names."""
    steps = (step.partition(".") for step in path.split("/"))
    return "/".join(f"{tag}{dot}{_NUMBERS.sub('0', name)}" for tag, dot, name in steps)


def folded(block: Block, policy: Policy) -> str:
    """What the block says. Numbers in a short one are what it counts or shows: "12 comments", a clock."""
    short = len(block.letters) <= policy.memory_counter_letters
    return _NUMBERS.sub("0", block.letters) if short else block.letters


def block_key(block: Block, policy: Policy) -> int:
    """Identity of a block on its site: where it stands and what it says; 64 bits."""
    return short_hash(f"{near_place(block.element)}\n{folded(block, policy)}", 8)


def short_hash(text: str, size: int) -> int:
    """Number of `size` bytes that stands for the text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest(), "big")


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of the site's pages: paths of its body and headline, and on how many pages they stood."""

    body: str
    headline: str | None
    pages: int


@dataclass(frozen=True, slots=True)
class SiteMemory:
    """Blocks (by `block_key`) known to be the site's and not an article's, and the site's templates."""

    repeated: frozenset[int] = frozenset()
    templates: tuple[Template, ...] = ()

    def repeats(self, block: Block, policy: Policy) -> bool:
        """Whether the block belongs to the site."""
        return bool(self.repeated) and block_key(block, policy) in self.repeated

    def adds(self, before: SiteMemory, keys: Collection[int]) -> bool:
        """Whether this memory knows more than `before` about a page that shows blocks with these keys."""
        return self.templates != before.templates or not (self.repeated ^ before.repeated).isdisjoint(keys)


NO_MEMORY = SiteMemory()
