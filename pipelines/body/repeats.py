"""Which blocks a site repeats: decided by how many of its stories have them, and by where they stand.

A sentence that articles quote and a line that the site prints look alike when they are counted. They differ
in spread: articles that share several paragraphs tell one story and count once. And they differ in place: the
site's line has a place of its own, or stands at an edge of the body, or always after as many paragraphs;
a quotation stands in the midst of prose that differs. What has less evidence of place must be more frequent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from pipelines.arrays import Flags, Ints
from pipelines.body.marks import Marks
from pipelines.policy import Policy


@dataclass(slots=True)
class _Standing:
    """All that was seen of one block; a block may be a text of several places."""

    places: set[int] = field(default_factory=set)
    letters: int = 0
    linked: bool = True
    stories: set[int] = field(default_factory=set)
    ahead: Counter[int] = field(default_factory=Counter)
    behind: Counter[int] = field(default_factory=Counter)
    edges: int = 0
    times: int = 0


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the pages show together: how many stories, and how many of them have a place or a label.

    `of_place` goes by the number of a place, as `prose` does.
    """

    stories: int
    of_place: Ints
    labels_ahead: Counter[int]
    labels_behind: Counter[int]
    prose: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Pages:
    """The marks of some pages; `block` and `place` number what is the same, `once` is the first of a page.

    `holders`: on how many pages each block stands.
    """

    marks: Marks
    block: Ints
    place: Ints
    once: Flags
    holders: Ints


def repeated_keys(pages: Sequence[bytes], policy: Policy) -> frozenset[int]:
    """Keys of the blocks that belong to the site and not to its articles; a page is its packed marks."""
    marks = Marks.of(pages)
    if not len(marks.key):
        return frozenset()
    keys, block = np.unique(marks.key, return_inverse=True)
    place = np.unique(marks.place, return_inverse=True)[1]
    once = np.zeros(len(block), dtype=np.bool_)
    once[np.unique(_pairs(marks.page, block), return_index=True)[1]] = True
    shown = _Pages(marks, block, place, once, np.bincount(block[once]))
    prose = _prose_places(shown, policy)
    stories = _stories(shown, prose, policy)
    if len(set(stories)) < policy.memory_min_pages:
        return frozenset()
    story = np.array(stories)[marks.page]
    ahead, behind = _around(shown, story, policy)
    labels_ahead, labels_behind = _labels(shown, story, ahead, behind, policy)
    scene = _Scene(
        stories=len(set(stories)),
        of_place=_stories_of(place[once], story[once]),
        labels_ahead=labels_ahead,
        labels_behind=labels_behind,
        prose=frozenset(np.flatnonzero(prose).tolist()),
    )
    return frozenset(
        int(keys[at])
        for at, found in _standings(shown, story, ahead, behind, policy).items()
        if len(found.stories) >= max(policy.memory_min_pages, _needed(found, scene, policy))
    )


def _pairs(one: Ints, other: Ints) -> Ints:
    """A number for each pair of numbers."""
    return one * (int(other.max(initial=0)) + 1) + other


def _stories_of(numbers: Ints, story: Ints) -> Ints:
    """Of how many stories each number is."""
    wide = int(story.max(initial=0)) + 1
    return np.bincount(np.unique(numbers * wide + story) // wide)


def _standings(shown: _Pages, story: Ints, ahead: Ints, behind: Ints, policy: Policy) -> dict[int, _Standing]:
    """What was seen of each block (by its number) that stands on pages enough; each once a page."""
    marks = shown.marks
    seen = np.flatnonzero(shown.once & (shown.holders[shown.block] >= policy.memory_min_pages))
    columns = (shown.block, shown.place, marks.letters, marks.linked, marks.inside, story, ahead, behind)
    found: dict[int, _Standing] = {}
    for block, place, letters, linked, inside, told, before, after in zip(
        *(column[seen].tolist() for column in columns), strict=True
    ):
        one = found.get(block)
        if one is None:
            one = found[block] = _Standing()
        one.places.add(place)
        one.letters = max(one.letters, letters)
        one.linked = one.linked and linked
        one.stories.add(told)
        one.times += 1
        one.edges += not (inside and before and after)
        if inside:
            one.ahead[before] += 1
            one.behind[after] += 1
    return found


def _needed(found: _Standing, scene: _Scene, policy: Policy) -> float:
    """On how many stories the block must stand to be the site's."""
    often = policy.memory_steady_share * found.times
    edge = found.edges >= often
    ahead, behind = _usual(found.ahead), _usual(found.behind)
    steady = edge or max(found.ahead[ahead], found.behind[behind]) >= often
    short = found.letters <= policy.memory_short_letters or found.linked
    most = max(policy.memory_min_stories, policy.memory_most_share * scene.stories)
    even = policy.memory_even_share * scene.stories
    if found.places.isdisjoint(scene.prose):
        if edge or short:
            return policy.memory_min_share * max(int(scene.of_place[place]) for place in found.places)
        return max(policy.memory_min_stories, even) if steady else most
    if found.letters <= policy.memory_label_letters and (
        (found.ahead[ahead] >= often and scene.labels_ahead[ahead] >= most)
        or (found.behind[behind] >= often and scene.labels_behind[behind] >= most)
    ):
        return policy.memory_label_share * scene.stories
    if edge and short:
        return max(policy.memory_min_stories, even)
    return max(policy.memory_many_stories, most)


def _usual(counts: Counter[int]) -> int:
    return max(counts, key=lambda value: (counts[value], value), default=-1)


def _prose_places(shown: _Pages, policy: Policy) -> Flags:
    """Which places have text that mostly differs from page to page."""
    own = shown.marks.letters * (shown.holders[shown.block] < policy.memory_min_pages)
    return np.asarray(
        np.bincount(shown.place, own)
        >= policy.memory_prose_share * np.bincount(shown.place, shown.marks.letters)
    )


def _stories(shown: _Pages, prose: Flags, policy: Policy) -> list[int]:
    """A number for each page; pages that share several paragraphs of prose have the same."""
    count = shown.marks.count
    most = count - 1 if count < policy.memory_many_stories else count // 2
    holders = shown.holders[shown.block]
    shared = _paragraphs(shown.marks, policy) & prose[shown.place] & (holders >= 2) & (holders <= most)
    holding: dict[int, list[int]] = {}
    for block, page in zip(shown.block[shared].tolist(), shown.marks.page[shared].tolist(), strict=True):
        pages = holding.setdefault(block, [])
        if not pages or pages[-1] != page:
            pages.append(page)
    together = Counter(pair for pages in holding.values() for pair in combinations(pages, 2))
    story = list(range(count))
    for (one, other), times in together.items():
        if times >= policy.memory_story_paragraphs:
            old, new = story[other], story[one]
            story = [new if number == old else number for number in story]
    return story


def _paragraphs(marks: Marks, policy: Policy) -> Flags:
    return marks.inside & ~marks.linked & (marks.letters >= policy.min_restored_letters)


def _around(shown: _Pages, story: Ints, policy: Policy) -> tuple[Ints, Ints]:
    """How many paragraphs that only its story has stand before and after each block of a page."""
    page = shown.marks.page
    own = _paragraphs(shown.marks, policy) & (_stories_of(shown.block, story)[shown.block] == 1)
    before = np.cumsum(own) - own
    ahead = before - before[np.searchsorted(page, page)]
    return ahead, np.bincount(page, own).astype(np.int64)[page] - ahead - own


def _labels(
    shown: _Pages, story: Ints, ahead: Ints, behind: Ints, policy: Policy
) -> tuple[Counter[int], Counter[int]]:
    """Of how many stories are short texts in the body with so many paragraphs before, and after them."""
    marks = shown.marks
    labels = shown.once & marks.inside & ~marks.linked & (marks.letters <= policy.memory_label_letters)
    before, after = (_stories_of(numbers[labels], story[labels]).tolist() for numbers in (ahead, behind))
    return Counter(dict(enumerate(before))), Counter(dict(enumerate(after)))
