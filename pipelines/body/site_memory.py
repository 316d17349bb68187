"""What a site repeats on different articles is boilerplate, in any language and without a rule.

Counting (`SiteCounts`) and judging (`SiteMemory`) are apart: a page is judged with a frozen snapshot, so
that the same page and snapshot give the same row. The ledger keeps the counts between runs.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.body.blocks import Block, path_of
from pipelines.policy import Policy

# Themes number their boxes by the article ("post-1234"): the place is the same on all of them.
_NUMBERS = re.compile(r"\d+")


def block_key(block: Block) -> str:
    """Identity of a block on its site: where it stands and what it says; 16 hex digits."""
    source = f"{_NUMBERS.sub('0', path_of(block.element))}\n{block.letters}"
    return hashlib.blake2b(source.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class SiteMemory:
    """The blocks (by `block_key`) known to be the site's and not an article's."""

    repeated: frozenset[str] = frozenset()

    def repeats(self, key: str) -> bool:
        """Whether the block belongs to the site."""
        return key in self.repeated


NO_MEMORY = SiteMemory()


@dataclass(slots=True)
class SiteCounts:
    """On how many of a site's articles each block stood."""

    pages: int = 0
    blocks: Counter[str] = field(default_factory=Counter)

    def learn(self, keys: Iterable[str]) -> None:
        """Count one more article, each of its blocks once."""
        self.pages += 1
        self.blocks.update(set(keys))

    def snapshot(self, policy: Policy) -> SiteMemory:
        """Blocks that stood on enough articles, in number and in share."""
        least = max(policy.memory_min_pages, policy.memory_min_share * self.pages)
        return SiteMemory(frozenset(key for key, count in self.blocks.items() if count >= least))
