"""The runner of the pages notices what it must: it makes the other tests of this folder able to fail."""

from __future__ import annotations

import pytest

from tests.crawling import ROOT
from tests.docs.blocks import Block, BlockError, blocks, checked, commands, says
from tests.docs.conftest import SetUp
from tests.docs.stage import PageError

PAGE = ROOT / "README.md"


def block(language: str, text: str, marker: str = "", about: str = "") -> Block:
    return Block(PAGE, 1, language, text, marker, about)


def test_blocks_come_with_their_markers_and_lines() -> None:
    text = (
        "# A\n\n```console\n$ ls\n```\n\n<!-- not run: it needs a cluster -->\n\n```text\nx\n```\n"
        "- an item\n\n"
        "  <!-- not run: it is long -->\n\n  ```python pyarrow\n  if 1:\n      2\n  ```\n"
        "<!-- output -->\n```text\n3\n```\n"
    )
    found = [(each.line, each.language, each.text, each.marker, each.about) for each in blocks(PAGE, text)]
    assert found == [
        (3, "console", "$ ls\n", "", ""),
        (9, "text", "x\n", "not run", "it needs a cluster"),
        (16, "python", "if 1:\n    2\n", "not run", "it is long"),
        (21, "text", "3\n", "output", ""),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (block("text", "x"), "does not run: put"),
        (block("", "x"), "'no language' does not run"),
        (block("console", "$ x", "skip", "why"), "no marker is called 'skip'"),
        (block("console", "$ x", "not run"), "needs a reason"),
        (block("text", "x", "output", "y"), "takes nothing"),
    ],
)
def test_a_block_that_says_too_little_is_an_error(wrong: Block, said: str) -> None:
    with pytest.raises(BlockError, match=said):
        checked(wrong)


def test_commands_go_on_after_a_backslash_and_have_their_output() -> None:
    found = commands(block("console", "$ one \\\n    two\nsaid\n\nsaid too\n$ three\n"))
    assert [(each.typed, each.shown) for each in found] == [
        ("one \\\n    two", ("said", "", "said too")),
        ("three", ()),
    ]
    with pytest.raises(BlockError, match="begins with"):
        commands(block("console", "# root\n"))


def test_output_is_compared_whole() -> None:
    assert says(("a", "...", "z"), "a\nb\n\nz\n")
    assert says(("a ... z (1+1)",), "a b c z (1+1)  \n")
    assert not says(("a",), "a\nb\n")
    assert says(("a",), "a\n\n")
    assert not says(("a", "b"), "a\n")
    assert not says(("a...c",), "ab\nc\n")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (block("console", "$ false\n"), r"\$ false\nfails"),
        (block("console", "$ echo one\ntwo\n"), "prints\none\n\nand not\ntwo"),
        (block("console", "$ exit 3\n"), "the shell ended at"),
        (block("python", "1 / 0\n"), "ZeroDivisionError"),
        (block("sql", "SELECT nothing\n"), "nothing"),
        (block("text", "x\n", "output"), "and not\nx"),
    ],
)
def test_what_does_not_happen_is_an_error(set_up: SetUp, wrong: Block, said: str) -> None:
    with pytest.raises(PageError, match=said):
        set_up(None).do(wrong)


def test_what_happens_is_none(set_up: SetUp) -> None:
    stage = set_up(None)
    stage.do(block("toml", 'name = "a"\nstart = "https://a.test/"\n', "file", "my/a.toml"))
    stage.do(block("console", "$ N=4; (exit $N)\n$ echo $?\n4\n$ ls my; pwd\na.toml\n...\n"))
    stage.do(block("console", "$ echo line | crontab -; crontab -l\nline\n"))
    stage.do(block("sql", "SELECT 40 + 2 AS answer\n"))
    stage.do(block("text", "...\n...42...\n...\n", "output"))
    stage.do(block("python", "print('http://127.0.0.2:8808/')\n"))
    stage.do(block("text", "http://127.0.0.2:8808/\n", "output"))
    stage.do(block("json", '{"a": 1}\n'))
    stage.do(block("console", "$ cat gone\n", "not run", "there is no such file"))
    stage.do(block("console", "$ echo up; sleep 600\nup\n", "second terminal"))


def test_a_site_file_that_does_not_load_is_an_error(set_up: SetUp) -> None:
    with pytest.raises(Exception, match="colour"):
        set_up(None).do(block("toml", "colour = 1\n"))
