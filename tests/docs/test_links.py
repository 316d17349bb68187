"""Links from page to page lead somewhere, to headings that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.crawling import ROOT
from tests.docs.blocks import pages

_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.*?) *$", re.MULTILINE)
PAGES = [*pages(), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def prose(page: Path) -> str:
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Names of the headings, as GitHub makes them."""
    headings = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", text).lower() for text in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in _LINK.findall(prose(page)):
        target, _, anchor = link.partition("#")
        if target.startswith(("https://", "http://")):
            continue
        there = (page.parent / target).resolve() if target else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            dead.append(link)
    assert dead == []


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(index))}
    assert set(pages()) - linked - {index, ROOT / "README.md"} == set()


def test_headings_become_anchors(tmp_path: Path) -> None:
    (page := tmp_path / "a.md").write_text(
        "# `scrapy reclean` now\n## What's [here](b.md)\n", encoding="utf-8"
    )
    assert anchors(page) == {"scrapy-reclean-now", "whats-here"}
