"""What the block model looks at: structure and place of each block, nothing that belongs to one language."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from pipelines.arrays import Flags, Floats, Ints
from pipelines.body.blocks import HEADINGS
from pipelines.body.boilerplate import Known
from pipelines.body.reading import Reading
from pipelines.learned.block_context import (
    GAP_FEATURES,
    GROUP_FEATURES,
    HEADING_FEATURES,
    NEIGHBOUR_FEATURES,
    Weighed,
    gap_columns,
    gathered,
    group_rows,
    heading_columns,
    neighbour_rows,
)
from pipelines.learned.block_stated import STATED_FEATURES, stated_columns
from pipelines.learned.block_text import TEXT_FEATURES, text_columns
from pipelines.learned.columns import Column, Columns, Matrix
from pipelines.learned.places import places_of
from pipelines.page.outline import Outline

_KINDS = ("paragraph", "heading", "item", "quote", "preformatted", "row", "caption")
_TAGS = (
    "p",
    "div",
    "span",
    "li",
    "td",
    *HEADINGS,
    "section",
    "article",
    "body",
    "blockquote",
    "dd",
    "dt",
    "a",
    "figure",
    "header",
    "main",
    "ul",
    "font",
    "center",
    "tr",
    "address",
    "label",
    "strong",
)
_CUTS = (
    "structure.caption",
    "structure.picture",
    "structure.outside",
    "structure.links",
    "structure.copyright",
    "page.headline",
    "page.byline",
    "page.caption",
    "page.repeated",
    "site_memory",
    "phrase",
    "structure.hidden",
    "structure.aside",
    "structure.related",
    "structure.share",
    "structure.byline",
    "structure.widget",
    "structure.promotion",
    "structure.author",
    "structure.tags",
    "structure.form",
    "structure.button",
    "structure.comments",
    "structure.consent",
    "structure.navigation",
    "structure.footer",
    "structure",
)
_CODE_OF_KIND = {name: code for code, name in enumerate(_KINDS)}
_CODE_OF_TAG = {name: code for code, name in enumerate(_TAGS)}
_IMAGES = frozenset({"img", "picture", "amp-img"})
_TIMES = frozenset({"time"})
_FAR = 99.0


def block_features(reading: Reading, known: Known, outline: Outline) -> Matrix:
    """(blocks x `FEATURES`) of the blocks of `reading`, whose page is `outline`."""
    rows = np.empty((len(FEATURES), len(reading.blocks)), dtype=np.float32)
    if reading.blocks:
        _fill(rows, reading, known, outline)
    return rows.T


def _fill(rows: Matrix, reading: Reading, known: Known, outline: Outline) -> None:
    blocks = reading.blocks
    kept = np.zeros(len(blocks), dtype=np.bool_)
    kept[list(reading.kept)] = True
    elements = [block.number for block in blocks]
    at_home = [outline.numbers[block.home] for block in blocks]
    # One conversion of several lists costs half of one each.
    sizes, links, kinds, numbers, homes, outer = np.array(
        [
            [len(block.letters) for block in blocks],
            [block.links for block in blocks],
            [_CODE_OF_KIND.get(block.kind, len(_KINDS)) for block in blocks],
            elements,
            at_home,
            [outline.parents[home] for home in at_home],
        ]
    )
    weighed = Weighed(
        sizes=sizes,
        links=links,
        shares=np.minimum(1.0, links / sizes),
        votes=np.array(reading.shares, dtype=np.float64),
        kept=kept,
    )
    places = places_of(outline, numbers)
    kept_letters = int((sizes * kept).sum())
    columns = {
        **text_columns(blocks, sizes, weighed.shares),
        **_page(weighed, kept_letters),
        **_own(reading, outline, numbers),
        **places.columns,
        "kind": kinds,
        "kept": kept,
        "vote": weighed.votes,
        "link": links > 0,
        "home_share": gathered(homes, weighed),
        **gap_columns(weighed),
        **heading_columns(weighed, *_headings(kinds, [outline.tags[at] for at in elements])),
        **stated_columns(blocks, known, kept_letters),
    }
    for name, column in columns.items():
        rows[_ROW[name]] = column
    rows[_GROUP_ROWS] = group_rows(np.array([homes, outer, places.signatures]), weighed)
    rows[_NEIGHBOUR_ROWS] = neighbour_rows(columns, homes, places.signatures)


def _page(blocks: Weighed, kept_letters: int) -> Columns:
    """What is the same for all blocks, and how far down the page each stands."""
    count, letters = len(blocks.sizes), int(blocks.sizes.sum())
    voted = sum((blocks.sizes * blocks.votes).tolist())
    return {
        "position": np.arange(count) / count,
        "letters_before": (np.cumsum(blocks.sizes) - blocks.sizes) / letters,
        "blocks": count,
        "page_letters": math.log1p(letters),
        "kept_letters": math.log1p(kept_letters),
        "kept_share": kept_letters / letters,
        "voted_share": voted / letters,
        "kept_of_voted": kept_letters / voted if voted else -1.0,
    }


def _own(reading: Reading, outline: Outline, numbers: Ints) -> Columns:
    blocks = reading.blocks
    elements = numbers.tolist()
    repeats = Counter([block.letters for block in blocks])
    children = Counter(outline.parents)
    tailed = {at for at in set(elements) if (outline.tails[at] or "").strip()}
    tags, furniture, repeated, below, tail, ends = np.array(
        [
            [_CODE_OF_TAG.get(outline.tags[at], len(_TAGS)) for at in elements],
            [block.furniture is not None for block in blocks],
            [repeats[block.letters] for block in blocks],
            [children[at] for at in elements],
            [at in tailed for at in elements],
            [outline.ends[at] for at in elements],
        ]
    )
    return {
        "tag": tags,
        "cut": np.array([_cut_code(cut.rule) if cut else 0.0 for cut in reading.cuts]),
        "furniture": furniture,
        "after_h1": _after_headline(reading, outline, elements),
        "repeats": repeated,
        "children": below,
        "image": _holding(outline, _IMAGES, numbers, ends),
        "time": _holding(outline, _TIMES, numbers, ends),
        "tail": tail,
    }


@lru_cache(maxsize=1024)
def _cut_code(rule: str) -> float:
    return next((float(at + 1) for at, name in enumerate(_CUTS) if rule.startswith(name)), 0.0)


def _after_headline(reading: Reading, outline: Outline, elements: Sequence[int]) -> Column:
    """How many blocks below the headline, or the first <h1>, each stands."""
    named = (at for at, cut in enumerate(reading.cuts) if cut is not None and cut.reason == "headline")
    h1 = (
        at
        for at, block in enumerate(reading.blocks)
        if block.kind == "heading" and outline.tags[elements[at]] == "h1"
    )
    headline = next(named, next(h1, None))
    return _FAR if headline is None else np.arange(len(elements)) - headline


def _holding(outline: Outline, tags: frozenset[str], numbers: Ints, ends: Ints) -> Column:
    """Which of the elements with these numbers and ends are or hold one of `tags`."""
    found = outline.all(*tags)
    return np.searchsorted(found, ends) > np.searchsorted(found, numbers) if found else 0.0


def _headings(kinds: Ints, tags: Sequence[str]) -> tuple[Flags, Floats]:
    """Which blocks are headings, and their levels; 7 for those in no <h1> to <h6>."""
    headings = kinds == _CODE_OF_KIND["heading"]
    levels = np.full(len(kinds), 7.0)
    for at in np.flatnonzero(headings).tolist():
        if tags[at][1:].isdigit():
            levels[at] = float(tags[at][1])
    return headings, levels


OWN_FEATURES = (
    "kind tag depth vote cut kept furniture position letters_before blocks page_letters kept_letters "
    "kept_share voted_share kept_of_voted in_article in_main body_name lead_name box_name stated_body "
    "lists table quote figure aside after_h1 repeats children image time link tail"
).split()


FEATURES: tuple[str, ...] = (
    *TEXT_FEATURES,
    *OWN_FEATURES,
    *GROUP_FEATURES,
    "home_share",
    *GAP_FEATURES,
    *HEADING_FEATURES,
    *NEIGHBOUR_FEATURES,
    *STATED_FEATURES,
)
_ROW = {name: at for at, name in enumerate(FEATURES)}
_GROUP_ROWS = slice(_ROW[GROUP_FEATURES[0]], _ROW[GROUP_FEATURES[-1]] + 1)
_NEIGHBOUR_ROWS = slice(_ROW[NEIGHBOUR_FEATURES[0]], _ROW[NEIGHBOUR_FEATURES[-1]] + 1)
