"""Templates: where a site's bodies and headlines stand, and a page whose text was sought elsewhere."""

from __future__ import annotations

import pytest

from pipelines.body.known_place import known_body, with_known_body
from pipelines.body.paths import Paths
from pipelines.body.site_memory import SiteMemory, Template
from pipelines.page.outline import Outline
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import blocks, cleaned, document, paragraphs, text_of
from tests.helpers_memory import Story, history_of, sentence

ARTICLE = Template("main/article/div.entry", "main/article/h1", 3)
VIDEO = Template("main/section/div.about", "main/section/h1", 2)


def video(number: int) -> str:
    """A page of another template: little text under a player."""
    texts = paragraphs(*(sentence(9_000 + 10 * number + at) for at in range(3)))
    inside = f'<main><section><h1>Film {number}</h1><div class="about">{texts}</div></section></main>'
    return document(inside, f"Film {number}")


def place_on(markup: str, *templates: Template) -> str | None:
    root = parse(markup)
    assert root is not None
    found = known_body(Paths(Outline.of(root)), SiteMemory(templates=templates), DEFAULT_POLICY)
    return found[1].get("class") if found else None


def test_a_site_has_several_templates_each_with_its_places() -> None:
    pages = [*(Story(number).markup() for number in range(3)), video(1), video(2)]
    assert history_of(pages).snapshot().templates == (ARTICLE, VIDEO)


def test_numbers_in_names_are_the_same_template() -> None:
    pages = [Story(number).markup(name=f"post-{1234 + number}") for number in range(3)]
    (template,) = history_of(pages).snapshot().templates
    assert template == Template("main/article/div.post-0", "main/article/h1", 3)


def test_the_place_is_found_on_a_page_of_the_template_only() -> None:
    assert place_on(Story(9).markup(), ARTICLE) == "entry"
    assert place_on(video(9), ARTICLE) is None


def test_a_template_seen_too_seldom_tells_nothing() -> None:
    assert place_on(video(9), VIDEO) is None
    assert place_on(Story(9).markup(), Template(ARTICLE.body, ARTICLE.headline, 2)) is None


@pytest.mark.parametrize(
    "inside",
    [
        "<main><article><div class='entry'><p>One</p></div></article></main>",
        "<main><article><h1>Two</h1><div class='entry'>a</div><div class='entry'>b</div></article></main>",
    ],
)
def test_two_places_or_no_headline_are_not_the_template(inside: str) -> None:
    assert place_on(document(inside), ARTICLE) is None


def page_with(here: int, elsewhere: int) -> str:
    """So many paragraphs in the known place, so many in another."""
    own = paragraphs(*(sentence(at) for at in range(here)))
    other = paragraphs(*(sentence(100 + at) for at in range(elsewhere)))
    return f"<main><div class='entry'>{own}</div><div class='side'>{other}</div></main>"


@pytest.mark.parametrize(
    ("here", "elsewhere", "moves"), [(6, 2, True), (6, 0, True), (2, 2, False), (1, 6, False), (0, 3, False)]
)
def test_the_known_place_counts_only_when_it_holds_far_more(here: int, elsewhere: int, moves: bool) -> None:
    found = blocks(page_with(here, elsewhere))
    entry = next((b.element.getparent() for b in found if b.text == sentence(0)), None)
    voted = [block.text not in {sentence(at) for at in range(here)} for block in found]
    result = with_known_body(found, voted, [None] * len(found), entry, DEFAULT_POLICY)
    assert result == ([not vote for vote in voted] if moves else voted)


def test_votes_that_gather_in_the_known_place_stay_as_they_are() -> None:
    found = blocks(page_with(4, 1))
    voted = [True, True, False, True, False]
    entry = found[0].element.getparent()
    assert with_known_body(found, voted, [None] * 5, entry, DEFAULT_POLICY) == voted


def test_without_memory_nothing_is_looked_for() -> None:
    root = parse(Story(1).markup())
    assert root is not None
    assert known_body(Paths(Outline.of(root)), SiteMemory(), DEFAULT_POLICY) is None


def test_knowing_the_template_changes_no_page_that_is_read_well() -> None:
    memory = history_of(Story(number).markup() for number in range(5)).snapshot().read_whole()
    assert memory.templates
    page = Story(50).markup()
    assert text_of(page, memory) == text_of(page) == Story(50).paragraphs
    assert cleaned(page, memory).view == cleaned(page).view
