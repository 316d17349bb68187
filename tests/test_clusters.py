"""Clusters of a whole set of articles: the same from any order, bounded, versions apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.policy import DEFAULT_POLICY
from pipelines.similarity import clusters as module
from pipelines.similarity.clusters import Member, clusters, components, edges, marks
from pipelines.similarity.near import bands, is_near, signature


def text_of(story: int, start: int = 0, end: int = 150) -> str:
    return " ".join(f"w{story * 100_003 + number * 7919}" for number in range(start, end))


def member(name: str, text: str, *order: str, article: str = "") -> Member:
    found = signature(text)
    assert found is not None
    return Member(name, found, order or (name,), article)


MEMBERS = [
    member("a1", text_of(1), "2026-11-01"),
    member("a2", "new lead here " + text_of(1, 10), "2026-11-02"),
    member("a3", text_of(1, 0, 90), "2026-11-03"),
    member("b1", text_of(2), "2026-11-01"),
    member("b2", text_of(2), "2026-11-01"),
    member("c1", text_of(3), "2026-10-01"),
]


def test_members_of_a_cluster_name_its_first() -> None:
    assert clusters(MEMBERS) == {
        "a1": ("a1", None),
        "a2": ("a1", "a1"),
        "a3": ("a1", "a1"),
        "b1": ("b1", None),
        "b2": ("b1", "b1"),
        "c1": ("c1", None),
    }


@given(st.permutations(MEMBERS))
def test_the_order_they_come_in_makes_no_difference(members: list[Member]) -> None:
    assert clusters(members) == clusters(MEMBERS)


def test_order_decides_who_was_first_and_not_the_id() -> None:
    late = replace(MEMBERS[0], order=("2026-12-01",))
    found = clusters([late, *MEMBERS[1:3]])
    assert found == {"a2": ("a2", None), "a3": ("a2", "a2"), "a1": ("a2", "a2")}


def test_versions_of_the_first_are_no_duplicates_of_it() -> None:
    found = clusters(
        [
            member("v1", text_of(1), "1", article="one"),
            member("v2", text_of(1, 0, 140), "2", article="one"),
            member("w1", text_of(1), "3", article="other"),
        ]
    )
    assert found == {"v1": ("v1", None), "v2": ("v1", None), "w1": ("v1", "v1")}


def test_what_is_near_to_one_that_is_near_to_another_is_of_their_cluster() -> None:
    chain = [
        member("x", text_of(5, 0, 100)),
        member("y", text_of(5, 25, 125)),
        member("z", text_of(5, 50, 150)),
    ]
    assert is_near(chain[0].signature, chain[1].signature)
    assert not is_near(chain[0].signature, chain[2].signature)
    assert {cluster for cluster, _ in clusters(chain).values()} == {"x"}


def test_edges_of_a_bucket_are_those_that_are_near() -> None:
    assert set(edges(MEMBERS)) == {("a1", "a2"), ("a1", "a3"), ("a2", "a3"), ("b1", "b2")}


def test_buckets_on_many_machines_give_the_same_clusters() -> None:
    of_key: dict[bytes, list[Member]] = {}
    for each in MEMBERS:
        for key in bands(each.signature):
            of_key.setdefault(key, []).append(each)
    found = [list(edges(bucket)) for bucket in reversed(of_key.values())]
    joined = components(edge for each in found for edge in each)
    assert marks(reversed(MEMBERS), joined) == clusters(MEMBERS)


def test_a_giant_bucket_costs_what_its_length_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand copies are one cluster, after far fewer comparisons than there are pairs."""
    compared = 0

    def counted(one: bytes, other: bytes, policy: object) -> bool:
        nonlocal compared
        compared += 1
        return one == other

    monkeypatch.setattr(module, "is_near", counted)
    copies = [replace(MEMBERS[0], id=f"{number:04}", order=()) for number in range(1_000)]
    joined = components(edges(reversed(copies)))
    assert set(joined.values()) == {"0000"}
    assert len(joined) == 1_000
    assert compared <= 2 * DEFAULT_POLICY.near_bucket * 1_000


PAIRS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=20)


@given(PAIRS)
def test_components_are_what_hangs_together(pairs: list[tuple[str, str]]) -> None:
    assert components(pairs) == slow_components(pairs)


@given(PAIRS, st.randoms(use_true_random=False))
def test_components_are_the_same_from_any_order(pairs: list[tuple[str, str]], random: object) -> None:
    shuffled = sorted(pairs, key=lambda _: random.random())  # type: ignore[attr-defined]  # Hypothesis' own
    assert components(shuffled) == components(pairs)


def slow_components(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By going over all pairs until nothing changes."""
    pairs = list(pairs)
    found = {each: each for pair in pairs for each in pair}
    for _ in found:
        for one, other in pairs:
            found[one] = found[other] = min(found[one], found[other])
    return found


def test_those_of_another_version_stand_alone() -> None:
    old = [Member(name, b"\x00" + MEMBERS[0].signature[1:], ()) for name in ("o1", "o2")]
    assert clusters(old) == {"o1": ("o1", None), "o2": ("o2", None)}
