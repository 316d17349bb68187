"""The decision of site memory on pages made of marks: its laws, whatever the pages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.body.marks import Fate, Mark, pack, unpack
from pipelines.body.repeats import repeated_keys
from pipelines.policy import DEFAULT_POLICY as POLICY
from pipelines.policy import Policy

PROSE, OWN = 1, 2


def repeated(pages: Sequence[Sequence[Mark]], policy: Policy) -> frozenset[int]:
    return repeated_keys([pack(page) for page in pages], policy)


QUOTE = Mark(key=7, place=PROSE, letters=90, linked=False, inside=True)
BOX = Mark(key=8, place=OWN, letters=40, linked=False, inside=True)


def paragraph(key: int) -> Mark:
    return Mark(key=key, place=PROSE, letters=150, linked=False, inside=True)


def story(number: int, length: int = 6) -> list[Mark]:
    """An article's own paragraphs."""
    return [paragraph(1_000 * (number + 1) + at) for at in range(length)]


marks = st.builds(
    Mark,
    key=st.integers(0, 30) | st.integers(0, 2**64 - 1),
    place=st.integers(0, 4) | st.integers(0, 2**32 - 1),
    letters=st.integers(1, 0xFFFF),
    linked=st.booleans(),
    inside=st.booleans(),
    kind=st.just(0),
    fate=st.just(Fate.UNKNOWN),
)
pages = st.lists(st.lists(marks, max_size=12), max_size=14)


@given(st.lists(marks))
def test_marks_travel_whole(some: list[Mark]) -> None:
    assert unpack(pack(some)) == some


def test_a_block_of_any_length_can_be_packed() -> None:
    (mark,) = unpack(pack([BOX._replace(letters=1 << 20)]))
    assert mark.letters == 0xFFFF


@settings(deadline=None)
@given(pages)
def test_what_fewer_than_three_pages_have_is_never_the_sites(some: list[list[Mark]]) -> None:
    for key in repeated(some, POLICY):
        assert sum(any(mark.key == key for mark in page) for page in some) >= POLICY.memory_min_pages


@settings(deadline=None)
@given(pages, st.randoms(use_true_random=False))
def test_the_order_of_the_pages_decides_nothing(some: list[list[Mark]], random: st.DataObject) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis types its randoms loosely
    assert repeated(shuffled, POLICY) == repeated(some, POLICY)


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), min_size=3, max_size=9))
def test_no_sentence_among_the_paragraphs_of_few_pages_is_the_sites(at: list[int]) -> None:
    """Whichever of up to nine pages quote it, and wherever in the text."""
    some = [story(number) for number in range(len(at))]
    for page, place in zip(some, at, strict=True):
        if place:
            page.insert(place - 1, QUOTE)
    assert QUOTE.key not in repeated(some, POLICY)


@settings(deadline=None)
@given(st.integers(3, 20), st.integers(0, 6), st.lists(st.integers(3, 9), min_size=20, max_size=20))
def test_a_box_of_its_own_at_the_same_place_is_the_sites(count: int, at: int, lengths: list[int]) -> None:
    some = [story(number, lengths[number]) for number in range(count)]
    for page in some:
        page.insert(min(at, 3), BOX)
    assert repeated(some, POLICY) == {BOX.key}


@pytest.mark.parametrize(("telling", "known"), [(2, False), (3, True)])
def test_pages_of_one_story_count_once(telling: int, known: bool) -> None:
    """A box on pages of `telling` stories, each told on two pages that share three paragraphs."""
    some = []
    for number in range(telling):
        shared = [paragraph(500 + 10 * number + at) for at in range(3)]
        some += [[*story(2 * number + page), *shared, BOX] for page in range(2)]
    some += [story(20 + number) for number in range(3)]
    assert (BOX.key in repeated(some, POLICY)) is known


@pytest.mark.parametrize(("signed", "known"), [(12, True), (6, False)])
def test_a_byline_is_known_where_nearly_every_article_has_one(signed: int, known: bool) -> None:
    """Three writers sign articles under the text; one signature is on a fifth of the pages."""
    some = [story(number) for number in range(12)]
    for number in range(signed):
        writer = 40 if number % 4 == 0 else 50 + number
        some[number].append(Mark(key=writer, place=PROSE, letters=12, linked=False, inside=True))
    if not known:  # the others end in a line as long as prose
        some[0].append(Mark(key=40, place=PROSE, letters=12, linked=False, inside=True))
    assert (40 in repeated(some, POLICY)) is known


def test_a_short_line_at_the_end_needs_half_of_the_stories() -> None:
    line = Mark(key=9, place=PROSE, letters=45, linked=False, inside=True)
    some = [story(number) for number in range(8)]
    for page in some[:3]:
        page.append(line)
    assert line.key not in repeated(some, POLICY)
    some[3].append(line)
    assert line.key in repeated(some, POLICY)


def test_a_long_paragraph_at_the_end_of_every_page_is_known_from_ten_stories_on() -> None:
    some = [[*story(number), QUOTE] for number in range(POLICY.memory_many_stories)]
    assert QUOTE.key not in repeated(some[1:], POLICY)
    assert QUOTE.key in repeated(some, POLICY)
