"""What a page prints twice is read once, and nothing is lost by it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.body.copies import find_repeats
from pipelines.normalize import letters
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import PARK as P
from tests.helpers_clean import TITLE, cleaned, paragraphs, story, text_of

LEAST = DEFAULT_POLICY.min_restored_letters


def reasons(*texts: str) -> dict[int, str]:
    return find_repeats({at: letters(text) for at, text in enumerate(texts)}, DEFAULT_POLICY)


def test_a_pull_quote_goes_and_the_paragraph_it_quotes_stays() -> None:
    quote = "a nursery in the hills has promised two hundred more"
    assert text_of(story(TITLE, paragraphs(P[0], P[1], quote, P[2], P[3]))) == list(P)
    assert reasons(P[0], quote, P[3]) == {1: "quoted"}


def test_a_heading_that_says_a_part_of_a_sentence_stays() -> None:
    heading = "Work on the old quay began two years ago and cost three million dollars"
    markup = f"{paragraphs(P[0])}<h2>{heading}</h2>{paragraphs(P[1], P[2])}"
    assert text_of(story(TITLE, markup)) == [P[0], heading, P[1], P[2]]


def test_the_whole_text_once_more_in_one_block_goes() -> None:
    whole = f"<div>{' '.join(P)}</div>"
    for markup in (paragraphs(*P) + whole, whole + paragraphs(*P)):
        found = cleaned(story(TITLE, markup))
        assert [block.rule for block in found.removed if block.text == " ".join(P)] == ["page.repeated"]
        assert text_of(story(TITLE, markup)) == list(P)


def test_a_copy_for_machines_with_addresses_in_it_goes() -> None:
    story = [
        f"In house {n} of the lower street the lamp was lit, said neighbour number {n}." for n in range(9)
    ]
    copy = " ".join(
        f"{line} [more](https://town.test/street/house/{n}/lamp-of-brass)" for n, line in enumerate(story)
    )
    assert reasons(*story, copy) == {9: "whole text once more"}


def test_a_paragraph_that_three_points_sum_up_stays() -> None:
    points = [f"In house {n} of the lower street the lamp was lit at nightfall." for n in range(3)]
    paragraph = f"{' '.join(points)} {P[0]} {P[1]}"
    assert reasons(P[2], *points, paragraph) == dict.fromkeys(range(1, 4), "quoted")


def test_a_lead_stays_though_the_story_says_it_again() -> None:
    lead = "The first trees were planted in January"
    assert text_of(story(TITLE, paragraphs(lead, P[0], P[3], P[1]))) == [lead, P[0], P[3], P[1]]
    assert reasons(lead + " on the quay", P[0], lead + " on the quay, and more are to come.") == {}
    assert reasons(" ".join(P[:3]), *P[:3], P[3] * 3) == {}
    assert reasons(" ".join(P[:3]), *P[:3]) == {0: "whole text once more"}


def test_short_lines_may_stand_twice() -> None:
    assert reasons("He said no.", "And again:", "He said no.", f"{P[0]} He said no.") == {}


@given(st.lists(st.text("abc ", max_size=90), max_size=12))
def test_whatever_goes_is_still_said_by_what_stays(texts: list[str]) -> None:
    found = reasons(*texts)
    left = [letters(text) for at, text in enumerate(texts) if at not in found]
    for at in found:
        gone = letters(texts[at])
        assert len(gone) >= LEAST
        assert any(gone in text for text in left) or found[at] == "whole text once more"
