"""The benchmark runs and writes what it finds where it belongs; nothing is timed here."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import pytest

from benchmarks.bench import __main__ as bench
from benchmarks.bench.clocked import Clocked
from benchmarks.bench.table import BenchError, Table, between_markers, spread, times
from benchmarks.bench.workloads import DEMO, pages_of, sites_of
from tests.crawling import run

_RATIO = re.compile(r"(\d+(?:\.\d+)?)x")


def test_a_table_is_markdown_with_its_notes_below() -> None:
    table = Table("Cost", ("step", "share"), (("parse", "20 %"), ("vote", "80 %")), ("One note.", "Another."))
    assert table.markdown().splitlines() == [
        "**Cost**",
        "",
        "| step | share |",
        "|---|--:|",
        "| parse | 20 % |",
        "| vote | 80 % |",
        "",
        "One note.",
        "",
        "Another.",
    ]


def test_ratios_have_three_digits() -> None:
    assert [times(ratio) for ratio in (0.004, 0.5, 9.994, 31.42, 271.8)] == [
        "0.00x",
        "0.50x",
        "9.99x",
        "31.4x",
        "272x",
    ]
    assert spread([2.0, 1.0, 4.0]) == ("2.00x", "1.00x", "4.00x")


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    text = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n<!-- bench:y --><!-- /bench:y -->\n"
    once = between_markers(text, "x", "new")
    assert once == "a\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nb\n<!-- bench:y --><!-- /bench:y -->\n"
    assert between_markers(once, "x", "new") == once


@pytest.mark.parametrize("text", ["", "<!-- bench:x -->", "<!-- /bench:x --><!-- bench:x -->"])
def test_a_document_without_the_markers_is_an_error(text: str) -> None:
    with pytest.raises(BenchError, match="no place for the tables of x"):
        between_markers(text, "x", "new")


def test_every_part_has_its_place_in_the_document() -> None:
    text = bench.DOCUMENT.read_text(encoding="utf-8")
    for part in bench.PARTS:
        assert between_markers(text, part, "") != text


@pytest.mark.parametrize("part", ["speed", "steps", "size"])
def test_without_the_data_there_is_one_line_and_exit_code_2(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "performance.md"
    document.write_text(before := f"<!-- bench:{part} --><!-- /bench:{part} -->")
    assert bench.main([part, "--data", str(tmp_path / "none"), "--document", str(document)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("bench: the measuring data has no ")
    assert document.read_text() == before


def test_without_a_place_for_its_tables_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "performance.md"
    assert bench.main(["growth", "--document", str(document)]) == 2
    document.write_text("# Performance\n")
    assert bench.main(["growth", "--document", str(document)]) == 2
    assert [line.startswith("bench: ") for line in capsys.readouterr().err.splitlines()] == [True, True]


def test_an_unknown_part_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(["sped"])
    assert ended.value.code == 2


def test_growth_runs_anywhere_and_replaces_only_its_own(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    markers = "<!-- bench:{0} -->\nold {0}\n<!-- /bench:{0} -->\n"
    document.write_text("# Before\n" + markers.format("speed") + markers.format("growth") + "After\n")
    command = [sys.executable, "-m", "benchmarks.bench", "growth", "--quick", "--repeats", "1"]
    done = run([*command, "--sizes", "200,400", "--document", str(document)])
    assert done.code == 0, done.err
    text = document.read_text(encoding="utf-8")
    assert text.startswith("# Before\n" + markers.format("speed") + "<!-- bench:growth -->\n")
    assert text.endswith("<!-- /bench:growth -->\nAfter\n")
    assert "old growth" not in text
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.endswith("x |")]
    assert len(rows) >= 10
    for _, first, *others in rows:
        assert first == "1.00x"
        ratios = [float(found[1]) for cell in others if (found := _RATIO.fullmatch(cell))]
        assert len(ratios) == len(others)
        assert all(map(math.isfinite, ratios))
    assert "cores" in text
    assert "Python" in text


def test_pages_of_the_newsroom_are_everywhere(tmp_path: Path) -> None:
    pages = pages_of(DEMO, tmp_path)
    assert sum(map(len, sites_of(DEMO, tmp_path))) == len(pages) == 72
    assert pages_of(DEMO, tmp_path, 6) == pages[::12]


def test_steps_are_found_and_put_back(tmp_path: Path) -> None:
    from benchmarks.adapter import as_page
    from pipelines import clean

    before = dict(vars(clean))
    with Clocked() as clocked:
        clean.clean(as_page(*pages_of(DEMO, tmp_path, 1)[0]))
    assert {name: value for name, value in vars(clean).items() if before.get(name) is not value} == {}
    assert {"page.decode.decode", "page.tree.parse", "body.reading.read"} <= set(clocked.steps)
