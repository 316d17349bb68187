"""A batch on a real Ray cluster of two nodes, one of which is killed midway."""

from __future__ import annotations

import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.bench.processes import look
from benchmarks.cluster import two_nodes
from tests.crawling import ROOT, THOROUGH
from tests.helpers_batch import archives, command, published, reclean

pytestmark = [
    pytest.mark.xdist_group("ray"),
    # `make test-all` and `make check` set it: there, what is missing fails the tests.
    pytest.mark.skipif(not THOROUGH, reason="a cluster takes a while to start; `make test-all` has it"),
]


def test_ray_is_here() -> None:
    assert find_spec("ray"), "make test-all installs it"


def test_a_node_that_dies_midway_costs_no_row(tmp_path: Path) -> None:
    paths = archives(tmp_path / "archives", 80, 8)
    alone, output = tmp_path / "alone", tmp_path / "cluster"
    assert reclean(alone, paths, "--engine", "one").code == 0
    with two_nodes() as cluster:
        pids = cluster.head.pids() | cluster.other.pids()
        run = command(output, paths, "--engine", "ray", "--address", cluster.address)
        with subprocess.Popen(run, cwd=ROOT, stderr=subprocess.PIPE, text=True) as batch:
            cleaned = output / ".state" / "batch" / "articles"
            while batch.poll() is None and not (any(cleaned.glob("*.parquet")) and cluster.other.works()):
                time.sleep(0.05)
            pids |= cluster.other.pids()
            cluster.other.kill()
            _, told = batch.communicate(timeout=300)
        assert batch.returncode == 0, told
        pids |= cluster.head.pids()
    assert "Traceback" not in told
    assert "its node or process ended" in told
    assert published(output) == published(alone)
    end = time.monotonic() + 30
    while (left := pids & look().keys()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left


def test_a_file_that_is_no_archive_is_given_up_and_the_rest_goes_on(tmp_path: Path) -> None:
    paths = archives(tmp_path / "archives", 6, 1)
    other = tmp_path / "notes.warc.gz"
    other.write_text("no archive at all")
    done = reclean(tmp_path / "output", [*paths, other], "--engine", "ray", "--workers", "1")
    assert done.code == 4, done.err
    assert [line for line in done.err.splitlines() if str(other) in line]
    assert "6 articles" in done.out
