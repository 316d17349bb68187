"""Commands as the pages name them: each of ours has its section, each option its line, none is made up."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest
from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from pipelines.archive.command import _parser
from tests.crawling import ROOT
from tests.docs.blocks import pages

REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
OURS = sorted(
    path.stem
    for path in (ROOT / "crawler" / "commands").glob("*.py")
    if path.stem not in {"__init__", "crawl"}
)
# Scrapy's, as far as the pages name them.
THEIRS = {"crawl", "list", "settings"}


def project_settings() -> Settings:
    """As Scrapy finds them, without what it puts into our environment to do so."""
    found = Settings()
    found.setmodule("crawler.settings", priority="project")
    return found


def options(command: str) -> dict[str, argparse.Action]:
    """What it takes beside what every command of Scrapy takes, by the longest name."""
    found = importlib.import_module(f"crawler.commands.{command}").Command()
    found.settings = project_settings()
    return {names[-1]: action for names, action in taken(found).items() if names not in taken(Plain())}


class Plain(ScrapyCommand):
    """A command without options of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = project_settings()

    def short_desc(self) -> str:
        return ""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Nothing."""


def taken(command: ScrapyCommand) -> dict[tuple[str, ...], argparse.Action]:
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    command.add_options(parser)
    return {tuple(action.option_strings): action for action in parser._actions}


def section(title: str) -> str:
    return REFERENCE.split(f"\n## `{title}`\n")[1].split("\n## ")[0]


def documented(text: str) -> set[str]:
    """Options and `-a` names in the first column of its table."""
    cells = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
    return {option for cell in cells for option in re.findall(r"`(-a \w+|--[\w-]+)", cell)}


@pytest.mark.parametrize("command", OURS)
def test_every_option_of_a_command_is_in_its_section_and_no_other(command: str) -> None:
    expected = set()
    for name, action in options(command).items():
        if action.dest == "spargs":
            expected |= {f"-a {argument}" for argument in re.findall(r"(\w+)=", f"{action.help}")}
        else:
            expected.add(name)
    assert documented(section(f"scrapy {command}")) == expected


def test_every_option_of_the_batch_is_in_its_section_and_no_other() -> None:
    parser = _parser()
    expected = {action.option_strings[-1] for action in parser._actions if action.option_strings} - {"--help"}
    assert documented(section("python -m pipelines reclean")) == expected


def named() -> list[tuple[Path, str]]:
    """Commands in the prose of the pages and in their blocks."""
    found = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        found += [(page, command) for command in re.findall(r"`(scrapy [a-z][^`\n]*)`", text)]
        found += [(page, command) for command in re.findall(r"^ *\$ (scrapy [^|#\n]*)", text, re.MULTILINE)]
        found += [(page, command) for command in re.findall(r"`(make [a-z][^`\n]*)`", text)]
    return found


def test_no_page_names_a_command_or_an_option_that_there_is_not() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    common = {name for names in taken(Plain()) for name in names}
    wrong = []
    for page, text in named():
        program, command, *more = shlex.split(text.replace("…", "x").rstrip("\\").strip(), comments=True)
        if program == "make":
            known = command in targets
        elif command in OURS:
            mine = {name for action in options(command).values() for name in action.option_strings}
            known = {word.split("=")[0] for word in more if word.startswith("-")} <= common | mine
        else:
            known = command in THEIRS
        if not known:
            wrong.append(f"{page.relative_to(ROOT)}: {text}")
    assert wrong == []
