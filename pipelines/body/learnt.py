"""The learnt road: a page of a template that its site has shown often enough is read where its body stands.

What stands at each place of the template's bodies, and what became of it, is remembered with every page
(`page_view`). A page whose blocks all stand at such places needs no extractor and no model: the rules cut
what they always cut, and what is left has the fate its place has had. Whatever is new on the page, and one
page in so many, takes the general road, from which places are learnt anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple
from zlib import crc32

import numpy as np
from lxml.html import HtmlElement

from pipelines.arrays import Ints
from pipelines.body.blocks import Block, Walk
from pipelines.body.boilerplate import Cut, Known, judge_blocks
from pipelines.body.furniture import find_furniture
from pipelines.body.known_place import known_body
from pipelines.body.marks import KIND_BITS, Fate, Marks
from pipelines.body.page_view import Sight, kind_code, place_code, sight_of
from pipelines.body.paths import Paths
from pipelines.body.phrases import load_phrases
from pipelines.body.reading import Reading
from pipelines.body.region import are_inside
from pipelines.body.select import REPEATED_RULE, tidy
from pipelines.body.site_memory import MEMORY_RULE, Learnt, Place, SiteMemory
from pipelines.page.outline import Outline
from pipelines.policy import Policy
from pipelines.records import PageView

# Cuts that look at what the page says or shows, wherever it stands: no place need be known for them.
_BY_TEXT = (
    "phrase.",
    "page.",
    "structure.copyright",
    "structure.dateline",
    "structure.signature",
    MEMORY_RULE,
)
# Cuts that are made when it is known what is kept.
_LAST = frozenset({REPEATED_RULE, "structure.heading"})
_CHOICES = frozenset({"structure.outside", "structure.picture"})


def fates_of(before: Reading, after: Reading) -> list[Fate]:
    """What became of each block: `before` is the rules' reading, `after` the one decided on."""
    kept = set(after.kept)
    return [
        (Fate.KEPT if cut is None else Fate.RETURNED)
        if at in kept
        else Fate.PASSED
        if cut is None or cut.rule in _CHOICES
        else Fate.UNKNOWN
        if cut.rule in _LAST
        else Fate.CUT
        for at, cut in enumerate(before.cuts)
    ]


def learn(views: Iterable[PageView], policy: Policy) -> Learnt | None:
    """What pages of one template teach; None when too few of them were judged."""
    judged = [view for view in views if view.quality is not None]
    if len(judged) < policy.learnt_min_pages:
        return None
    marks = Marks.of([view.marks for view in judged])
    places, at = np.unique(marks.place << KIND_BITS | marks.kind, return_inverse=True)
    counts = np.bincount(at * len(Fate) + marks.fate, minlength=len(places) * len(Fate))
    fates = counts.reshape(-1, len(Fate)).T
    kept, passed = fates[Fate.KEPT], fates[Fate.PASSED]
    steady = np.maximum(kept, passed) >= policy.learnt_steady_share * (kept + passed)
    told = steady & (kept + passed >= policy.learnt_min_blocks)
    cut = (fates[Fate.CUT] > 0) & (fates[Fate.RETURNED] == 0)
    stayed = (marks.fate == Fate.KEPT) | (marks.fate == Fate.RETURNED)
    return Learnt(
        stays=dict(zip(_places(places[told]), (kept > passed)[told].tolist(), strict=True)),
        cut=frozenset(_places(places[cut])),
        beside=max(view.beside for view in judged),
        quality=median(view.quality for view in judged if view.quality is not None),
        stated=all(view.stated for view in judged),
        parted=bool((stayed & ~marks.inside).any()),
        shortest=int(np.bincount(marks.page, marks.letters * stayed, minlength=marks.count).min()),
    )


def _places(numbers: Ints) -> list[Place]:
    """(place, kind) of each number that stands for both."""
    return [(number >> KIND_BITS, number & (1 << KIND_BITS) - 1) for number in numbers.tolist()]


class LearntPlace(NamedTuple):
    """Where a page's template has its body, what else of the page must be read, and what is known of both."""

    element: HtmlElement
    zone: int
    learnt: Learnt


def learnt_place(paths: Paths, url: str, memory: SiteMemory, policy: Policy) -> LearntPlace | None:
    """Where the page's template has its body, and what is known of it; None when it must be read whole."""
    if not memory.learnt or not crc32(url.encode()) % policy.learnt_audit:
        return None
    found = known_body(paths, memory, policy)
    learnt = memory.learnt.get(found[0].body) if found else None
    if found is None or learnt is None:
        return None
    template, element = found
    return LearntPlace(element, zone_of(paths, element, template.headline if learnt.parted else None), learnt)


def read_learnt(
    walk: Walk, place: LearntPlace, known: Known, memory: SiteMemory, policy: Policy
) -> Reading | None:
    """The reading of the body at `place`; None when anything about it is not as it has been."""
    element, zone, learnt = place
    blocks = walk.blocks(find_furniture(walk.outline, policy, below=zone), zone)
    cuts = judge_blocks(blocks, known, load_phrases(policy.rules_off), memory, policy)
    inside = are_inside(blocks, element)
    stays = _stays(blocks, cuts, inside, learnt)
    most_beside = policy.learnt_most_beside * learnt.beside + policy.learnt_beside_chars
    if stays is None or beside(walk.outline, element) > most_beside:
        return None
    kept = {at for at, stay in enumerate(stays) if stay}
    reading = Reading(
        blocks=blocks,
        shares=list(map(float, inside)),
        cuts=cuts,
        kept=tidy(blocks, kept, cuts, policy),
        prose=0,
        sight=sight_of(blocks, element, cuts, policy),
    )
    return reading if _is_credible(reading, learnt, known, policy) else None


def _stays(
    blocks: Sequence[Block], cuts: Sequence[Cut | None], inside: Sequence[bool], learnt: Learnt
) -> list[bool] | None:
    """Whether each block stays; None when the fate of one in the body is not known."""
    stays = []
    codes: dict[HtmlElement, int] = {}
    for block, cut, is_inside in zip(blocks, cuts, inside, strict=True):
        if cut is not None and cut.rule.startswith(_BY_TEXT):
            stays.append(False)
            continue
        if (code := codes.get(block.home)) is None:
            code = codes[block.home] = place_code(block)
        place = (code, kind_code(block))
        fate = learnt.stays.get(place) if cut is None else False if place in learnt.cut else None
        if fate is None and is_inside:
            return None
        stays.append(bool(fate))
    return stays


def _is_credible(reading: Reading, learnt: Learnt, known: Known, policy: Policy) -> bool:
    """Whether there is text enough, few links in it, and as many words as the page says.

    What is as long as the template's shortest is enough; what may be a wall is for the caller to ask.
    """
    links = sum(reading.blocks[at].links for at in reading.kept)
    return (
        reading.letters >= max(policy.min_body_letters, min(learnt.shortest, policy.max_wall_letters))
        and links <= policy.max_prose_link_share * reading.letters
        and (known.word_count is None or reading.words >= policy.min_prose_share * known.word_count)
    )


def view_of(before: Reading, after: Reading, sight: Sight, quality: float, *, stated: bool) -> PageView:
    """What site memory is to remember of an article: where all of it stands in one place, its fates, too."""
    paths = after.blocks[0].places
    outline = paths.outline
    zone = zone_of(paths, sight.container, sight.headline)
    fates = fates_of(before, after)
    within = range(zone, outline.ends[zone])
    stands = all(after.blocks[at].number in within for at in after.kept)
    if not before.by_name or outline.tags[zone] == "body" or not stands:
        return sight.view([Fate.UNKNOWN] * len(fates))
    return sight.view(fates, quality, stated=stated, beside=beside(outline, sight.container))


def zone_of(paths: Paths, body: HtmlElement, headline: str | None) -> int:
    """Number of the box around the body; where `headline` is a place, of the least that holds it, too.

    It is the body's own where nothing but <body> is around it.
    """
    outline = paths.outline
    numbers, ends, tags = outline.numbers, outline.ends, outline.tags
    least = numbers[body]
    boxes = [at for at in map(numbers.__getitem__, body.iterancestors()) if tags[at] not in ("body", "html")]
    if tags[least] == "body" or not boxes:
        return least
    title = paths.at(headline)[:1] if headline else []
    holding = (at for at in boxes if title and at <= title[0] < ends[at])
    return next(holding, boxes[0])


def beside(outline: Outline, place: HtmlElement) -> int:
    """Characters of the page's paragraphs that stand outside `place`."""
    first = outline.numbers[place]
    end = outline.ends[first]
    texts = [outline.texts[at] for at in outline.all("p") if not first <= at < end]
    return sum(map(len, filter(None, texts)))
