"""The documents tell the truth: tables equal the code, and the README's snippets run."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from crawler import settings
from crawler.errors import ExitCode
from crawler.sites import Site, load_site
from crawler.spiders.news import NewsSpider
from crawler.spiders.urls import UrlsSpider
from crawler.spiders.warc import WarcSpider
from docs.generate import TARGET, columns_page
from pipelines.records import Reason, State
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, Finished, rows, run, scrapy

README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return REFERENCE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What stands in the first column of a table, without the header."""
    return re.findall(r"^\| `?([^`|]+?)`? \|", text, re.MULTILINE)[1:]


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_columns_page_is_made_from_the_schema() -> None:
    assert TARGET.read_text(encoding="utf-8") == columns_page()


def test_every_setting_of_ours_is_documented_with_its_default() -> None:
    ours = {name: getattr(settings, name) for name in dir(settings) if name.startswith("NEWS_")}
    documented = dict(re.findall(r"^\| `(NEWS_\w+)` \| `?([^`|]*?)`? \|", section("Settings"), re.MULTILINE))
    assert documented == {name: str(value) if value != "" else "empty" for name, value in ours.items()}


def test_exit_codes_states_reasons_and_site_keys_are_documented() -> None:
    assert first_cells(section("Exit codes")) == [str(code.value) for code in ExitCode]
    assert re.findall(r"`([A-Z]+)`", section("Exit codes")) == [code.name for code in ExitCode]
    assert first_cells(section("States of a URL")) == [state.value for state in State]
    assert first_cells(section("Reasons for rejection")) == [reason.value for reason in Reason]
    assert first_cells(section("Site files")) == list(Site.model_fields)


def test_spider_arguments_are_documented() -> None:
    table = section("Spiders and their arguments")
    documented = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", table, re.MULTILINE)
    expected = [
        (spider.name, name) for spider in (NewsSpider, UrlsSpider, WarcSpider) for name in spider.arguments
    ]
    assert documented == expected


def test_every_dependency_has_its_line() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = project.split("dependencies = [")[1].split("]")[0]
    assert set(first_cells(text)) == set(re.findall(r'"([\w.-]+)[;"]', block))


def test_the_readmes_site_file_loads(tmp_path: Path) -> None:
    (file := tmp_path / "site.toml").write_text(snippets("toml")[0], encoding="utf-8")
    assert load_site(file).expect.min_articles == 20


@pytest.mark.parametrize("number", range(3))
def test_the_readmes_python_snippets_run(demo_crawl: DemoCrawl, number: int) -> None:
    done = in_folder(demo_crawl.output.parent, [sys.executable, "-c", snippets("python")[number]])
    assert done.code == 0, done.err
    assert done.out.strip()


def in_folder(folder: Path, command: list[str]) -> Finished:
    return run(["/usr/bin/env", "--chdir", str(folder), *command])


def test_the_readmes_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ make (\S+)", README, re.MULTILINE)
    assert commands == ["crawl", "test"]
    for target in [*commands, "help", "test-all", "check", "clean", "score"]:
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)


def test_the_readmes_figures_are_those_of_a_crawl(demo_crawl: DemoCrawl) -> None:
    excerpt = snippets("text")[0]
    # How many pages are read whole, with all that was cut around their bodies, goes by the order of arrival.
    removed = re.compile(r"\d+ (?=blocks of boilerplate removed)")
    printed = removed.sub("1826 ", demo_crawl.first.out.replace(str(demo_crawl.output), "output"))
    for line in excerpt.splitlines():
        if line.strip() != "...":
            assert line in printed, line


def test_the_readmes_row_is_a_row_of_the_demo(demo_crawl: DemoCrawl) -> None:
    shown = dict(line.split(maxsplit=1) for line in snippets("text")[1].splitlines())
    row = next(row for row in rows(demo_crawl.output, "articles") if row["title"] == shown["title"])
    start, _ = shown.pop("text").split(" ...")
    assert row["text"].startswith(start)
    assert {name: str(row[name]) for name in shown} == shown
    cut = {
        (b["rule"], b["text"])
        for b in rows(demo_crawl.output, "removed_blocks")
        if b["article_id"] == row["id"]
    }
    for line in snippets("text")[2].splitlines():
        assert tuple(line.split(maxsplit=1)) in cut


def test_the_readmes_commands_exist() -> None:
    listed = scrapy("list").out.split()
    assert listed == ["news", "urls", "warc"]
    for spider in re.findall(r"scrapy crawl (\w+)", README):
        assert spider in listed


def test_nothing_of_this_machine_is_in_the_project() -> None:
    private = re.compile("|".join(map(re.escape, filter(None, [os.environ.get("HOME"), str(ROOT)]))))
    tracked = run(["git", "ls-files", "-z"]).out.split("\0")
    for name in filter(None, tracked):
        data = (ROOT / name).read_bytes()
        assert not private.search(data.decode("utf-8", "replace")), name
