"""What is known of a site when one of its pages is judged: the blocks it repeats, where its bodies stand.

A page is judged with a frozen snapshot, so that the same page and snapshot give the same row. What pages
show is in `page_view`, what it tells in `repeats`, what is kept of it in `site_history`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from pipelines.body.blocks import Block
from pipelines.body.paths import NUMBERS
from pipelines.policy import Policy

# The rule that names our cuts.
MEMORY_RULE = "site_memory"


def folded(block: Block, policy: Policy) -> str:
    """What the block says. Numbers in a short one are what it counts or shows: "12 comments", a clock."""
    text = block.letters
    # What has letters alone has no digits.
    if len(text) > policy.memory_counter_letters or text.isalpha():
        return text
    return NUMBERS.sub("0", text)


def block_key(block: Block, policy: Policy) -> int:
    """Identity of a block on its site: where it stands and what it says; 64 bits."""
    return short_hash(f"{block.places.near(block.number)}\n{folded(block, policy)}", 8)


def short_hash(text: str, size: int) -> int:
    """Number of `size` bytes that stands for the text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest(), "big")


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of the site's pages: paths of its body and headline, and on how many pages they stood."""

    body: str
    headline: str | None
    pages: int


Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What pages of one template taught of its body (`learnt.learn`).

    `stays`: whether blocks stay that no rule cuts, by the place they are a text of and their kind; what is
    not there is undecided. `cut`: places where rules cut blocks. `beside`: the most characters of paragraphs
    that stood outside the body. `quality`: the usual `extraction_score`. `stated`: what pages state tells
    people and date, whatever their lines say. `parted`: text that is kept stands outside the body, too, such
    as a standfirst. `shortest`: letters of the shortest text.
    """

    stays: Mapping[Place, bool]
    cut: frozenset[Place]
    beside: int
    quality: float
    stated: bool
    parted: bool
    shortest: int


@dataclass(frozen=True, slots=True)
class SiteMemory:
    """Blocks (by `block_key`) known to be the site's and not an article's, and the site's templates.

    `learnt`: what is known of the bodies of templates seen often enough, by `Template.body`.
    """

    repeated: frozenset[int] = frozenset()
    templates: tuple[Template, ...] = ()
    learnt: Mapping[str, Learnt] = field(default_factory=dict)

    def repeats(self, block: Block, policy: Policy) -> bool:
        """Whether the block belongs to the site."""
        return bool(self.repeated) and block_key(block, policy) in self.repeated

    def adds(self, before: SiteMemory, keys: Collection[int]) -> bool:
        """Whether this memory knows more than `before` about a page that shows blocks with these keys."""
        return self.templates != before.templates or not (self.repeated ^ before.repeated).isdisjoint(keys)

    def read_whole(self) -> SiteMemory:
        """The same memory, with which every page takes the general road."""
        return replace(self, learnt={})


NO_MEMORY = SiteMemory()
