"""Which blocks a site repeats: decided by how many of its stories have them, and by where they stand.

A sentence that articles quote and a line that the site prints look alike when they are counted. They differ
in spread: articles that share several paragraphs tell one story and count once. And they differ in place: the
site's line has a place of its own, or stands at an edge of the body, or always after as many paragraphs;
a quotation stands in the midst of prose that differs. What has less evidence of place must be more frequent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from pipelines.body.page_view import Mark
from pipelines.policy import Policy


@dataclass(frozen=True, slots=True)
class _Seen:
    """A block on a page: of which story, and how many of its own paragraphs stand before and after."""

    mark: Mark
    story: int
    ahead: int
    behind: int


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

    def add(self, seen: _Seen) -> None:
        self.places.add(seen.mark.place)
        self.letters = max(self.letters, seen.mark.letters)
        self.linked = self.linked and seen.mark.linked
        self.stories.add(seen.story)
        self.times += 1
        self.edges += not (seen.mark.inside and seen.ahead and seen.behind)
        if seen.mark.inside:
            self.ahead[seen.ahead] += 1
            self.behind[seen.behind] += 1


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the pages show together: how many stories, and how many of them have a place or a label."""

    stories: int
    of_place: Counter[int]
    labels_ahead: Counter[int]
    labels_behind: Counter[int]
    prose: frozenset[int]


def repeated_keys(pages: Sequence[Sequence[Mark]], policy: Policy) -> frozenset[int]:
    """Keys of the blocks that belong to the site and not to the articles on these pages of it."""
    holders = Counter(key for page in pages for key in {mark.key for mark in page})
    prose = _prose_places(pages, holders, policy)
    stories = _stories(pages, holders, prose, policy)
    if len(set(stories)) < policy.memory_min_pages:
        return frozenset()
    seen = list(_seen(pages, stories, policy))
    scene = _scene(seen, stories, prose, policy)
    standings: dict[int, _Standing] = {}
    for one in seen:
        if holders[one.mark.key] >= policy.memory_min_pages:
            standings.setdefault(one.mark.key, _Standing()).add(one)
    return frozenset(
        key
        for key, found in standings.items()
        if len(found.stories) >= max(policy.memory_min_pages, _needed(found, scene, policy))
    )


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
            return policy.memory_min_share * max(scene.of_place[place] for place in found.places)
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


def _prose_places(pages: Sequence[Sequence[Mark]], holders: Counter[int], policy: Policy) -> frozenset[int]:
    """Places whose text mostly differs from page to page."""
    letters, own = Counter[int](), Counter[int]()
    for page in pages:
        for mark in page:
            letters[mark.place] += mark.letters
            if holders[mark.key] < policy.memory_min_pages:
                own[mark.place] += mark.letters
    return frozenset(
        place for place, count in letters.items() if own[place] >= policy.memory_prose_share * count
    )


def _stories(
    pages: Sequence[Sequence[Mark]], holders: Counter[int], prose: frozenset[int], policy: Policy
) -> list[int]:
    """A number for each page; pages that share several paragraphs of prose have the same."""
    most = len(pages) - 1 if len(pages) < policy.memory_many_stories else len(pages) // 2
    holding: dict[int, list[int]] = {}
    for at, page in enumerate(pages):
        for key in {mark.key for mark in page if _is_paragraph(mark, policy) and mark.place in prose}:
            if 2 <= holders[key] <= most:
                holding.setdefault(key, []).append(at)
    shared = Counter(pair for ats in holding.values() for pair in combinations(ats, 2))
    story = list(range(len(pages)))
    for (one, other), count in shared.items():
        if count >= policy.memory_story_paragraphs:
            old, new = story[other], story[one]
            story = [new if number == old else number for number in story]
    return story


def _is_paragraph(mark: Mark, policy: Policy) -> bool:
    return mark.inside and not mark.linked and mark.letters >= policy.min_restored_letters


def _seen(pages: Sequence[Sequence[Mark]], stories: Sequence[int], policy: Policy) -> Iterator[_Seen]:
    """Each block once a page."""
    owners: dict[int, set[int]] = {}
    for page, story in zip(pages, stories, strict=True):
        for mark in page:
            owners.setdefault(mark.key, set()).add(story)
    for page, story in zip(pages, stories, strict=True):
        own = [_is_paragraph(mark, policy) and len(owners[mark.key]) == 1 for mark in page]
        total, ahead = sum(own), 0
        known: set[int] = set()
        for mark, counts in zip(page, own, strict=True):
            if mark.key not in known:
                yield _Seen(mark, story, ahead, total - ahead - counts)
                known.add(mark.key)
            ahead += counts


def _scene(seen: Sequence[_Seen], stories: Sequence[int], prose: frozenset[int], policy: Policy) -> _Scene:
    labels = [
        one
        for one in seen
        if one.mark.inside and not one.mark.linked and one.mark.letters <= policy.memory_label_letters
    ]
    return _Scene(
        stories=len(set(stories)),
        of_place=Counter(place for place, _ in {(one.mark.place, one.story) for one in seen}),
        labels_ahead=Counter(ahead for ahead, _ in {(one.ahead, one.story) for one in labels}),
        labels_behind=Counter(behind for behind, _ in {(one.behind, one.story) for one in labels}),
        prose=prose,
    )
