"""Site memory: what a site repeats is cut without a rule, and what several articles say is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.body.site_memory import SiteCounts, SiteMemory, block_key
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import blocks, cleaned, cuts, paragraphs, story, text_of

TITLE = "New park opens on the quay"
P = (
    "The council of the harbour town said on Monday that the new park will open to everyone next spring.",
    "Work on the old quay began two years ago and cost three million dollars, a third of it from the port.",
    "Residents asked for shade, benches and a path for bicycles, and the architect drew the plan again.",
    "The first trees were planted in January, and a nursery in the hills has promised two hundred more.",
)
TEASER = "The hour of the lighthouse: every Thursday at nine on our radio"


def site(pages: int, with_block: int) -> SiteMemory:
    """Memory of a site that has shown a block on some of its pages."""
    counts = SiteCounts()
    for number in range(pages):
        counts.learn(["block"] * 2 if number < with_block else [f"own-{number}"])
    return counts.snapshot(DEFAULT_POLICY)


@pytest.mark.parametrize(
    ("pages", "with_block", "repeats"),
    [
        (2, 2, False),
        (3, 2, False),
        (3, 3, True),
        (10, 3, True),
        (11, 3, False),
        (100, 3, False),
        (100, 29, False),
        (100, 30, True),
    ],
)
def test_a_block_is_the_sites_from_a_number_and_a_share_on(
    pages: int, with_block: int, repeats: bool
) -> None:
    assert site(pages, with_block).repeats("block") is repeats


def test_a_block_twice_on_one_page_counts_once() -> None:
    counts = SiteCounts()
    counts.learn(["a", "a", "a"])
    assert (counts.pages, counts.blocks["a"]) == (1, 1)


def test_a_snapshot_does_not_change_when_the_counts_do() -> None:
    counts = SiteCounts(pages=2)
    counts.blocks["a"] = 2
    before = counts.snapshot(DEFAULT_POLICY)
    counts.learn(["a"])
    assert not before.repeats("a")
    assert counts.snapshot(DEFAULT_POLICY).repeats("a")


def numbered(number: int, *extra: str) -> str:
    """One of many articles of a site whose theme numbers its boxes."""
    own = [f"{text} It was story {number} of the desk in its {number} weeks." for text in P]
    box = f'<div id="post-{number}">{paragraphs(*own[:2], *extra, *own[2:])}<div>{TEASER}</div></div>'
    return story(f"{TITLE} for the time number {number}", box)


def memory_of(*pages: str) -> SiteMemory:
    counts = SiteCounts()
    for page in pages:
        counts.learn(cleaned(page).block_keys)
    return counts.snapshot(DEFAULT_POLICY)


def test_a_block_that_a_site_repeats_is_cut_without_a_rule() -> None:
    assert TEASER in text_of(numbered(9))
    memory = memory_of(*(numbered(number) for number in range(4)))
    assert TEASER not in text_of(numbered(9), memory)
    assert len(text_of(numbered(9), memory)) == len(P)
    assert cuts(numbered(9), memory)[TEASER] == "site_memory"


def test_a_sentence_that_one_of_many_articles_quotes_survives() -> None:
    quote = "“We waited ten years for this park,” said the oldest neighbour of the quay."
    pages = [numbered(number, quote) if number < 3 else numbered(number) for number in range(12)]
    assert quote in text_of(pages[0], memory_of(*pages))


def test_a_block_of_one_page_is_not_the_sites() -> None:
    counts = SiteCounts()
    counts.learn(["a"])
    eager = replace(DEFAULT_POLICY, memory_min_pages=2, memory_min_share=0.0)
    assert not counts.snapshot(eager).repeats("a")


def test_cut_blocks_go_on_being_counted() -> None:
    memory = memory_of(*(numbered(number) for number in range(4)))
    (teaser,) = (block for block in blocks(numbered(9)) if block.text == TEASER)
    assert block_key(teaser) in cleaned(numbered(9)).block_keys
    assert memory.repeats(block_key(teaser))
    assert set(cleaned(numbered(9), memory).block_keys) <= set(cleaned(numbered(9)).block_keys)
