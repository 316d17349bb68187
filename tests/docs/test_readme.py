"""The README shows rows of the demo as they are."""

from __future__ import annotations

import re

import pytest

from tests.crawling import ROOT, rows, scrapy
from tests.docs.blocks import Block, blocks
from tests.docs.stage import Stage

pytestmark = pytest.mark.xdist_group("docs")

README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")


def compared() -> list[Block]:
    """The blocks that say that they are compared here."""
    found = [block for block in blocks(README) if block.about.startswith("tests/docs/test_readme.py")]
    assert len(found) == 2
    return found


def test_the_readmes_row_is_a_row_of_the_demo(crawled: Stage) -> None:
    row_shown, cut_shown = compared()
    shown = dict(line.split(maxsplit=1) for line in row_shown.text.splitlines())
    output = crawled.folder / "output"
    row = next(row for row in rows(output, "articles") if row["title"] == shown["title"])
    start, _ = shown.pop("text").split(" ...")
    assert row["text"].startswith(start)
    assert {name: str(row[name]) for name in shown} == shown
    cut = {(b["rule"], b["text"]) for b in rows(output, "removed_blocks") if b["article_id"] == row["id"]}
    for line in cut_shown.text.splitlines():
        assert tuple(line.split(maxsplit=1)) in cut


def test_the_readmes_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ make (\S+)", TEXT, re.MULTILINE)
    assert commands == ["crawl", "test"]
    for target in [*commands, "help", "test-all", "check", "clean", "score"]:
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)


def test_the_readmes_spiders_exist() -> None:
    listed = scrapy("list").out.split()
    assert listed == ["news", "urls", "warc"]
    for spider in re.findall(r"scrapy crawl (\w+)", TEXT):
        assert spider in listed
