"""The learnt road: which pages take it, that it gives what the general one does, and that drift leaves it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import clean as cleaning
from pipelines.body.marks import Fate, Mark, pack, unpack
from pipelines.body.site_history import SiteHistory
from pipelines.body.site_memory import SiteMemory
from pipelines.clean import clean
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Cleaned, Page, PageView, Reason, Rejected
from pipelines.store.ledger import Ledger
from tests.helpers_clean import document, page, paragraphs
from tests.helpers_memory import sentence
from tests.test_ledger_file import learn

MENU = "".join(f'<a href="/part/{number}">Part {number}</a> ' for number in range(9))
TEASERS = "".join(
    f'<li><a href="/news/{number}">The tide was late again {number}</a></li>' for number in range(9)
)


def markup(number: int, inside: str | None = None, name: str = "entry", extra: str = "") -> str:
    """A page of a site as themes make them: menus, an article, teasers; no two bodies alike."""
    own = paragraphs(*(sentence(number * 40 + at) for at in range(8)))
    title = f"Story {number} of the harbour"
    return document(
        f'<nav>{MENU}</nav><main><article><h1>{title}</h1><div class="{name}">{inside or own}</div>{extra}'
        f"</article></main><aside><ul>{TEASERS}</ul></aside><footer><p>The News of Harbour Town</p></footer>",
        title,
    )


def on_the_road(number: int) -> Page:
    """A page of the site whose address is none of those that are always read whole."""
    return fetched(markup(number), number)


def fetched(source: str, number: int) -> Page:
    ordinary = (f"http://news.test/{number}/{at}" for at in range(99))
    return page(source, next(url for url in ordinary if crc32(url.encode()) % DEFAULT_POLICY.learnt_audit))


def memory_of(sources: Sequence[str]) -> SiteMemory:
    history = SiteHistory(DEFAULT_POLICY)
    for at, source in enumerate(sources):
        view = clean(fetched(source, 900 + at)).view
        assert view is not None
        history.learn(view)
    return history.snapshot()


MEMORY = memory_of([markup(number) for number in range(4)])


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows whenever the models judge a page."""
    calls: list[int] = []
    judge = cleaning.judge_page

    def spy(*args: object, **named: object) -> object:
        calls.append(1)
        return judge(*args, **named)  # type: ignore[arg-type]  # whatever the caller gave

    monkeypatch.setattr(cleaning, "judge_page", spy)
    return calls


def row(given: Page, memory: SiteMemory = MEMORY) -> Article:
    result = clean(given, DEFAULT_POLICY, memory).result
    assert isinstance(result, Article)
    return result


def by_general_road(given: Page) -> Article:
    return row(given, MEMORY.read_whole())


def same(one: Article, other: Article) -> bool:
    """Whether the rows say the same; how well it was read and how much was cut apart are the road's own."""
    apart = {"extraction_score": None, "removed_blocks": 0, "removed_chars": 0}
    return replace(one, **apart) == replace(other, **apart)  # type: ignore[arg-type]  # fields by name


def test_three_pages_open_the_road(judged: list[int]) -> None:
    three = memory_of([markup(number) for number in range(3)])
    two = memory_of([markup(number) for number in range(2)])
    judged.clear()
    row(on_the_road(50), two)
    assert judged
    judged.clear()
    row(on_the_road(50), three)
    assert not judged


def test_the_row_is_the_general_roads(judged: list[int]) -> None:
    judged.clear()
    found = row(on_the_road(51))
    assert not judged
    assert same(found, by_general_road(on_the_road(51)))
    assert found.text.split("\n\n") == [sentence(51 * 40 + at) for at in range(8)]
    assert found.extraction_score is not None


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(markup(52, name="story-text"), id="the body's name changed"),
        pytest.param(
            markup(53, inside=paragraphs(*map(sentence, range(4))) + "<blockquote>He said so.</blockquote>"),
            id="a block of a kind not seen before",
        ),
        pytest.param(
            markup(54, inside=paragraphs(*map(sentence, range(8))) + "<div class='offer'>Buy a boat.</div>"),
            id="a box not seen before",
        ),
        pytest.param(markup(55, inside=paragraphs(*map(sentence, range(2)))), id="too little text"),
        pytest.param(
            markup(56, extra=f"<section>{paragraphs(*map(sentence, range(300, 320)))}</section>"),
            id="much text beside the body",
        ),
    ],
)
def test_what_is_new_on_a_page_sends_it_down_the_general_road(source: str, judged: list[int]) -> None:
    given = fetched(source, 52)
    judged.clear()
    found = row(given)
    assert judged
    assert found == by_general_road(given)


def parted(number: int) -> str:
    """A page whose standfirst stands with the headline, and the rest of its text far from both."""
    own = paragraphs(*(sentence(number * 40 + at) for at in range(1, 8)))
    title = f"Story {number} of the harbour"
    return document(
        f"<nav>{MENU}</nav><main><article>"
        f'<header><h1>{title}</h1><p class="standfirst">{sentence(number * 40)}</p></header>'
        f'<div class="grid"><div class="column"><div class="entry">{own}</div></div></div></article></main>'
        f"<aside><ul>{TEASERS}</ul></aside><footer><p>The News of Harbour Town</p></footer>",
        title,
    )


def test_a_standfirst_far_from_the_body_is_read_with_it(judged: list[int]) -> None:
    memory = memory_of([parted(number) for number in range(4)])
    given = fetched(parted(60), 60)
    whole = row(given, memory.read_whole())
    judged.clear()
    found = row(given, memory)
    assert not judged
    assert same(found, whole)
    assert found.text.split("\n\n")[0] == sentence(60 * 40)


def short(number: int, *more: str) -> str:
    return markup(number, inside=paragraphs(*(sentence(number * 40 + at) for at in range(3)), *more))


def test_a_page_may_be_as_short_as_its_template_has_been(judged: list[int]) -> None:
    memory = memory_of([short(0), *(markup(number) for number in range(1, 5))])
    given = fetched(short(61), 61)
    whole = row(given, memory.read_whole())
    judged.clear()
    assert same(row(given, memory), whole)
    assert not judged
    row(given)  # none of this template was ever so short
    assert judged


def test_a_short_page_that_is_a_wall_is_none(judged: list[int]) -> None:
    memory = memory_of([short(0), *(markup(number) for number in range(1, 5))])
    given = fetched(short(62, "Whoever came for the page of the old harbour was told: page not found."), 62)
    judged.clear()
    result = clean(given, DEFAULT_POLICY, memory).result
    assert judged
    assert result == clean(given, DEFAULT_POLICY, memory.read_whole()).result
    assert isinstance(result, Rejected)
    assert result.reason is Reason.SOFT_404


def test_one_page_in_so_many_is_read_whole(judged: list[int]) -> None:
    count = 4 * DEFAULT_POLICY.learnt_audit
    judged.clear()
    for number in range(count):
        row(page(markup(number), f"http://news.test/story/{number}"))
    assert 1 <= len(judged) <= count // 4


def test_a_place_whose_blocks_are_kept_and_dropped_is_undecided(judged: list[int]) -> None:
    views = [clean(on_the_road(number)).view for number in range(4)]
    assert all(views)
    last = views[-1]
    assert last is not None
    passed = [mark._replace(fate=Fate.PASSED) for mark in unpack(last.marks)]
    history = SiteHistory(DEFAULT_POLICY, [*filter(None, views[:-1]), replace(last, marks=pack(passed))])
    judged.clear()
    row(on_the_road(57), history.snapshot())
    assert judged


def test_views_without_judgement_open_no_road(judged: list[int]) -> None:
    """As ledgers of earlier versions have them."""
    views = [clean(on_the_road(number)).view for number in range(6)]
    history = SiteHistory(DEFAULT_POLICY, [replace(view, quality=None) for view in views if view])
    judged.clear()
    row(on_the_road(58), history.snapshot())
    assert judged


def test_a_redesign_in_the_middle_of_a_crawl_loses_nothing() -> None:
    """Every page is stored as the general road stores it, before, at and after the change."""

    def new(number: int) -> str:
        own = "".join(f"<div class='par'>{sentence(number * 40 + at)}</div>" for at in range(8))
        offer = "<div class='par offer'>Read the whole story in our paper, at every quay.</div>"
        return markup(number, inside=own + offer)

    history = SiteHistory(DEFAULT_POLICY)
    for number in range(40):
        given = fetched(markup(number) if number < 20 else new(number), number)
        memory = history.snapshot()
        found = clean(given, DEFAULT_POLICY, memory)
        whole = clean(given, DEFAULT_POLICY, memory.read_whole())
        assert isinstance(found.result, Article)
        assert isinstance(whole.result, Article)
        assert found.result.text == whole.result.text
        if found.view:
            history.learn(found.view)


marks = st.builds(
    Mark,
    key=st.integers(0, 2**64 - 1),
    place=st.integers(0, 2**32 - 1),
    letters=st.integers(0, 0xFFFF),
    linked=st.booleans(),
    inside=st.booleans(),
    kind=st.integers(0, 6),
    fate=st.sampled_from(Fate),
)


@given(st.lists(marks))
def test_marks_are_unpacked_as_they_were_packed(given: list[Mark]) -> None:
    assert unpack(pack(given)) == given


def test_the_ledger_keeps_what_was_learnt(tmp_path: Path) -> None:
    view = PageView("main/article", "h1", b"", quality=0.5, stated=True, beside=7)
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        learn(ledger, 1, view)
    with closing(Ledger(tmp_path / "ledger.sqlite")) as ledger:
        assert ledger.site_history("sahifa").views == (view,)


def test_a_view_travels_with_its_page() -> None:
    view = Cleaned(row(on_the_road(59)), (), clean(on_the_road(59)).view).view
    assert view is not None
    assert view.quality is not None
