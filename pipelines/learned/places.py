"""What the elements around a block say of it: their tags and what their class names are called after."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipelines.arrays import Ints
from pipelines.learned.columns import Columns
from pipelines.learned.names import latin_words, lower_names
from pipelines.page.outline import Outline

_PARTS = "article story post entry news content main text body detail single page".split()
_OF_PARTS = "body content text detail copy container main article story".split()
_BODY_WORDS = frozenset(
    [part + of for part in _PARTS for of in _OF_PARTS]
    + "prose richtext wysiwyg editor paragraph textblock".split()
)
_BODY_PAIR = re.compile(
    rf"(?<![a-z])(?:(?:{'|'.join(_PARTS)})[-_](?:{'|'.join(_OF_PARTS)})|rich-text|field-item|text-block)(?![a-z])"
)
_PAIR_STARTS = frozenset([*_PARTS, "rich", "field"])
_LEAD_WORDS = frozenset(
    "lead lede intro standfirst subtitle subhead deck dek summary excerpt teaser description abstract chapo "
    "sapo kicker spitzmarke vorspann".split()
)
_LEAD_PAIR = re.compile(r"(?<![a-z])sub-title(?![a-z])")
_BOX_WORDS = frozenset(
    "box card widget module block sidebar list grid item tile thumb slider carousel infobox factbox callout "
    "cta author bio profile meta info caption credit source tag label date time bottom footer header top "
    "related more link links button btn".split()
)
_WORDS = _BODY_WORDS | _PAIR_STARTS | _LEAD_WORDS | _BOX_WORDS
_DIGITS = re.compile(r"\d+")
_HOLDERS = {
    "article": "in_article",
    "main": "in_main",
    "ul": "lists",
    "ol": "lists",
    "table": "table",
    "blockquote": "quote",
    "figure": "figure",
    **dict.fromkeys(("aside", "footer", "nav", "header"), "aside"),
}
_NAMES = ("body_name", "lead_name", "box_name")
_COUNTED = (*dict.fromkeys(_HOLDERS.values()), "stated_body")
_BODY_DEPTH = 2
# Pages of one site, and themes of many, have the same kinds of elements.
_MOST_KINDS = 8_192
_LONG_NAMES = 500


@dataclass(frozen=True, slots=True)
class Places:
    """Where blocks stand; all run parallel to them.

    `columns` tell what is around them, below <body>; the names count the levels since one was seen, 0 for
    never. `signatures` are the same where tags and first names are the same all the way, digits apart.
    """

    columns: Columns
    signatures: Ints


def places_of(outline: Outline, numbers: Ints) -> Places:
    """The places of the blocks in the elements with these numbers."""
    paths, spots, named = _paths(outline, _around(outline, numbers))
    blocks = numbers.tolist()
    depths, signatures, spot = np.array(
        [[outline.depths[at] for at in blocks], [paths[at] for at in blocks], [spots[at] for at in blocks]]
    )
    nearest = np.array(named)[spot]
    levels = np.where(nearest, depths[:, None] + 1 - nearest, 0)
    holders = _holders(outline)
    inside = {name: _inside(outline, holders.get(name), numbers) for name in _COUNTED}
    return Places(
        columns={
            "depth": depths - _BODY_DEPTH,
            **dict(zip(_NAMES, levels.T, strict=True)),
            **{name: count if name == "lists" else count > 0 for name, count in inside.items()},
        },
        signatures=signatures,
    )


def _around(outline: Outline, numbers: Ints) -> list[int]:
    """The elements with these numbers and all around them, below <body>, in document order."""
    found: set[int] = set()
    depths, parents = outline.depths, outline.parents
    for number in numbers.tolist():
        at = number
        while at not in found and depths[at] > _BODY_DEPTH:
            found.add(at)
            at = parents[at]
    return sorted(found)


def _paths(outline: Outline, around: list[int]) -> tuple[list[int], list[int], list[tuple[int, int, int]]]:
    """For each element `around`, numbers of its path and of its entry in the last of these lists.

    That holds the depths of the nearest that bear `_NAMES`, 0 for none. The others have an entry an element
    of the page; 0 is for what is not around.
    """
    tags, classes, ids, parents = outline.tags, outline.classes, outline.ids, outline.parents
    steps: dict[tuple[int, str], int] = {}
    # Most elements are like another in the same place.
    known: dict[tuple[int, int, str, str | None, str | None], tuple[int, int]] = {}
    paths, spots = [0] * len(tags), [0] * len(tags)
    named = [(0, 0, 0)]
    for at in around:
        outer = parents[at]
        kind = (paths[outer], spots[outer], tags[at], classes[at], ids[at])
        found = known.get(kind)
        if found is None:
            is_usual = len(kind[3] or "") <= _LONG_NAMES >= len(kind[4] or "")
            step, names = (_usual_kind if is_usual else _kind)(*kind[2:])
            path = steps.setdefault((kind[0], step), len(steps) + 1)
            spot = kind[1]
            if names is not None:
                nearest, depth = named[spot], outline.depths[at]
                spot = len(named)
                named.append(
                    (
                        depth if names[0] else nearest[0],
                        depth if names[1] else nearest[1],
                        depth if names[2] else nearest[2],
                    )
                )
            found = known[kind] = path, spot
        paths[at], spots[at] = found
    return paths, spots, named


def _kind(tag: str, name: str | None, number: str | None) -> tuple[str, tuple[bool, bool, bool] | None]:
    """An element's step in a path, and what its class and id are called after."""
    return _step(tag, name, number), _named(name, number)


_usual_kind = lru_cache(maxsize=_MOST_KINDS)(_kind)


def _holders(outline: Outline) -> dict[str, list[int]]:
    """The elements below <body> in which blocks are seen to be, by column."""
    holders: dict[str, list[int]] = defaultdict(list)
    for tag, name in _HOLDERS.items():
        holders[name] += outline.tagged.get(tag, ())
    for at, purposes in outline.purposes.items():
        if purposes.get("role") == "main":
            holders["in_main"].append(at)
        if "articlebody" in purposes.get("itemprop", "").lower():
            holders["stated_body"].append(at)
    return {name: [at for at in found if outline.depths[at] > _BODY_DEPTH] for name, found in holders.items()}


def _inside(outline: Outline, holders: list[int] | None, numbers: Ints) -> Ints:
    """For each of the elements with these numbers, how many of `holders` it is or stands in."""
    if not holders:
        return np.zeros(len(numbers), dtype=np.int64)
    opened = np.searchsorted(sorted(holders), numbers, side="right")
    closed = np.searchsorted(sorted([outline.ends[at] for at in holders]), numbers, side="right")
    return opened - closed


def _step(tag: str, name: str | None, number: str | None) -> str:
    first = (name or "").split(None, 1) or (number or "").split(None, 1)
    return _DIGITS.sub("0", f"{tag}.{first[0]}" if first else tag)


def _named(name: str | None, number: str | None) -> tuple[bool, bool, bool] | None:
    """Whether a class and an id are called after a body, a lead and a box; None for none of these."""
    names = lower_names(f"{name or ''} {number or ''}")
    words = latin_words(names)
    if _WORDS.isdisjoint(words) and "articlebody" not in names and "sub-title" not in names:
        return None
    body = (
        not _BODY_WORDS.isdisjoint(words)
        or "articlebody" in names
        or (not _PAIR_STARTS.isdisjoint(words) and _BODY_PAIR.search(names) is not None)
    )
    lead = not _LEAD_WORDS.isdisjoint(words) or ("sub-title" in names and bool(_LEAD_PAIR.search(names)))
    return body, lead, not _BOX_WORDS.isdisjoint(words)
