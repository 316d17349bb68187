"""What the block model looks at: structure and place of each block, nothing that belongs to one language."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipelines.body.blocks import HEADINGS, Block
from pipelines.body.boilerplate import Known
from pipelines.body.reading import Reading
from pipelines.learned.block_text import TEXT_FEATURES, Vector, text_features
from pipelines.learned.places import Place, Places

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
_FAR = 99.0


@dataclass(slots=True)
class _Group:
    """Sums over the blocks that share a place."""

    blocks: int = 0
    letters: int = 0
    links: int = 0
    kept: int = 0
    voted: float = 0.0

    def add(self, block: Block, kept: bool, vote: float) -> None:
        size = len(block.letters)
        self.blocks += 1
        self.letters += size
        self.links += block.links
        self.kept += size * kept
        self.voted += size * vote

    def others(self, block: Block, kept: bool, vote: float) -> tuple[float, float, float, float, float]:
        """(log letters, blocks, link share, kept share, voted share) of the group without `block`."""
        size = len(block.letters)
        rest = self.letters - size
        if rest <= 0:
            return 0.0, float(self.blocks), -1.0, -1.0, -1.0
        return (
            math.log1p(rest),
            float(self.blocks),
            (self.links - block.links) / rest,
            (self.kept - size * kept) / rest,
            (self.voted - size * vote) / rest,
        )


def _holders(body: HtmlElement, *tags: str) -> set[HtmlElement]:
    """All elements of the body that hold one of `tags`."""
    found: set[HtmlElement] = set()
    for element in body.iter(*tags):
        node: HtmlElement | None = element
        while node is not None and node not in found:
            found.add(node)
            node = node.getparent()
    return found


def _groups(keys: Sequence[object], reading: Reading, kept: Sequence[bool]) -> dict[object, _Group]:
    found: dict[object, _Group] = {}
    for at, block in enumerate(reading.blocks):
        found.setdefault(keys[at], _Group()).add(block, kept[at], reading.shares[at])
    return found


def _code(names: Sequence[str], value: str) -> float:
    return float(names.index(value)) if value in names else float(len(names))


def _cut_code(rule: str) -> float:
    return next((float(at + 1) for at, name in enumerate(_CUTS) if rule.startswith(name)), 0.0)


@dataclass(slots=True)
class _Page:
    """What is the same for all blocks of a page."""

    images: set[HtmlElement]
    times: set[HtmlElement]
    codes: list[float]
    reading: Reading
    known: Known
    kept: list[bool]
    first: int
    last: int
    letters: int
    kept_letters: int
    voted_letters: float
    h1: int
    repeats: Counter[str]
    texts: list[Vector]
    spots: list[Place]
    homes: list[HtmlElement]


def block_features(reading: Reading, known: Known) -> list[Vector]:
    """One vector a block of `reading`, in the order of `FEATURES`."""
    blocks = reading.blocks
    if not blocks:
        return []
    stays = set(reading.kept)
    kept = [at in stays for at in range(len(blocks))]
    h1 = [at for at, block in enumerate(blocks) if block.kind == "heading" and block.element.tag == "h1"]
    named = [at for at, cut in enumerate(reading.cuts) if cut is not None and cut.reason == "headline"]
    body = blocks[0].element.getroottree().getroot().find("body")
    places = Places()
    spots = [places.of(block.element) for block in blocks]
    homes = [block.home for block in blocks]
    page = _Page(
        texts=[text_features(block) for block in blocks],
        spots=spots,
        homes=homes,
        images=_holders(body, "img", "picture", "amp-img"),
        times=_holders(body, "time"),
        codes=[_cut_code(cut.rule) if cut else 0.0 for cut in reading.cuts],
        reading=reading,
        known=known,
        kept=kept,
        first=reading.kept[0] if stays else -1,
        last=reading.kept[-1] if stays else -1,
        letters=sum(len(block.letters) for block in blocks),
        kept_letters=sum(len(blocks[at].letters) for at in reading.kept),
        voted_letters=sum(len(b.letters) * v for b, v in zip(blocks, reading.shares, strict=True)),
        h1=(named or h1 or [-1])[0],
        repeats=Counter(block.letters for block in blocks),
    )
    outer = [element.getparent() for element in homes]
    groups = [
        (keys, _groups(keys, reading, kept)) for keys in (homes, outer, [spot.signature for spot in spots])
    ]
    gaps = _gaps(page)
    heads = _headings(page)
    before = 0
    found = []
    main_home = max(groups[0][1].values(), key=lambda g: g.kept)
    for at, block in enumerate(blocks):
        spot = spots[at]
        vector = list(page.texts[at])
        vector += _own(page, at, spot, before)
        for keys, table in groups:
            vector += table[keys[at]].others(block, kept[at], reading.shares[at])
        vector.append(_share_of(groups[0][1][homes[at]].kept, main_home.kept))
        vector += gaps[at]
        vector += heads[at]
        for step in (-2, -1, 1, 2):
            vector += _neighbour(page, at, at + step)
        vector += _stated(page, block)
        found.append(vector)
        before += len(block.letters)
    return found


def _share_of(part: float, whole: float) -> float:
    return part / whole if whole else -1.0


def _own(page: _Page, at: int, spot: Place, before: int) -> Vector:
    reading, block = page.reading, page.reading.blocks[at]
    total = page.letters
    element = block.element
    return [
        _code(_KINDS, block.kind),
        _code(_TAGS, str(element.tag)),
        float(spot.depth),
        reading.shares[at],
        page.codes[at],
        float(page.kept[at]),
        float(block.furniture is not None),
        at / len(reading.blocks),
        before / total,
        float(len(reading.blocks)),
        math.log1p(total),
        math.log1p(page.kept_letters),
        page.kept_letters / total,
        page.voted_letters / total,
        page.kept_letters / page.voted_letters if page.voted_letters else -1.0,
        float(spot.article),
        float(spot.main),
        float(spot.body_name),
        float(spot.lead_name),
        float(spot.box_name),
        float(spot.stated_body),
        float(spot.lists),
        float(spot.table),
        float(spot.quote),
        float(spot.figure),
        float(spot.aside),
        float(at - page.h1) if page.h1 >= 0 else _FAR,
        float(page.repeats[block.letters]),
        float(len(element)),
        float(element in page.images),
        float(element in page.times),
        float(block.links > 0),
        float(element.tail is not None and len(element.tail.strip()) > 0),
    ]


OWN_FEATURES = (
    "kind tag depth vote cut kept furniture position letters_before blocks page_letters kept_letters "
    "kept_share voted_share kept_of_voted in_article in_main body_name lead_name box_name stated_body "
    "lists table quote figure aside after_h1 repeats children image time link tail"
).split()


def _gaps(page: _Page) -> list[Vector]:
    """Letters and blocks to the nearest kept block before and after, and kept letters on both sides."""
    blocks, count = page.reading.blocks, len(page.reading.blocks)
    rows: list[Vector] = [[] for _ in blocks]
    for order in (range(count), range(count - 1, -1, -1)):
        gap_letters, gap_blocks, held = -1.0, -1.0, 0
        for at in order:
            rows[at] += [
                math.log1p(gap_letters) if gap_letters >= 0 else -1.0,
                min(gap_blocks, _FAR),
                held / page.kept_letters if page.kept_letters else -1.0,
            ]
            if page.kept[at]:
                gap_letters, gap_blocks = 0.0, 0.0
                held += len(blocks[at].letters)
            elif gap_blocks >= 0:
                gap_letters += len(blocks[at].letters)
                gap_blocks += 1
    return rows


GAP_FEATURES = "gap_before gap_blocks_before kept_before gap_after gap_blocks_after kept_after".split()


def _headings(page: _Page) -> list[Vector]:
    """The heading a block stands under: level, link share, kept, letters since; and under it what follows."""
    rows: list[Vector] = []
    level, links, kept, since, first = 0.0, -1.0, -1.0, 0, -1.0
    count = 0
    for at, block in enumerate(page.reading.blocks):
        rows.append([level, links, kept, math.log1p(since), first, float(count)])
        if block.kind == "heading":
            tag = str(block.element.tag)
            level = float(tag[1]) if tag[1:].isdigit() else 7.0
            links, kept, since, first, count = block.link_share, float(page.kept[at]), 0, -1.0, 0
        else:
            since += len(block.letters)
            count += 1
            if first < 0:
                first = block.link_share
    return rows


HEADING_FEATURES = (
    "heading_level heading_links heading_kept heading_since heading_first_links heading_count"
).split()


def _neighbour(page: _Page, at: int, other: int) -> Vector:
    blocks = page.reading.blocks
    if not 0 <= other < len(blocks):
        return [-1.0] * 9
    block, text = blocks[other], page.texts[other]
    return [
        text[0],
        block.link_share,
        text[12],
        page.reading.shares[other],
        float(page.kept[other]),
        page.codes[other],
        _code(_KINDS, block.kind),
        float(page.homes[other] is page.homes[at]),
        float(page.spots[other].signature == page.spots[at].signature),
    ]


NEIGHBOUR_FEATURES = [
    f"{name}{step:+d}"
    for step in (-2, -1, 1, 2)
    for name in "log_letters link_share end vote kept cut kind same_home same_signature".split()
]


def _stated(page: _Page, block: Block) -> Vector:
    """How the block agrees with what the page states about its article."""
    known, folded = page.known, block.letters
    title_words = known.title_words
    words = {word for word in block.text.casefold().split() if len(word) > 3}
    description = known.description or ""
    return [
        len(words & title_words) / len(words) if words else -1.0,
        len(words & title_words) / len(title_words) if title_words else -1.0,
        float(bool(description) and (folded in description or description in folded)),
        -1.0 if not known.article_body else float(folded in known.article_body),
        math.log1p(len(known.article_body)) - math.log1p(page.kept_letters) if known.article_body else -99.0,
    ]


STATED_FEATURES = "title_words of_title_words in_description in_stated_body stated_body_ratio".split()

_GROUP = "letters blocks links kept voted".split()
FEATURES: tuple[str, ...] = (
    *TEXT_FEATURES,
    *OWN_FEATURES,
    *(f"{group}_{name}" for group in ("home", "outer", "signature") for name in _GROUP),
    "home_share",
    *GAP_FEATURES,
    *HEADING_FEATURES,
    *NEIGHBOUR_FEATURES,
    *STATED_FEATURES,
)
