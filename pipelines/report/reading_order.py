"""An article as its page had it: what was kept and what was cut, in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.report.records import NewArticle


@dataclass(frozen=True, slots=True)
class Piece:
    """A block of a page; `rule` says what cut it, None that it was kept."""

    text: str
    rule: str | None = None


def pieces(article: NewArticle) -> tuple[Piece, ...]:
    """Paragraphs and cut blocks of `article`, in the order of the page as far as rows tell it.

    Rows have the places of what was cut, not of what was kept; paragraphs stand in the gaps between them.
    Menus and footers away from the body are in no row, so there may be more gaps than paragraphs: theirs
    are those next to each other that lie closest together.
    """
    paragraphs = article.text.split("\n\n")
    cuts = sorted(article.cuts, key=lambda cut: cut.order)
    places = _places(len(paragraphs), [cut.order for cut in cuts])
    kept = [(place, Piece(text)) for place, text in zip(places, paragraphs, strict=True)]
    removed = [(cut.order, Piece(cut.text, cut.rule)) for cut in cuts]
    return tuple(piece for _, piece in sorted(kept + removed, key=lambda placed: placed[0]))


def _places(count: int, taken: Sequence[int]) -> Sequence[int]:
    """`count` ascending places beside those that are `taken`."""
    end = max(taken, default=-1) + 1
    gaps = sorted(set(range(end)).difference(taken))
    if len(gaps) <= count:
        return [*gaps, *range(end, end + count - len(gaps))]
    start = min(range(len(gaps) - count + 1), key=lambda at: gaps[at + count - 1] - gaps[at])
    return gaps[start : start + count]
