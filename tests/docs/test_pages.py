"""Each block of the pages does what its page says, typed in order into one folder, or says why not here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crawling import IN_THE_LONG_FORM, ROOT, THOROUGH
from tests.docs.blocks import blocks, checked, pages, stray_markers
from tests.docs.conftest import SetUp
from tests.docs.stage import Stage

# They share one crawl of the newsroom; the tutorial makes its own.
together = pytest.mark.xdist_group("docs")
# Half a minute and more each, of commands that have tests of their own.
DEAR = {ROOT / "docs" / "how-to" / "clean-again.md"}
README, TUTORIAL = ROOT / "README.md", ROOT / "docs" / "tutorial.md"


def runs(page: Path) -> bool:
    return (THOROUGH or page not in DEAR) and any(block.marker != "not run" for block in blocks(page))


RUNNING = [page for page in pages() if page not in (README, TUTORIAL) and runs(page)]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_each_block_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks(page):
        checked(block)
    assert stray_markers(page) == 0
    fences = [
        line for line in page.read_text(encoding="utf-8").splitlines() if line.lstrip().startswith("```")
    ]
    assert len(fences) == 2 * len(blocks(page)), "a fence that is not closed, or closed by another"


@together
def test_the_blocks_of_the_readme_run_where_its_first_was_typed(crawled: Stage) -> None:
    for block in blocks(README)[1:]:
        crawled.do(block)


@together
@pytest.mark.parametrize("page", RUNNING, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page: Path, set_up: SetUp, crawled: Stage) -> None:
    stage = set_up(crawled.folder / "output")
    for block in blocks(page):
        stage.do(block)


@IN_THE_LONG_FORM
@pytest.mark.xdist_group("tutorial")
def test_the_tutorial_runs_from_its_first_crawl_to_its_last(set_up: SetUp) -> None:
    stage = set_up(None)
    for block in blocks(TUTORIAL):
        stage.do(block)
