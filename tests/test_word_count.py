"""The number of words a page says its article has is a witness of what was lost."""

from __future__ import annotations

import json

from tests.helpers_clean import PARK, TITLE, document, paragraphs, text_of

P = PARK[:2]
# Answers too short to be told from furniture by their length.
ANSWERS = tuple(f"“We will come on day {n},” said neighbour {n} of the lane." for n in range(16))


def page(words: int | str | None) -> str:
    stated = {"@type": "NewsArticle", "headline": TITLE} | ({"wordCount": words} if words is not None else {})
    data = f'<script type="application/ld+json">{json.dumps(stated)}</script>'
    voices = f'<div class="teaser">{paragraphs(*ANSWERS)}</div>'
    return document(f"{data}<article><h1>{TITLE}</h1><div>{paragraphs(*P)}{voices}</div></article>", TITLE)


def test_a_page_that_says_it_has_more_is_read_again_without_names() -> None:
    assert text_of(page(None)) == list(P)
    assert text_of(page(190)) == [*P, *ANSWERS]
    assert text_of(page("190")) == [*P, *ANSWERS]


def test_a_count_that_was_reached_or_makes_no_sense_changes_nothing() -> None:
    for count in (40, 0, -5, "many", "12,5", "9" * 5000):
        assert text_of(page(count)) == list(P)
