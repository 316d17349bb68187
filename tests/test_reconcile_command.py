"""`scrapy reconcile`: the balance of a crawl, and what it says when there is none."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import DemoCrawl
from tests.crawling import Finished, scrapy


@dataclass(frozen=True)
class Doctored:
    output: Path

    def reconcile(self, *arguments: str) -> Finished:
        return scrapy("reconcile", *arguments, "-s", f"NEWS_OUTPUT={self.output}")


@pytest.fixture
def demo(demo_crawl: DemoCrawl, tmp_path: Path) -> Doctored:
    shutil.copytree(demo_crawl.output, tmp_path / "output")
    return Doctored(tmp_path / "output")


def test_a_crawl_of_the_demo_balances(demo: Doctored) -> None:
    done = demo.reconcile()
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split()[:4] == ["site", "discovered", "stored", "copies"]
    (whole,) = [line.split() for line in lines if line.startswith("total")]
    assert int(whole[1]) == sum(map(int, whole[2:]))
    assert len({len(line) for line in lines[: lines.index(next(x for x in lines if "total" in x)) + 1]}) == 1
    assert lines[-1] == "Balanced"


def test_an_unbalanced_crawl_is_exit_6_and_says_where(demo: Doctored) -> None:
    with closing(sqlite3.connect(demo.output / ".state" / "ledger.sqlite")) as db, db:
        db.execute("DELETE FROM urls WHERE site = 'alrasid' AND state = 'rejected'")
    done = demo.reconcile()
    assert done.code == 6
    assert "alrasid: 13 URLs were discovered and 12 are accounted for" in done.out
    assert "Traceback" not in done.err
    plain = json.loads(demo.reconcile("--format", "json", "-a", "site=alrasid").out)
    assert (plain["balanced"], len(plain["sites"])) == (False, 1)
    assert {each["check"] for each in plain["imbalances"]} == {"discovered", "rejected unknown"}
    assert demo.reconcile("-a", "site=sahifa-east").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["-a", "colour=blue"], 2, "'colour'"),
        (["-a", "site=nowhere"], 4, "'nowhere'"),
        (["-s", "NEWS_STATE=/nowhere/ledger.sqlite"], 4, "no ledger /nowhere/ledger.sqlite"),
    ],
)
def test_mistakes_are_one_line(demo: Doctored, arguments: list[str], code: int, word: str) -> None:
    done = demo.reconcile(*arguments)
    assert (done.code, done.out) == (code, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("scrapy reconcile: ")
    assert word in done.err
