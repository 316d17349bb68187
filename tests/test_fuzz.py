"""The fuzz targets: a short run of each from one seed, what they once found, and that they can find."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import ROOT
from tests.fuzz.mutate import MAX_BYTES, Mutator, Repeated
from tests.fuzz.targets import TARGETS, Target
from tests.fuzz.watch import Asked, watch

# One run of the targets for all.
pytestmark = pytest.mark.xdist_group("fuzz")
FOUND = tomllib.loads((ROOT / "tests" / "fuzz" / "found" / "cases.toml").read_text(encoding="utf-8"))["case"]
EXECUTIONS = 120


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a short run of every target told, by target. Time is not judged: other tests run beside it."""
    folder = tmp_path_factory.mktemp("fuzz")
    command = [
        sys.executable,
        "-m",
        "tests.fuzz",
        "all",
        "--seconds",
        "3600",
        "--executions",
        str(EXECUTIONS),
    ]
    command += ["--seed", "1", "--no-times", "--own-seeds", "--json", "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["target"] for line in lines} == set(TARGETS), done.stderr
    return {line["target"]: line for line in lines}


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_finds_nothing(accounts: dict[str, dict[str, Any]], name: str) -> None:
    assert accounts[name]["findings"] == []
    assert accounts[name]["executions"] >= EXECUTIONS


def _input(case: dict[str, Any]) -> bytes:
    if "base64" in case:
        return base64.b64decode(case["base64"])
    if "unit" in case:
        some = Repeated(*(case.get(part, "").encode() for part in ("head", "unit", "close", "tail")))
        return some.of(case["length"])
    return str(case["text"]).encode()


@pytest.mark.parametrize("case", FOUND, ids=[f"{case['target']}: {case['what']}" for case in FOUND])
def test_what_was_found_once_is_mended(case: dict[str, Any]) -> None:
    assert TARGETS[case["target"]].run(_input(case)) == case["outcome"]


# -- the fuzzing itself


def short(folder: Path, executions: int) -> Asked:
    return Asked(seed=1, folder=folder, seconds=3600, executions=executions, times=False)


def _fails_on(mark: bytes) -> Target:
    def run(data: bytes) -> str:
        assert mark not in data, "the mark"
        return "fine"

    return Target(run, lambda: [b"<p>one</p>", b"<b>two</b>"], (mark,))


def test_what_breaks_an_invariant_is_kept_and_cut_down(tmp_path: Path) -> None:
    _, findings = watch("x", _fails_on(b"%%"), short(tmp_path, 200))
    (key,) = findings.kept
    assert key.startswith("AssertionError test_fuzz.py")
    assert b"%%" in {path.read_bytes() for path in tmp_path.glob("*.bin")}


def test_a_crash_of_the_process_is_a_finding_with_its_input(tmp_path: Path) -> None:
    def run(data: bytes) -> str:
        import os
        import signal

        if b"%%" in data:
            os.kill(os.getpid(), signal.SIGKILL)
        return "fine"

    target = Target(run, lambda: [b"<p>one</p>"], (b"%%",))
    counts, findings = watch("x", target, short(tmp_path, 200))
    assert set(findings.kept) == {"killed by signal 9"}
    assert counts.executions >= 200  # another child went on
    assert all(b"%%" in path.read_bytes() for path in tmp_path.glob("*.bin"))


def test_two_outcomes_of_one_input_are_a_finding(tmp_path: Path) -> None:
    told = iter(range(10**9))
    target = Target(lambda data: str(next(told)), lambda: [b"<p>one</p>"])
    _, findings = watch("x", target, short(tmp_path, 5))
    assert set(findings.kept) == {"two outcomes of one input"}


def test_a_seed_gives_the_same_inputs_again() -> None:
    seeds = TARGETS["feed"].seeds()

    def some() -> list[bytes]:
        mutator = Mutator(random.Random("7-0"), TARGETS["feed"].words)
        return [mutator.mutated(seeds) for _ in range(50)] + [
            mutator.repeated(seeds).of(999) for _ in range(50)
        ]

    first = some()
    assert first == some()
    assert len(set(first)) > 80
    assert max(map(len, first)) <= MAX_BYTES


def test_an_unknown_target_is_named() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "none-such"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 2
    assert "no target 'none-such'" in done.stderr
    assert "Traceback" not in done.stderr
