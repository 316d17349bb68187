"""What a part of the benchmark found: tables, their Markdown, and their place in a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


class BenchError(Exception):
    """Told to the user in one line; exit code 2."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; `pages`, `repeats` and `sizes` are None where each part has its own numbers."""

    data: Path
    quick: bool = False
    pages: int | None = None
    repeats: int | None = None
    sizes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as they are printed; `notes` stand below, a line each."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The table with its title; numbers, which is all but the first column, stand to the right.

        >>> print(Table("Cost", ("step", "share"), (("parse", "20 %"),)).markdown())
        **Cost**
        <BLANKLINE>
        | step | share |
        |---|--:|
        | parse | 20 % |
        """
        lines = [_line(self.columns), "|---" + "|--:" * (len(self.columns) - 1) + "|"]
        lines += [_line(row) for row in self.rows]
        notes = [f"{note}\n" for note in self.notes]
        return "\n".join([f"**{self.title}**", "", *lines, *([""] if notes else []), *notes]).rstrip("\n")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def times(ratio: float) -> str:
    """A ratio with two digits after the point, or three digits in all.

    >>> times(0.12345), times(12.345), times(1234.5)
    ('0.12x', '12.3x', '1234x')
    """
    digits = 2 if ratio < 10 else 1 if ratio < 100 else 0
    return f"{ratio:.{digits}f}x"


def spread(ratios: Sequence[float]) -> tuple[str, str, str]:
    """Median, smallest and largest of some ratios, as cells."""
    return times(median(ratios)), times(min(ratios)), times(max(ratios))


def between_markers(text: str, part: str, content: str) -> str:
    r"""`text` with `content` between the markers of `part`; raises `BenchError` where it has none.

    >>> between_markers("a <!-- bench:x -->old<!-- /bench:x --> b", "x", "new")
    'a <!-- bench:x -->\nnew\n<!-- /bench:x --> b'
    """
    begin, end = f"<!-- bench:{part} -->", f"<!-- /bench:{part} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise BenchError(f"no place for the tables of {part}: {begin} and {end} are missing")
    return f"{before}{begin}\n{content}\n{end}{after}"
