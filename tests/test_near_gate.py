"""Precision and recall of near-duplicates on labelled pairs of our own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.near import Judged, fallen, figures, judge, read_floors
from benchmarks.near_pairs import Pair, pairs


@pytest.fixture(scope="module")
def judged() -> tuple[Judged, ...]:
    return judge(pairs())


def test_every_floor_holds(judged: tuple[Judged, ...]) -> None:
    pinned, floors = read_floors()
    assert list(fallen(pinned, floors, judged)) == []
    assert floors["all"]["precision"] >= 0.95
    assert floors["all"]["recall"] >= 0.95


def test_a_figure_below_its_floor_is_named(judged: tuple[Judged, ...]) -> None:
    pinned, floors = read_floors()
    at = next(at for at, each in enumerate(judged) if each.pair.kind == "identical")
    worse = [*judged[:at], replace(judged[at], found=False), *judged[at + 1 :]]
    assert any("kind identical right" in line for line in fallen(pinned, floors, worse))


def test_other_pairs_need_floors_of_their_own(judged: tuple[Judged, ...]) -> None:
    pinned, floors = read_floors()
    assert list(fallen(pinned, floors, judged[1:])) == [
        "the pairs are not the pinned ones: pin them with --raise"
    ]


def test_the_set_has_what_it_says(judged: tuple[Judged, ...]) -> None:
    found = [each.pair for each in judged]
    assert len(found) >= 300
    assert min(Counter(pair.near for pair in found).values()) >= 100
    assert {"ar", "en", "fa", "he", "ja", "ru", "tr", "ur", "zh"} == {pair.language for pair in found}
    assert 0.3 < sum(pair.held for pair in found) / len(found) < 0.7
    assert all(pair.one and pair.other for pair in found)


def test_precision_and_recall_are_those_of_the_field() -> None:
    near, other = Pair("k", "ar", True, False, "", ""), Pair("k", "ar", False, False, "", "")
    judged = [
        Judged(near, True),
        Judged(near, True),
        Judged(near, False),
        Judged(other, True),
        Judged(other, False),
    ]
    assert figures(judged)["all"] == {"precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3)}
    assert figures(judged)["kind k"] == {"right": pytest.approx(3 / 5)}
