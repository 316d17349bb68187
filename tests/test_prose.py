"""Where the densest prose stands, and pages whose body is not where one looks first."""

from __future__ import annotations

from pipelines.body.boilerplate import Cut
from pipelines.body.prose import prose_votes
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Reason
from tests.helpers_clean import PARK, TITLE, blocks, document, paragraphs, rejected, text_of

VERSES = (
    "The tide goes out, the tide comes in",
    "and nobody asks the harbour why",
    "a lamp is lit above the inn",
    "two gulls are quarrelling in the sky",
    "the ferry sleeps, the cranes are thin",
)
TRAM = (
    *PARK,
    "A tram will stop at the gate from May on, the operator said, every ten minutes until midnight.",
)
PLEA = "Readers pay for all that stands here, so please give us what you can spare, once or every month."


def votes_of(inside: str) -> dict[str, float]:
    found = blocks(inside)
    cuts: list[Cut | None] = [None] * len(found)
    return {
        block.text: vote for block, vote in zip(found, prose_votes(found, cuts, DEFAULT_POLICY), strict=True)
    }


def test_verses_are_one_text_and_outweigh_a_paragraph_elsewhere() -> None:
    verses = "<br>".join(VERSES)
    votes = votes_of(f"<div><div>{verses}</div></div><div><div><p>{PLEA}</p></div></div>")
    assert [votes[verse] for verse in VERSES] == [1.0] * len(VERSES)
    assert votes[PLEA] < 1.0


def test_a_subheading_right_before_the_body_is_of_it() -> None:
    heading = "“We asked for shade and for a path”"
    above = f"<h6>{heading}, say those who live there</h6><div>{paragraphs(*PARK)}</div>"
    assert votes_of(f"<section>{above}</section>")[f"{heading}, say those who live there"] == 1.0


def test_a_place_before_the_body_is_none() -> None:
    assert (
        votes_of(f"<section><h6>Harbour Town</h6><div>{paragraphs(*PARK)}</div></section>")["Harbour Town"]
        == 0.0
    )


def test_a_body_for_browsers_without_scripts_is_read() -> None:
    template = "<script type='text/template'>&lt;p&gt;Soon.&lt;/p&gt;</script>"
    body = f"<h1>{TITLE}</h1><div>{template}<noscript>{paragraphs(*TRAM)}</noscript></div>"
    assert text_of(document(body, TITLE)) == list(TRAM)


def test_advice_to_run_scripts_is_no_body() -> None:
    body = f"<h1>{TITLE}</h1><noscript><p>Please switch scripts on.</p></noscript>"
    assert rejected(document(body, TITLE))[0] is Reason.NO_BODY
