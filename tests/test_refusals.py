"""What looks like a listing is refused where the model does not take it for an article."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.body.body import body_of
from pipelines.clean import read_page
from pipelines.learned.judge import Judged
from pipelines.policy import DEFAULT_POLICY
from pipelines.quality import refusal
from pipelines.records import Reason, Rejected
from tests.helpers_clean import document, page, rejected

TEASER = "The council of the harbour town said that the park will open next spring."
CARDS = "".join(
    f'<h2><a href="/{n}">Story {n} of the day</a></h2><p>{TEASER} It is number {n}.</p>' for n in range(8)
)
RESULTS = "".join(
    f'<div class="r"><a href="/{n}">Story {n} of the day</a><p>… {TEASER} It is number {n} …</p></div>'
    for n in range(6)
)
PRODUCT = (
    f'<script type="application/ld+json">{{"@type": "Product"}}</script><h1>A lamp</h1><p>{TEASER * 3}</p>'
)


@pytest.mark.parametrize("markup", [CARDS, RESULTS, PRODUCT], ids=["headlines", "results", "product"])
@pytest.mark.parametrize(
    ("chance", "reason"), [(None, Reason.NOT_ARTICLE), (0.3, Reason.NOT_ARTICLE), (0.9, None)]
)
def test_a_listing_is_one_unless_the_model_knows_better(
    markup: str, chance: float | None, reason: Reason | None
) -> None:
    read = read_page(page(document(markup, "World")))
    assert not isinstance(read, Rejected)
    refused = refusal(
        body_of(read.reading, DEFAULT_POLICY),
        Judged(read.reading, chance, 1.0),
        title="World",
        root=read.opened.root,
        statements=read.opened.statements,
        policy=DEFAULT_POLICY,
    )
    assert (refused[0] if refused else None) == reason


def test_what_the_model_takes_for_no_article_is_refused_with_its_chance() -> None:
    read = read_page(page(document(f"<h1>A lamp</h1><p>{TEASER * 3}</p>", "A lamp")))
    assert not isinstance(read, Rejected)
    refused = refusal(
        body_of(read.reading, DEFAULT_POLICY),
        Judged(read.reading, 0.01, 1.0),
        title="A lamp",
        root=read.opened.root,
        statements=read.opened.statements,
        policy=DEFAULT_POLICY,
    )
    assert refused == (Reason.NOT_ARTICLE, "1% likely to be an article")


@pytest.mark.parametrize("name", ["consent-wall-de", "search-ar"])
def test_walls_and_results_of_our_own_pages(name: str) -> None:
    markup = (Path(__file__).parent / "golden" / f"{name}.html").read_text(encoding="utf-8")
    expected = Reason.CONSENT_WALL if "consent" in name else Reason.NOT_ARTICLE
    assert rejected(markup)[0] is expected
