"""Fenced blocks of a Markdown page, and what is said of each: run, shown, or why not.

A comment right before a block says what it is where its language does not:

    <!-- not run: REASON -->      it cannot run here
    <!-- file: PATH -->           what the reader writes into this file
    <!-- output -->               what the block before it prints
    <!-- second terminal -->      commands that go on while the page is read; ended with it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.crawling import ROOT

# What runs without being marked.
LANGUAGES = {"console", "python", "sql", "toml", "json"}
_MARKERS = {"not run": True, "file": True, "output": False, "second terminal": False}
_COMMENT = re.compile(rf"^ *<!-- *(?:{'|'.join(_MARKERS)})\b", re.MULTILINE)
_FENCE = re.compile(
    r"(?:^ *<!-- *(?P<marker>[a-z ]+?)(?:: *(?P<about>[^\n]*?))? *-->\n+)?"
    r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


class BlockError(ValueError):
    """A block of which the page does not say what it is."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `marker` is empty where the language says all."""

    page: Path
    line: int
    language: str
    text: str
    marker: str = ""
    about: str = ""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """The pages that users read."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, text: str | None = None) -> list[Block]:
    """The blocks of a page in their order."""
    text = page.read_text(encoding="utf-8") if text is None else text
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        language = (match["language"].split() or [""])[0]
        body = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        marker, about = match["marker"] or "", match["about"] or ""
        found.append(Block(page, line, language, body, marker, about))
    return found


def stray_markers(page: Path) -> int:
    """How many comments look like markers and stand before no block."""
    marked = sum(bool(block.marker) for block in blocks(page))
    return len(_COMMENT.findall(page.read_text(encoding="utf-8"))) - marked


def checked(block: Block) -> Block:
    """The block; `BlockError` where a test could not tell what to do with it."""
    if block.marker and block.marker not in _MARKERS:
        raise BlockError(f"{block.place}: no marker is called {block.marker!r}: {', '.join(_MARKERS)}")
    if block.marker and _MARKERS[block.marker] != bool(block.about):
        needed = "needs a reason or a path" if _MARKERS[block.marker] else "takes nothing"
        raise BlockError(f"{block.place}: the marker {block.marker!r} {needed}")
    if not block.marker and block.language not in LANGUAGES:
        raise BlockError(
            f"{block.place}: a block of {block.language or 'no language'!r} does not run: "
            "put <!-- not run: REASON --> or another marker before it (tests/docs/blocks.py)"
        )
    return block


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block and the lines shown below it; none: whatever it prints will do."""

    typed: str
    shown: tuple[str, ...]


def commands(block: Block) -> list[Command]:
    """Commands begin with `$ `; a backslash at the end goes on in the next line."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        goes_on = bool(found) and not found[-1][1] and found[-1][0][-1].endswith("\\")
        if goes_on:
            found[-1][0].append(line)
        elif line.startswith("$ "):
            found.append(([line.removeprefix("$ ")], []))
        elif found:
            found[-1][1].append(line)
        else:
            raise BlockError(f"{block.place}: a console block begins with '$ ', not with {line!r}")
    return [Command("\n".join(typed), tuple(shown)) for typed, shown in found]


def says(shown: tuple[str, ...], printed: str) -> bool:
    """Whether that was printed; `...` stands for any part of a line, alone in a line for any lines.

    Blank lines at the end do not count.

    >>> says(("72 articles", "  ...", "done in ... s"), "72 articles\\n  a: 1\\n  b: 2\\ndone in 5 s\\n")
    True
    >>> says(("72 articles",), "72 articles\\nand a warning\\n")
    False
    """
    pattern = ""
    for line in shown:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*?".join(re.escape(part) for part in line.rstrip().split("...")) + r"\n"
    lines = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(rf"{pattern}\n*", lines) is not None
