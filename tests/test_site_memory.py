"""Site memory: what a site repeats is cut without a rule, and what several articles say is not."""

from __future__ import annotations

import pytest

from pipelines.body.marks import Fate, unpack
from pipelines.body.site_memory import SiteMemory
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article
from tests.helpers_clean import PARK, TITLE, cleaned, cuts, paragraphs, story, text_of
from tests.helpers_memory import NO_PHRASES, Story, history_of, run_over

# None of them is in a phrase list; some have a place of their own, some are paragraphs like the article's.
BOX = "<div class='lantern'>The hour of the lighthouse: every Thursday at nine on our radio</div>"
LAST = paragraphs("Harbour Town Post, printed on the quay since the great storm of the last century.")
SIGN = paragraphs("So it stands, HTP")
STATEMENT = (
    "“We have waited ten years for this bridge, and not one of us will wait an eleventh,” the islanders "
    "wrote in their letter to the ministry."
)
BACKGROUND = (
    "The old bridge was closed in autumn, when divers found two of its piers hollowed out by the current.",
    "Since then the islanders cross in boats, and the school has taught half of its children by letter.",
)


def own_text_is_whole(pages: list[Story], texts: list[list[str]]) -> bool:
    return all(set(story.paragraphs) <= set(text) for story, text in zip(pages, texts, strict=True))


# -- what the site repeats


@pytest.mark.parametrize(
    ("furniture", "count"),
    [(BOX, 3), (BOX, 8), (SIGN, 4), (SIGN, 8), (BOX + SIGN, 30), (LAST, 10), (LAST, 30)],
)
def test_what_a_site_repeats_is_cut_from_its_first_page_on(furniture: str, count: int) -> None:
    stories = [Story(number, own=4 + number % 5) for number in range(count)]
    texts = run_over([story.markup(after=furniture) for story in stories], NO_PHRASES)
    assert texts == [story.paragraphs for story in stories]


@pytest.mark.parametrize("count", [8, 20])
def test_it_is_cut_before_the_text_and_within_it_too(count: int) -> None:
    stories = [Story(number, own=5 + number % 4, extras=((3, BOX),)) for number in range(count)]
    texts = run_over([story.markup(before=SIGN) for story in stories], NO_PHRASES)
    assert texts == [story.paragraphs for story in stories]


def test_two_pages_prove_nothing() -> None:
    texts = run_over([Story(number).markup(after=LAST) for number in range(2)])
    assert all(len(text) == 7 for text in texts)


def test_a_widget_of_one_section_is_cut_where_few_pages_have_it() -> None:
    """Three of thirty pages: of those that have the widget's place at all, every one."""
    stories = [Story(number) for number in range(30)]
    table = "<div class='league'>North Quay before South Quay before the Islands</div>"
    pages = [story.markup(after=table if story.number % 10 == 9 else "") for story in stories]
    assert run_over(pages)[-1] == stories[-1].paragraphs


def test_what_counts_or_ticks_is_the_same_whatever_it_shows() -> None:
    stories = [Story(number) for number in range(8)]
    shows = "<div class='air'>Air {} degrees, water {} degrees</div><div class='talk'>{} voices so far</div>"
    pages = [story.markup(after=shows.format(*[story.number * n for n in (7, 5, 131)])) for story in stories]
    assert run_over(pages) == [story.paragraphs for story in stories]


def test_a_list_that_changes_slowly_is_cut_item_by_item() -> None:
    stories = [Story(number) for number in range(12)]
    heads = [f"What the town talked about in week {'abcdefghijklmnopqrst'[n]}" for n in range(16)]
    pages = [
        story.markup(
            after="<div class='much'><ul>"
            + "".join(f"<li>{head}</li>" for head in heads[story.number // 3 : story.number // 3 + 5])
            + "</ul></div>"
        )
        for story in stories
    ]
    left = run_over(pages)[-1]
    assert left[: len(stories[-1].paragraphs)] == stories[-1].paragraphs
    assert len(left) <= len(stories[-1].paragraphs) + 1  # an item may be new today


# -- what articles say


FORMS = ("<p>{}</p>", "<blockquote>{}</blockquote>", "<blockquote><p>{}</p></blockquote>")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("quoting", "of"), [(3, 4), (3, 5), (4, 5), (4, 6), (5, 8), (6, 12), (9, 30)])
def test_a_statement_that_several_articles_quote_survives(form: str, quoting: int, of: int) -> None:
    quote = form.format(STATEMENT)
    stories = [
        Story(number, own=5 + number % 3, extras=((2, quote),) if number < quoting else ())
        for number in range(of)
    ]
    texts = run_over([story.markup(after=BOX) for story in stories])
    assert [STATEMENT in text for text in texts] == [number < quoting for number in range(of)]
    assert own_text_is_whole(stories, texts)


@pytest.mark.parametrize(("telling", "of"), [(3, 4), (4, 5), (4, 8), (6, 8), (9, 20)])
def test_paragraphs_of_background_at_the_end_of_a_story_survive(telling: int, of: int) -> None:
    """Consecutive articles on one story end with the same paragraphs."""
    ending = tuple((-1, paragraphs(text)) for text in reversed(BACKGROUND))
    stories = [Story(number, extras=ending if number < telling else ()) for number in range(of)]
    texts = run_over([story.markup(after=BOX) for story in stories])
    assert [set(BACKGROUND) <= set(text) for text in texts] == [number < telling for number in range(of)]
    assert own_text_is_whole(stories, texts)


def test_a_statement_on_all_pages_survives_where_each_has_it_elsewhere() -> None:
    stories = [Story(number, own=8, extras=((1 + number, paragraphs(STATEMENT)),)) for number in range(6)]
    assert all(STATEMENT in text for text in run_over([story.markup() for story in stories]))


def test_a_text_published_under_several_addresses_counts_once() -> None:
    again = [Story(1).markup()] * 6
    assert run_over([*again, Story(2).markup()]) == [Story(1).paragraphs] * 6 + [Story(2).paragraphs]
    assert history_of(again).pages == 1


# -- how it is kept


def memory_after(count: int) -> SiteMemory:
    return history_of(Story(number).markup(after=LAST) for number in range(count)).snapshot()


def test_a_cut_is_named_and_shown() -> None:
    page = Story(50).markup(after=LAST)
    text = LAST.removeprefix("<p>").removesuffix("</p>")
    assert text in text_of(page)
    assert text not in text_of(page, memory_after(10))
    assert cuts(page, memory_after(10))[text] == "site_memory"


def test_what_is_cut_goes_on_being_seen() -> None:
    """Or it would be forgotten, and come back."""
    page = Story(50).markup(before=SIGN, after=BOX + LAST)
    with_memory, without = cleaned(page, memory_after(10)).view, cleaned(page).view
    assert with_memory
    assert without
    views = (with_memory, without)
    seen = [[mark._replace(fate=Fate.UNKNOWN) for mark in unpack(view.marks)] for view in views]
    assert seen[0] == seen[1]
    assert (with_memory.body, with_memory.headline) == (without.body, without.headline)


def test_a_long_crawl_never_lets_it_back_in() -> None:
    stories = [Story(number, own=3) for number in range(70)]
    assert run_over([story.markup(after=LAST) for story in stories]) == [s.paragraphs for s in stories]


def test_a_snapshot_does_not_change_when_more_is_learnt() -> None:
    history = history_of(Story(number).markup(after=LAST) for number in range(2))
    before = history.snapshot()
    for number in range(2, 12):
        view = cleaned(Story(number).markup(after=LAST)).view
        assert view
        history.learn(view)
    assert not before.repeated
    assert history.snapshot().repeated


def test_a_redesign_is_unlearnt_and_the_new_furniture_learnt() -> None:
    """Old blocks are forgotten within the window; new ones are known as soon as on a new site."""
    history = history_of(Story(number).markup(after=BOX + LAST) for number in range(40))
    old = history.snapshot().repeated
    new = paragraphs("You have read the Post; the boys bring it to every house on the island by noon.")
    for number in range(100, 100 + DEFAULT_POLICY.memory_template_pages):
        view = cleaned(Story(number).markup(after=new, name="entry")).view
        assert view
        history.learn(view)
    known = history.snapshot().repeated
    assert old
    assert not old & known
    added = {mark.key for mark in unpack(view.marks)} & known
    assert added == known
    assert known


def test_a_redesign_of_the_whole_template_is_learnt_like_a_new_site() -> None:
    stories = [Story(number) for number in range(30)]
    pages = [
        story.markup(after=LAST) if story.number < 20 else story.markup(after=SIGN, name="story-text")
        for story in stories
    ]
    texts = run_over(pages, NO_PHRASES)
    assert texts[:20] == [story.paragraphs for story in stories[:20]]
    assert texts[23:] == [story.paragraphs for story in stories[23:]]


def test_who_signs_often_is_the_author_all_the_same() -> None:
    """Memory knows the line as one that the site repeats; it is a signature first."""
    page = story(TITLE, paragraphs(*PARK, "(Salma Haddad)"))
    view = cleaned(page).view
    assert view is not None
    (signature,) = (mark for mark in unpack(view.marks) if mark.letters == len("SalmaHaddad"))
    known = SiteMemory(repeated=frozenset({signature.key}))
    found = cleaned(page, known)
    assert isinstance(found.result, Article)
    assert found.result.authors == ("Salma Haddad",)
    assert [block.rule for block in found.removed if block.text == "(Salma Haddad)"] == [
        "structure.signature"
    ]
