"""An explanation as lines for a person: the verdict, who said what, and the blocks kept and cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crawler.terminal import Terminal, harmless, wrap
from pipelines.explain import Explanation, Line
from pipelines.metadata.origins import Origin

# Below this many columns two texts beside each other are two ribbons: they are stacked instead.
_MIN_COLUMNS = 72
_KEPT_SHARE = 0.56
_FIELD = 13


def view(found: Explanation, about: Sequence[str], terminal: Terminal) -> Iterator[str]:
    """All lines; `about` says where the page came from."""
    yield from map(harmless, about)
    yield terminal.paint(_verdict(found), "red" if found.reason else "green")
    if found.metadata:
        yield ""
        yield terminal.paint("Metadata, and who says so", "bold")
        for origin in found.metadata:
            if origin.value is not None:
                yield from _origin(origin, terminal)
        if unsaid := [origin.field for origin in found.metadata if origin.value is None]:
            yield f"Nobody says: {', '.join(unsaid)}"
    elif found.title:
        yield f"title: {harmless(found.title)}"
    if found.lines:
        yield ""
        yield from _blocks(found.lines, terminal)


def _verdict(found: Explanation) -> str:
    kept = sum(line.kept for line in found.lines)
    counted = f"{kept} blocks kept, {len(found.lines) - kept} cut"
    if found.reason is None:
        return f"An article of {found.words} words: {counted}"
    detail = f" ({harmless(found.detail)})" if found.detail else ""
    seen = f"; {counted}" if found.lines else ""
    return f"Refused as {found.reason}{detail}{seen}"


def _origin(origin: Origin, terminal: Terminal) -> Iterator[str]:
    value = harmless(origin.value or "")
    source = harmless(origin.source or "?")
    if origin.said and origin.said != origin.value:
        source += f": {harmless(origin.said)}"
    if terminal.columns < _MIN_COLUMNS:
        yield from terminal.row((f"{origin.field}: {value}", terminal.columns, None))
        for part in wrap(f"from {source}", terminal.columns - 4):
            yield terminal.paint(f"    {part}", "dim")
        return
    room = terminal.columns - _FIELD - 6
    width = round(room * _KEPT_SHARE)
    yield from terminal.row(
        (origin.field, _FIELD, "bold"), (value, width, None), (source, room - width, "dim")
    )


def _blocks(lines: Sequence[Line], terminal: Terminal) -> Iterator[str]:
    if terminal.columns < _MIN_COLUMNS:
        yield terminal.paint("+ kept   - cut, with the rule and its reason", "bold")
        for line in lines:
            yield from _stacked(line, terminal)
        return
    left = round((terminal.columns - 3) * _KEPT_SHARE)
    right = terminal.columns - 3 - left
    yield from terminal.row(("Kept", left, "bold"), ("Cut: rule (reason), and the text", right, "bold"))
    yield "─" * left + "─┼─" + "─" * right
    for line in lines:
        text = harmless(line.text)
        if line.kept:
            yield from terminal.row((text, left, None), ("", right, None))
        else:
            yield from terminal.row(("", left, None), (_ground(line), right, "yellow"))
            yield from terminal.row(("", left, None), (text, right, "dim"))


def _stacked(line: Line, terminal: Terminal) -> Iterator[str]:
    width = terminal.columns - 2
    if not line.kept:
        yield from (terminal.paint(f"- {part}", "yellow") for part in wrap(_ground(line), width))
    for part in wrap(harmless(line.text), width):
        shown = terminal.cell(part, width).rstrip()
        yield f"+ {shown}" if line.kept else terminal.paint(f"- {shown}", "dim")


def _ground(line: Line) -> str:
    return f"{line.rule} ({line.reason})"
