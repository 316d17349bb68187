"""The quality gate: floors hold, and they only go up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import gate
from tests.crawling import ROOT, run

SHARED = ROOT.parent / "shared" / "bench" / "score.py"


def test_a_figure_below_its_floor_is_named() -> None:
    floors = {"rtl": {"f1": 0.98, "leak": 0.02}}
    assert list(gate.shortfalls(floors, {"rtl": {"f1": 0.98, "leak": 0.02}})) == []
    assert list(gate.shortfalls(floors, {"rtl": {"f1": 0.97, "leak": 0.02}})) == [
        "rtl f1: 0.9700, floor 0.98"
    ]
    assert list(gate.shortfalls(floors, {"rtl": {"f1": 0.99, "leak": 0.03}})) == [
        "rtl leak: 0.0300, floor 0.02"
    ]


def test_a_figure_that_is_no_longer_measured_is_named() -> None:
    assert list(gate.shortfalls({"rtl": {"f1": 0.98}}, {"rtl": {}})) == ["rtl f1: not measured, floor 0.98"]


def test_floors_only_go_up_and_ceilings_only_down() -> None:
    floors = {"rtl": {"f1": 0.98, "leak": 0.02}}
    assert gate.lifted(floors, {"rtl": {"f1": 0.97, "leak": 0.05}}) == floors
    better = gate.lifted(floors, {"rtl": {"f1": 0.98765, "leak": 0.01234}})
    assert better == {"rtl": {"f1": 0.987, "leak": 0.013}}


def test_a_measured_figure_holds_the_floor_it_set() -> None:
    measured = {"rtl": {"f1": 0.98765, "leak": 0.0, "head": 1 / 3}}
    assert list(gate.shortfalls(gate.lifted({}, measured), measured)) == []


def test_the_pinned_floors_cover_every_set_and_name_their_gold() -> None:
    hashes, floors = gate.read_floors()
    assert set(hashes) == set(floors)
    assert len(floors) == 11
    assert gate.NOT_JUDGED.isdisjoint(floors)
    assert all(len(value) == 16 for value in hashes.values())
    assert floors["seeds"]["f1"] >= 0.985


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_file(), reason="the measuring data is not beside this checkout")
def test_the_small_sets_hold_their_floors() -> None:
    """The short form of `make gate`."""
    command = [sys.executable, "-m", "benchmarks.gate", "--score", str(SHARED), "--sets", "seeds,rtl"]
    done = run(command)
    assert done.code == 0, done.out + done.err
    assert "all floors of 2 sets hold" in done.out


def test_changed_gold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "data" / "rtl").mkdir(parents=True)
    (tmp_path / "data" / "rtl" / "gold.jsonl").write_text("{}\n", encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.gate", "--score", str(tmp_path / "bench" / "score.py")]
    done = run(command)
    assert done.code == 2
    assert "the gold of rtl is not the pinned one" in done.err
