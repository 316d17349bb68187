"""Whether a page is an article at all; every refusal is a reason with the figure behind it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pipelines.body.body import Body
from pipelines.body.phrases import folded_words
from pipelines.metadata.structured import ARTICLE_TYPES, Statements
from pipelines.policy import Policy
from pipelines.records import Reason

_LISTING_TYPES = frozenset({"CollectionPage", "SearchResultsPage", "ItemList", "ImageGallery", "Product"})


@cache
def _walls() -> tuple[tuple[Reason, str, str], ...]:
    """(reason, phrase as written, phrase folded and padded) of `walls.toml`."""
    text = files("pipelines").joinpath("walls.toml").read_text(encoding="utf-8")
    return tuple(
        (Reason(reason), phrase, f" {' '.join(folded_words(phrase))} ")
        for reason, phrases in tomllib.loads(text).items()
        for phrase in phrases
    )


def _wall(text: str) -> tuple[Reason, str] | None:
    said = f" {' '.join(folded_words(text))} "
    return next(((reason, phrase) for reason, phrase, folded in _walls() if folded in said), None)


def refusal(
    body: Body, title: str | None, visible: str, statements: Statements, policy: Policy
) -> tuple[Reason, str] | None:
    """Reason and detail when the page is no article, else None. `visible` is all text of the page.

    Without a body the whole page is asked what it is; a short body only speaks for itself, since
    "log in" stands in the margin of many a page.
    """
    bodiless = body.letters < policy.min_body_letters
    if bodiless or body.letters < policy.max_wall_letters:
        said = visible[: policy.max_wall_chars] if bodiless else body.text
        if wall := _wall(f"{title or ''} {said}"):
            return wall
    if bodiless:
        return Reason.NO_BODY, f"{body.letters} letters of text"
    kinds = {candidate.value for candidate in statements.all("type")}
    if kinds & _LISTING_TYPES and not kinds & ARTICLE_TYPES and "article" not in kinds:
        return Reason.NOT_ARTICLE, f"declares itself {sorted(kinds & _LISTING_TYPES)[0]}"
    if body.link_letters > policy.max_listing_link_share * body.letters:
        return Reason.NOT_ARTICLE, "most of the text leads elsewhere"
    if (
        body.linked_headings >= policy.min_listing_headings
        and body.linked_headings >= policy.min_listing_heading_share * body.blocks
        and body.letters - body.link_letters < policy.max_listing_letters * body.linked_headings
    ):
        return (
            Reason.NOT_ARTICLE,
            f"{body.linked_headings} of {body.blocks} blocks are linked headings",
        )
    return None
