"""Text in columns on a terminal: widths of any script, right-to-left cells, colours where they are wanted."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TextIO

from pipelines.masking import hidden

_DEFAULT_COLUMNS = 100
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_STRONG = _RIGHT_TO_LEFT | {"L"}
_LRM, _RLI, _PDI = "\u200e", "\u2067", "\u2069"
# What would move the cursor or turn the reading order around, were it printed as it stands on the page.
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_OBEYED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the output can show. A pipe shows plain text: no colours and no marks of direction."""

    columns: int
    colours: bool
    directions: bool

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str] = os.environ) -> Terminal:
        """The terminal behind `stream`; colours unless NO_COLOR says otherwise (no-color.org)."""
        live = stream.isatty()
        colours = live and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        size = shutil.get_terminal_size((_DEFAULT_COLUMNS, 24))
        return cls(max(size.columns, 20), colours, live)

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour, or as it is."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colours and text.strip() else text

    def cell(self, text: str, width: int) -> str:
        """`text` filled up to `width` columns; right-to-left text stands at the right and keeps its order."""
        fill = " " * (width - display_width(text))
        if not is_right_to_left(text):
            return text + fill
        return fill + (f"{_RLI}{text}{_PDI}" if self.directions else text)

    def row(self, *cells: tuple[str, int, str | None]) -> Iterator[str]:
        """Lines of cells (text, width, colour or None) beside each other, each wrapped in its column."""
        wrapped = [wrap(text, width) for text, width, _ in cells]
        start = _LRM if self.directions else ""  # the order of the columns does not depend on what is in them
        for parts in zip_longest(*wrapped, fillvalue=""):
            shown = [self.cell(part, width) for part, (_, width, _) in zip(parts, cells, strict=True)]
            painted = [
                self.paint(part, colour) if colour else part
                for part, (_, _, colour) in zip(shown, cells, strict=True)
            ]
            yield (start + " │ ".join(painted)).rstrip()


def harmless(text: str) -> str:
    """`text` of a page without what a terminal would obey, and without passwords of URLs."""
    return "".join(
        "\ufffd" if unicodedata.category(char) in _OBEYED else char
        for char in hidden(text)
        if char not in BIDI_CONTROLS
    )


def json_line(value: object) -> str:
    """`value` as JSON on one line, letters as they are; passwords of URLs masked, what is obeyed escaped."""
    return "".join(
        f"\\u{ord(char):04x}" if char in BIDI_CONTROLS or unicodedata.category(char) in _OBEYED else char
        for char in json.dumps(_masked(value), ensure_ascii=False)
    )


def _masked(value: object) -> object:
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, Mapping):
        return {key: _masked(each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list | tuple) else value


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction reads from the right."""
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next((kind for kind in kinds if kind in _STRONG), "L") in _RIGHT_TO_LEFT


def display_width(text: str) -> int:
    """Columns `text` takes: marks and joiners none, ideographs two.

    >>> display_width("park"), display_width("公園"), display_width("می\u200cشُد")
    (4, 4, 4)
    """
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken between words, or inside one that is longer than a line."""
    lines: list[str] = []
    line, used = "", 0
    for word in text.split():
        for number, piece in enumerate(_pieces(word, width)):
            size, gap = display_width(piece), 1 if line and number == 0 else 0
            if line and used + gap + size > width:
                lines.append(line)
                line, used, gap = "", 0, 0
            line, used = f"{line}{' ' * gap}{piece}", used + gap + size
    return [*lines, line]


def _pieces(word: str, width: int) -> Sequence[str]:
    if display_width(word) <= width:
        return (word,)
    pieces, piece, used = [], "", 0
    for char in word:
        size = _char_width(char)
        if piece and used + size > width:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + char, used + size
    return [*pieces, piece]
