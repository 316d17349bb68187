"""Access: what a page declares, where a text breaks off, and what stands there."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.metadata.access import access_flags
from pipelines.metadata.candidates import Candidate, Statements
from pipelines.page.outline import Outline
from pipelines.page.tree import parse

WHOLE = "The council of the harbour town said on Monday that the new park will open to everyone next spring."
CUT = "The architect drew the plan of the park again after the residents of the quay had asked for more"
DECLARED = Candidate("access", "false", "json-ld:isAccessibleForFree")
TIER = "meta:article:content_tier"
WALL = '<div class="article-paywall"><p>Become a reader of ours.</p><a href="/login?from=1">Go on</a></div>'
OFFER = '<section><p>Subscribe to continue reading</p><a href="/abo/digital">Offers</a></section>'


def flags(body: str, text: str, *stated: Candidate) -> tuple[str, ...]:
    root = parse(
        f"<html><head></head><body>{body}<footer><p>The News of Harbour Town</p></footer></body></html>"
    )
    assert root is not None
    return access_flags(Statements(stated), Outline.of(root), text)


def paragraphs(*texts: str) -> tuple[str, str]:
    return "".join(f"<p>{text}</p>" for text in texts), "\n\n".join(texts)


@pytest.mark.parametrize(
    ("stated", "paid"),
    [
        ([DECLARED], True),
        ([Candidate("access", "true", "json-ld:isAccessibleForFree")], False),
        (
            [Candidate("access", "true", "json-ld:isAccessibleForFree"), DECLARED],
            False,
        ),  # the article goes first
        ([Candidate("access", "metered", TIER)], True),
        ([Candidate("access", " Locked ", TIER)], True),
        ([Candidate("access", "free", TIER)], False),
        ([], False),
    ],
)
def test_paid_is_what_the_page_declares(stated: list[Candidate], paid: bool) -> None:
    body, text = paragraphs(*[WHOLE] * 20)
    assert flags(body, text, *stated) == (("paid_declared",) if paid else ())


@pytest.mark.parametrize("wall", [WALL, OFFER])
@pytest.mark.parametrize(
    "end", [CUT, f"{CUT} …", f"{CUT}...", f"{CUT} [...]", "أعلنت البلدية أن أعمال الصيانة…"]
)
def test_a_text_that_breaks_off_before_a_wall_is_cut(wall: str, end: str) -> None:
    body, text = paragraphs(WHOLE, end)
    assert flags(body + wall, text) == ("cut", "login_wall")


@pytest.mark.parametrize(
    "said",
    [
        "Subscribe to continue reading",
        "لمتابعة القراءة سجل الدخول",
        "Um weiterzulesen, melden Sie sich an",
        "Pour lire la suite, abonnez-vous",
        "Para seguir leyendo, hazte suscriptor",
        "כדי להמשיך לקרוא",
        "برای ادامه مطالعه اشتراک بخرید",
    ],
)
def test_walls_speak_any_language(said: str) -> None:
    body, text = paragraphs(WHOLE, CUT)
    wall = f'<div><p>{said}</p><form action="/x"><input type="email"></form></div>'
    assert flags(body + wall, text) == ("cut", "login_wall")


@pytest.mark.parametrize(
    "behind",
    [
        "",
        "<p>Read also: a bridge is mended</p>",
        '<div class="newsletter"><p>Our letter, every week</p><input type="email"></div>',
        '<div class="paywall" style="display: none"><p>Subscribe to read</p><a href="/login">In</a></div>',
        f"<div>{'<p>Another story of the town, told at some length.</p>' * 20}</div>{WALL}",
    ],
)
def test_without_a_wall_behind_it_a_text_is_not_cut(behind: str) -> None:
    body, text = paragraphs(WHOLE, CUT)
    assert flags(body + behind, text) == ()


def test_an_appeal_behind_a_whole_text_is_no_wall() -> None:
    body, text = paragraphs(*[WHOLE] * 4)
    assert flags(body + OFFER, text) == ()
    body, text = paragraphs(*[WHOLE] * 30)
    assert flags(body + OFFER, text, DECLARED) == ("paid_declared",)


def test_a_paid_preview_of_whole_sentences_ends_at_its_wall() -> None:
    body, text = paragraphs(WHOLE, WHOLE)
    assert flags(body + WALL, text, DECLARED) == ("paid_declared", "login_wall")
    assert flags(body, text, DECLARED) == ("paid_declared",)


@pytest.mark.parametrize(("words", "cut"), [("400", True), ("40", False), ("20", False)])
def test_a_paid_text_much_shorter_than_the_page_says_is_cut(words: str, cut: bool) -> None:
    body, text = paragraphs(WHOLE, WHOLE)
    stated = (DECLARED, Candidate("words", words, "json-ld:wordCount"))
    assert ("cut" in flags(body, text, *stated)) is cut
    assert flags(body, text, stated[1]) == ()


def test_a_wall_without_a_way_through_is_no_login() -> None:
    body, text = paragraphs(WHOLE, CUT)
    assert flags(f"{body}<div class='paywall'><p>The rest is for members.</p></div>", text) == ("cut",)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=200), st.text(max_size=100))
def test_no_text_does_harm(text: str, said: str) -> None:
    assert set(flags("<p>A</p>", text, Candidate("access", said or "x", TIER))) <= {
        "paid_declared",
        "cut",
        "login_wall",
    }


def test_work_on_a_hostile_page_is_bounded() -> None:
    deep = "<div class='a'>" * 300 + "<p>x</p>" + "</div>" * 300
    body, text = paragraphs(WHOLE, CUT)
    began = time.process_time()
    flags(f"{body}<div>{'<p>y</p>' * 20_000}</div>{deep}", text)
    assert time.process_time() - began < 2
