"""A program at a terminal: what it writes there, and what somebody who sits before it sees."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.crawl import environment
from tests.crawling import ROOT

# Makes the terminal the program's own, so that ^C reaches it.
_LAUNCH = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
_TOKEN = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)|.", re.DOTALL)


@dataclass
class Screen:
    """Rows of a terminal that is as high as need be; lines longer than it is wide stay one row here."""

    rows: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    cursor: bool = True

    def feed(self, text: str) -> Screen:
        for token in _TOKEN.finditer(text):
            number, command, back, down, written = token.groups()
            if command:
                self._obey(number, command)
            elif back:
                self.column = 0
            elif down:
                self.row += 1
                self.rows += [""] * (self.row + 1 - len(self.rows))
            elif written:
                old = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = old[: self.column] + written + old[self.column + len(written) :]
                self.column += len(written)
        return self

    def _obey(self, number: str, command: str) -> None:
        if command == "A":
            self.row = max(self.row - int(number or 1), 0)
        elif command == "K":
            self.rows[self.row] = "" if number == "2" else self.rows[self.row][: self.column]
        elif number == "?25":
            self.cursor = command == "h"
        else:
            assert command in "mh", f"this terminal does not know \\x1b[{number}{command}"


@dataclass(frozen=True)
class Shown:
    """What a program left when it ended."""

    code: int
    written: str

    @property
    def screen(self) -> Screen:
        return Screen().feed(self.written)


def at_terminal(
    command: list[str], columns: int = 100, keys: Callable[[str], bytes] = lambda _: b"", **env: str
) -> Shown:
    """Run it to its end at a terminal so many columns wide; `keys` may type on seeing what it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    plain = {
        name: value for name, value in environment().items() if name not in ("COLUMNS", "LINES", "NO_COLOR")
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, *command],
        cwd=ROOT, env=plain | {"TERM": "xterm"} | env, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while chunk := _chunk(ours):
        written += chunk
        if typed := keys(written.decode("utf-8", "replace")):
            os.write(ours, typed)
    os.close(ours)
    return Shown(process.wait(), written.decode("utf-8", "replace"))


def _chunk(terminal: int) -> bytes:
    """Empty when nobody holds the other end any more."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
