"""The first pages of a site wait for its memory: which, how long, and that none is lost or doubled."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipelines.body.marks import Mark, pack
from pipelines.body.site_memory import NO_MEMORY, SiteMemory, Template
from pipelines.clean import reject
from pipelines.holding import FirstPages, Held
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Cleaned, PageView, Reason
from tests.helpers_clean import page

MARKS = [Mark(key=key, place=1, letters=50, linked=False, inside=True) for key in (1, 2)]
VIEW = PageView("main", "main/h1", pack(MARKS))


def held(number: int, site: str = "news", size: int = 10, view: PageView | None = VIEW) -> Held:
    fetched = replace(page(b"x" * size), site=site)
    cleaned = Cleaned(reject(fetched, Reason.EMPTY, None), view=view)
    return Held(str(number), fetched, cleaned, NO_MEMORY)


def test_a_page_is_cleaned_again_only_where_memory_says_more_about_it() -> None:
    waiting = held(1)
    assert not waiting.profits(NO_MEMORY)
    assert not waiting.profits(SiteMemory(frozenset({3, 4})))
    assert waiting.profits(SiteMemory(frozenset({2, 3})))
    assert waiting.profits(SiteMemory(templates=(Template("main", None, 4),)))
    assert not held(1, view=None).profits(SiteMemory(frozenset({1})))


def test_a_block_that_memory_takes_back_is_a_reason_too() -> None:
    assert replace(held(1), memory=SiteMemory(frozenset({1}))).profits(NO_MEMORY)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.booleans()), max_size=40),
    st.integers(0, 100),
)
def test_every_page_comes_back_once_and_the_bytes_are_bounded(
    steps: list[tuple[str, int, bool]], most: int
) -> None:
    waiting = FirstPages(replace(DEFAULT_POLICY, memory_hold_bytes=most))
    back: list[Held] = []
    sizes: dict[str, int] = {}
    for number, (site, size, take) in enumerate(steps):
        sizes[str(number)] = size
        back += waiting.add(held(number, site, size))
        missing = sizes.keys() - {one.key for one in back}
        assert sum(sizes[key] for key in missing) <= most
        if take:
            back += waiting.take(site)
    back += waiting.take_all()
    assert sorted(int(one.key) for one in back) == list(range(len(steps)))
    for site in "abc":
        keys = [int(one.key) for one in back if one.page.site == site]
        assert keys == sorted(keys)


def test_what_waited_longest_goes_first() -> None:
    waiting = FirstPages(replace(DEFAULT_POLICY, memory_hold_bytes=30))
    for number, site in enumerate(("old", "new", "old")):
        assert list(waiting.add(held(number, site))) == []
    assert [one.key for one in waiting.add(held(3, "new"))] == ["0", "2"]
    assert [one.key for one in waiting.take("new")] == ["1", "3"]
