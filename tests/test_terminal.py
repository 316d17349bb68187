"""Columns of any script: nothing is wider than its column, nothing of a text is lost."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.terminal import Terminal, display_width, harmless, is_right_to_left, wrap

PLAIN = Terminal(80, colours=False, directions=False)
LIVE = Terminal(80, colours=True, directions=True)
texts = st.text(alphabet="ab اب\u064b\u200cאγ公園한👩🏽\u200d🚒 \n\t", max_size=80)


@settings(max_examples=200, deadline=None)
@given(texts, st.integers(2, 30))
def test_wrapped_lines_fit_and_hold_every_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert lines
    assert all(display_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 80, ["one two three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("ab cdefgh", 3, ["ab", "cde", "fgh"]),
        ("公園公園", 5, ["公園", "公園"]),
        ("", 5, [""]),
    ],
)
def test_lines_break_between_words_first(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


def test_right_to_left_cells_stand_at_the_right_and_are_isolated_on_a_terminal() -> None:
    assert PLAIN.cell("park", 6) == "park  "
    assert PLAIN.cell("حديقة", 8) == "   حديقة"
    assert LIVE.cell("حديقة 2", 8) == " \u2067حديقة 2\u2069"
    assert LIVE.cell("park", 6) == "park  "


def test_the_direction_is_that_of_the_first_letter() -> None:
    assert is_right_to_left("12 «حديقة» park")
    assert is_right_to_left("פארק")
    assert not is_right_to_left("park حديقة")
    assert not is_right_to_left("12 …")


def test_a_row_keeps_its_columns_under_each_other() -> None:
    found = list(PLAIN.row(("one two", 4, None), ("حديقة", 6, None), ("x", 3, None)))
    assert found == ["one  │  حديقة │ x", "two  │        │"]
    assert all(line.startswith("\u200e") for line in LIVE.row(("حديقة", 6, None), ("פארק", 6, None)))


def test_colour_is_paint_and_no_text() -> None:
    assert PLAIN.paint("kept", "green") == "kept"
    assert LIVE.paint("kept", "green") == "\x1b[32mkept\x1b[0m"
    assert LIVE.paint("   ", "green") == "   "


def test_what_a_terminal_would_obey_is_taken_out() -> None:
    assert harmless("a\x1b[2Jb\u202ec\u0085d\ud800") == "a\ufffd[2Jbc\ufffdd\ufffd"
    assert harmless("می\u200cشود 👩\u200d🚒") == "می\u200cشود 👩\u200d🚒"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_that_want_them() -> None:
    assert Terminal.of(Screen(), {"TERM": "xterm"}).colours
    assert not Terminal.of(Screen(), {"TERM": "xterm", "NO_COLOR": "1"}).colours
    assert Terminal.of(Screen(), {"TERM": "xterm", "NO_COLOR": ""}).colours
    assert not Terminal.of(Screen(), {"TERM": "dumb"}).colours
    piped = Terminal.of(io.StringIO(), {"TERM": "xterm"})
    assert not piped.colours
    assert not piped.directions
