"""What a run tells at its end fails no run, and takes nothing else along when it fails itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.crawling import Finished, run, scrapy

# A fault of ours, in a crawl whose site does not answer.
_FAULTY = """
import sys
import crawler.upkeep.report as report
from scrapy.cmdline import execute

def fails(*_, **__):
    raise RuntimeError("nobody thought of this")

report.write_report = fails
execute(["scrapy", *sys.argv[1:]])
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    site = tmp_path / "closed.toml"
    site.write_text('name = "closed"\nstart = "http://127.0.0.2:9/"\n', encoding="utf-8")
    quiet = ("-s", "LOG_LEVEL=WARNING", "-s", "NEWS_CONTACT=https://khabar.invalid/", "-s", "RETRY_TIMES=0")
    return ["crawl", "news", "-a", f"sites={site}", "-s", f"NEWS_OUTPUT={tmp_path / 'output'}", *quiet]


def left(tmp_path: Path) -> set[str]:
    output = tmp_path / "output"
    names = ("README.md", "croissant.json", "views.sql", "report/index.html", "report/khabar.prom")
    return {name for name in names if (output / name).exists()}


def test_a_fault_of_ours_counts_and_the_rest_is_told(tmp_path: Path, arguments: list[str]) -> None:
    done: Finished = run([sys.executable, "-c", _FAULTY, *arguments])
    assert (done.code, "report failed" in done.err, "nobody thought of this" in done.err) == (1, True, True)
    assert left(tmp_path) == {"README.md", "croissant.json", "views.sql", "report/khabar.prom"}
    again = scrapy(*arguments)
    assert (again.code, again.err) == (5, "")  # the lock was released; the site is silent all the same


def test_what_cannot_be_written_is_a_warning(tmp_path: Path, arguments: list[str]) -> None:
    for name in ("report/index.html", "README.md"):
        (tmp_path / "output" / name).mkdir(parents=True)
    done = scrapy(*arguments)
    assert done.code == 5
    warnings = [line for line in done.err.splitlines() if "WARNING" in line]
    assert len(warnings) == len(done.err.splitlines()) == 2
    assert "cannot write the report" in warnings[0]
    assert "README.md" in warnings[1]


def test_a_run_can_be_told_to_write_neither(tmp_path: Path, arguments: list[str]) -> None:
    done = scrapy(*arguments, "-s", "NEWS_REPORT=0")
    assert (done.code, done.err) == (5, "")
    assert left(tmp_path) == {"report/khabar.prom"}
    done = scrapy(*arguments, "-s", "NEWS_REPORT=often")
    assert (done.code, done.err) == (2, "scrapy crawl: NEWS_REPORT='often': it must be 1 or 0\n")
