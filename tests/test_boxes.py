"""Small boxes in and around the text: offers under a heading, forms for an address, parts with a headline."""

from __future__ import annotations

import pytest

from pipelines.body.boilerplate import Known, judge
from pipelines.body.phrases import load_phrases
from pipelines.body.site_memory import NO_MEMORY
from pipelines.normalize import letters
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import PARK as P
from tests.helpers_clean import TITLE, blocks, cuts, document, paragraphs, story, text_of

OFFER = "<h3>Sign up to our newsletter</h3><p>One pound a week.</p><ul><li>All our walks and maps</li></ul>"


def test_an_offer_goes_with_its_heading() -> None:
    markup = story(TITLE, f"{paragraphs(*P)}<div class='x9'>{OFFER}</div>")
    assert text_of(markup) == list(P)
    assert cuts(markup)["One pound a week."] == "structure.box"


def test_what_follows_the_box_stays() -> None:
    inside = f"{paragraphs(*P[:2])}<div><div>{OFFER}</div></div>{paragraphs(*P[2:])}"
    assert text_of(story(TITLE, inside)) == list(P)


def test_a_box_of_paragraphs_is_no_offer_whatever_its_heading() -> None:
    inside = f"{paragraphs(P[0])}<section><h3>Sign up to our newsletter</h3>{paragraphs(*P[1:])}</section>"
    assert text_of(story(TITLE, inside)) == list(P)


@pytest.mark.parametrize("field", ['type="email"', 'type="text" name="your-mail"', 'placeholder="E-mail"'])
def test_a_box_that_asks_for_an_address_is_no_text(field: str) -> None:
    offer = "<h4>Tides by post</h4><p>Six lines before breakfast.</p>"
    box = f'<div class="c1">{offer}<form><input {field}></form></div>'
    assert text_of(story(TITLE, f"{paragraphs(*P[:2])}{box}{paragraphs(*P[2:])}")) == list(P)


def test_a_form_beside_the_text_takes_nothing_of_it() -> None:
    markup = story(TITLE, f'{paragraphs(*P)}<form><input type="email"></form>')
    assert text_of(markup) == list(P)


def test_the_headline_of_a_part_stays_with_its_text() -> None:
    posts = "".join(
        f'<article class="post"><header><time>1{n}:00</time><h2>Walk {n} of the day</h2></header>'
        f"<div><p>{text}</p></div></article>"
        for n, text in enumerate(P)
    )
    found = text_of(document(f"<main><h1>{TITLE}</h1><section>{posts}</section></main>", TITLE))
    assert [line for line in found if line.startswith("Walk")][-3:] == [
        f"Walk {n} of the day" for n in (1, 2, 3)
    ]
    assert [line for line in found if line in P] == list(P)


@pytest.mark.parametrize(
    ("markup", "headline", "cut"),
    [
        ("<h1>Culture: New park opens on the quay</h1>", TITLE, True),
        ("<b>New park opens on the quay</b>", f"{TITLE} - The Harbour Ledger", True),
        ("<b>New park opens on the quay</b>", f"The Harbour Ledger: {TITLE}", True),
        ("<p>New park opens on the quay</p>", "New park", False),
        ("<p>New park opens on the quay, and it rains</p>", TITLE, False),
        ("<h2>New park opens on the quay in the rain</h2>", TITLE, False),
        (
            "<p>New park opens on the quay</p>",
            f"{TITLE} after two years of work on a third of the port",
            False,
        ),
    ],
)
def test_a_headline_is_known_by_its_beginning_or_end(markup: str, headline: str, cut: bool) -> None:
    (block,) = blocks(f"<div>{markup}</div>")
    known = Known(headlines=frozenset({letters(headline)}))
    found = judge(block, known, load_phrases(), NO_MEMORY, DEFAULT_POLICY)
    assert (found is not None and found.rule == "page.headline") == cut


def test_a_noscript_that_was_never_closed_does_not_swallow_the_page() -> None:
    menu = "".join(f"<li>{n}</li>" for n in range(60))
    page = f"<noscript><div></noscript><ul>{menu}</ul><article><h1>{TITLE}</h1>{paragraphs(*P)}</article>"
    assert text_of(document(page, TITLE)) == list(P)


def test_a_noscript_with_a_notice_stays_out_of_the_text() -> None:
    notice = (
        "<noscript><p>Please enable the scripts of this page, so that all of it can be seen.</p></noscript>"
    )
    assert text_of(story(TITLE, notice + paragraphs(*P))) == list(P)
