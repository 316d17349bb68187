"""Whether a page is an article at all; every refusal is a reason with the figure behind it."""

from __future__ import annotations

from functools import cache
from itertools import chain

from lxml.html import HtmlElement

from pipelines.body.body import Body
from pipelines.body.words import folded_words
from pipelines.learned.judge import Judged
from pipelines.metadata.candidates import Statements
from pipelines.metadata.json_ld import ARTICLE_TYPES
from pipelines.normalize import letters, weighed
from pipelines.policy import Policy
from pipelines.records import Reason
from pipelines.tables import read_table

_LISTING_TYPES = frozenset({"CollectionPage", "SearchResultsPage", "ItemList", "ImageGallery", "Product"})


@cache
def _walls(table: str) -> tuple[tuple[Reason, str, str], ...]:
    """(reason, phrase as written, phrase folded) of `walls.toml`: those said anywhere or `alone`."""
    tables = read_table("pipelines", "walls.toml")
    alone = tables.pop("alone")
    return tuple(
        (Reason(reason), phrase, _spaced(phrase))
        for reason, phrases in (alone if table == "alone" else tables).items()
        for phrase in phrases
    )


def _spaced(text: str) -> str:
    return f" {' '.join(folded_words(text))} "


def _wall(title: str, said: str) -> tuple[Reason, str] | None:
    """Reason and phrase when the headline is nothing but a wall's, or either of the two speaks like one."""
    whole, spoken = _spaced(title), _spaced(f"{title} {said}")
    found = (wall for wall in _walls("alone") if wall[2] in (whole, spoken))
    anywhere = (wall for wall in _walls("anywhere") if wall[2] in spoken)
    return next(((reason, phrase) for reason, phrase, _ in chain(found, anywhere)), None)


def _said(body: Body) -> str:
    """The body's text and what was cut from it as the prompt of a wall."""
    prompts = (block.text for block in body.removed if block.reason == "paywall")
    return " ".join((body.text, *prompts))


def _visible(root: HtmlElement) -> str:
    """All text of the page."""
    return " ".join(root.find("body").xpath(".//text()[not(parent::script or parent::style)]"))


def refusal(
    body: Body,
    judged: Judged,
    *,
    title: str | None,
    root: HtmlElement,
    statements: Statements,
    policy: Policy,
) -> tuple[Reason, str] | None:
    """Reason and detail when the page is no article, else None. `root` is the page.

    Without a body the whole page is asked what it is; a short body only speaks for itself, since
    "log in" stands in the margin of many a page.
    """
    # What has so many letters is a body however they are weighed.
    size = weighed(letters(body.text)) if body.letters < policy.max_wall_letters else body.letters
    bodiless = size < policy.min_body_letters
    if bodiless or size < policy.max_wall_letters:
        said = _visible(root)[: policy.max_wall_chars] if bodiless else _said(body)
        if wall := _wall(title or "", said):
            return wall
    if bodiless:
        return Reason.NO_BODY, f"{body.letters} letters of text"
    chance = judged.article
    listing = (
        _listing(body, statements, policy) if chance is None or chance < policy.max_listing_score else None
    )
    if listing:
        return Reason.NOT_ARTICLE, listing
    if chance is not None and chance < policy.min_article_score:
        return Reason.NOT_ARTICLE, f"{chance:.0%} likely to be an article"
    return None


def _listing(body: Body, statements: Statements, policy: Policy) -> str | None:
    """What tells that the page lists articles or goods; many an article is a list, too."""
    kinds = {candidate.value for candidate in statements.all("type")}
    if kinds & _LISTING_TYPES and not kinds & ARTICLE_TYPES and "article" not in kinds:
        return f"declares itself {sorted(kinds & _LISTING_TYPES)[0]}"
    if body.link_letters > policy.max_listing_link_share * body.letters:
        return "most of the text leads elsewhere"
    if (
        body.linked_headings >= policy.min_listing_headings
        and body.linked_headings >= policy.min_listing_heading_share * body.blocks
        and body.letters - body.link_letters < policy.max_listing_letters * body.linked_headings
    ):
        return f"{body.linked_headings} of {body.blocks} blocks are linked headings"
    teasers = _teasers(body)
    if teasers >= max(policy.min_listing_headings, policy.min_teaser_share * body.blocks):
        return f"{teasers} of {body.blocks} blocks are teasers under a link"
    return None


def _teasers(body: Body) -> int:
    """Kept blocks that come right after a line of links, both of them in one box of the page."""
    links = {block.order: block.path for block in body.removed if block.rule == "structure.links"}
    found = 0
    for order, path in body.places:
        above = links.get(order - 1)
        found += above is not None and path.rpartition("/")[0] in (above, above.rpartition("/")[0])
    return found
