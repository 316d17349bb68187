"""Near-duplicates of a whole set of articles at once: edges within buckets, and what hangs together.

On one machine `clusters` does it all. Spread over many: group members by each of their `bands`, take the
`edges` of each group wherever it is, and bring only these together in `components` and `marks`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.similarity.near import bands, is_near


@dataclass(frozen=True, slots=True)
class Member:
    """An article with its signature and what decides who was first (`order`, then `id`).

    Rows of one `article` are its versions, and no duplicates of each other; empty: it has no other.
    """

    id: str
    signature: bytes
    order: tuple[str, ...]
    article: str = ""


def clusters(members: Iterable[Member], policy: Policy = DEFAULT_POLICY) -> dict[str, tuple[str, str | None]]:
    """Of each member its `cluster_id`, the id of the cluster's first, and `duplicate_of`.

    A member that is like no other is a cluster of its own. `duplicate_of` is the first, and null for that
    itself and for its versions. In whatever order the members come, the outcome is the same.
    """
    ordered = sorted(members, key=_place)
    of_key: dict[bytes, list[Member]] = defaultdict(list)
    for member in ordered:
        for key in bands(member.signature):
            of_key[key].append(member)
    return marks(ordered, components(edge for bucket in of_key.values() for edge in _edges(bucket, policy)))


def marks(members: Iterable[Member], joined: Mapping[str, str]) -> dict[str, tuple[str, str | None]]:
    """What `clusters` returns, from `components` of edges that may have been found elsewhere."""
    first_of: dict[str, Member] = {}
    return {
        member.id: _marks(member, first_of.setdefault(joined.get(member.id, member.id), member))
        for member in sorted(members, key=_place)
    }


def edges(members: Iterable[Member], policy: Policy = DEFAULT_POLICY) -> Iterator[tuple[str, str]]:
    """Pairs of ids that are near, among members with one key in common.

    Each is compared with the `near_bucket` before it and the `near_bucket` first at most: a bucket of n costs
    2 n `near_bucket` comparisons, not n². Copies of one text still hang together, each by the one before it.
    """
    return _edges(sorted(members, key=_place), policy)


def components(edges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of each id in an edge the smallest id that it hangs together with. Memory grows with the ids alone."""
    above: dict[str, str] = {}
    for one, other in edges:
        low, high = sorted((_root(above, one), _root(above, other)))
        above[high] = low
    return {each: _root(above, each) for each in above}


def _edges(ordered: Sequence[Member], policy: Policy) -> Iterator[tuple[str, str]]:
    width = policy.near_bucket
    for at, member in enumerate(ordered):
        for other in {*range(min(at, width)), *range(max(at - width, 0), at)}:
            if is_near(ordered[other].signature, member.signature, policy):
                yield ordered[other].id, member.id


def _marks(member: Member, first: Member) -> tuple[str, str | None]:
    same = member.id == first.id or (member.article != "" and member.article == first.article)
    return first.id, None if same else first.id


def _place(member: Member) -> tuple[tuple[str, ...], str]:
    return member.order, member.id


def _root(above: dict[str, str], each: str) -> str:
    """The smallest id of its component; the way there is halved as it is gone."""
    above.setdefault(each, each)
    while above[each] != each:
        above[each] = above[above[each]]
        each = above[each]
    return each
