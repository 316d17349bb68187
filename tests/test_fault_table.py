"""The table of faults is whole: every row of the catalogue, every test it names is there, none twice."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache

import pytest

from tests.crawling import ROOT
from tests.hostile.world import CASES, PLACES

TABLE = ROOT / "docs" / "faults.md"
CATALOGUE = ROOT.parent / "shared" / "FAULTS.md"
COUNTS = {"N": 24, "C": 35, "S": 13}
# Of the hostile crawl: good in themselves, and no fault of the catalogue.
HARMLESS = frozenset(
    "gzip not-found gone references comments style-3-mb link-1-mb gzip-whole br-whole zstd-whole "
    "deflate-whole gzip-in-capitals chunked-whole until-closed".split()
)
_ROW = re.compile(r"^\| ([NCS]\d+) \|(.*)\|(.*)\|(.*)\|(.*)\|$", re.MULTILINE)
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """A row of the table: `tests` as `file::test`, `cases` of the hostile crawl."""

    id: str
    fault: str
    done: str
    tests: tuple[str, ...]
    cases: tuple[str, ...]


def table() -> list[Row]:
    found = _ROW.findall(TABLE.read_text(encoding="utf-8"))
    return [
        Row(row, fault.strip(), done.strip(), tuple(_QUOTED.findall(tests)), tuple(_QUOTED.findall(cases)))
        for row, fault, done, tests, cases in found
    ]


@cache
def names_in(file: str) -> frozenset[str]:
    """Names of the tests of a file, methods of classes among them."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_every_fault_has_its_row_and_only_one() -> None:
    expected = [f"{section}{number}" for section, last in COUNTS.items() for number in range(1, last + 1)]
    assert [row.id for row in table()] == expected


@pytest.mark.shared
@pytest.mark.skipif(not CATALOGUE.is_file(), reason="no catalogue beside the project")
def test_the_table_has_the_rows_of_the_catalogue() -> None:
    listed = re.findall(r"^\| ([NCS]\d+) \|", CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(row.id for row in table())


def test_every_row_says_what_khabar_does() -> None:
    assert [row.id for row in table() if not (row.fault and row.done)] == []


def test_every_fault_has_a_test_or_stands_in_the_hostile_crawl() -> None:
    assert [row.id for row in table() if not row.tests and not row.cases] == []


def test_every_test_that_is_named_is_there() -> None:
    for row in table():
        for test in row.tests:
            file, _, name = test.partition("::")
            assert (ROOT / "tests" / file).is_file(), f"{row.id}: there is no {file}"
            assert name in names_in(file), f"{row.id}: {file} has no {name}"


def test_no_test_is_named_twice() -> None:
    """One that proves two rows is the test of one and no test of the other."""
    named = Counter(test for row in table() for test in row.tests)
    assert [test for test, times in named.items() if times > 1] == []


def test_every_case_that_is_named_is_there_and_none_is_forgotten() -> None:
    """All of the hostile crawl has its row; what merely looks hostile has the row of what it looks like."""
    known = {case.path for case in CASES} | {place.name for place in PLACES}
    named = Counter(case for row in table() for case in row.cases)
    assert set(named) <= known
    assert [case for case, times in named.items() if times > 1] == []
    assert sorted(known - set(named) - HARMLESS) == []
