"""The larger charts: bars of steps and shares, histograms, and the days on which rows came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from markupsafe import Markup

from pipelines.report.svg import element, picture
from pipelines.report.words import number, percent

_LEVELS = 4
# A day of the calendar, and the room beside and above all of them for names of days and months.
_CELL, _LEFT, _TOP = 13, 26, 14


def step_bar(before: int, count: int, first: int) -> Markup:
    """A step of a waterfall: `count` came here of `before`, of `first` in all; what was lost is hatched.

    As wide as its place; the figures stand beside it in words, so it is hidden from screen readers.
    """
    kept, gone = _share(count, first), _share(before - count, first)
    bars = [element("rect", width=kept, height="100%", class_="kept")]
    if before > count:
        bars.append(element("rect", x=kept, width=gone, height="100%", class_="lost"))
        bars.append(element("rect", x=kept, width=gone, height="100%", class_="hatch"))
    return element("svg", *bars, class_="step", aria_hidden="true")


def stacked_bar(shares: Sequence[tuple[str, int]], what: str) -> Markup:
    """Parts of a whole beside each other, named, the first the largest; the legend says the rest."""
    total, at, parts = sum(count for _, count in shares), 0, []
    for place, (name, count) in enumerate(shares):
        part = element(
            "rect",
            element("title", f"{name}: {number(count)}"),
            x=_share(at, total),
            width=_share(count, total),
            height="100%",
            class_=f"part p{min(place, 6)}",
        )
        parts.append(part)
        at += count
    said = ", ".join(f"{name} {percent(count / total)}" for name, count in shares)
    return element("svg", element("title", f"{what}: {said}"), *parts, class_="stack", role="img")


def histogram(
    counts: Sequence[int],
    names: Sequence[str],
    ticks: Mapping[int, str],
    what: str,
    before: Sequence[int] = (),
) -> Markup:
    """Bars of the shares in each bin; a line over them shows the shares of `before`.

    `names` has one name a bin, `ticks` what stands under the left edge of some.
    """
    width, height, floor = 300, 130, 110
    shares, earlier = _shares(counts), _shares(before)
    step, top = width / len(counts), max([*shares, *earlier, 0.01])
    drawn = []
    for at, share in enumerate(shares):
        tall = share / top * (floor - 12)
        title = element("title", f"{names[at]}: {number(counts[at])} ({percent(share)})")
        drawn.append(
            element("rect", title, x=at * step + 1, y=floor - tall, width=step - 2, height=tall, class_="bar")
        )
    if any(earlier):
        drawn.append(element("path", d=_outline(earlier, step, top, floor), class_="before"))
    drawn.append(element("line", x1=0, x2=width, y1=floor, y2=floor, class_="axis"))
    drawn += [
        element(
            "text",
            text,
            x=at * step,
            y=height - 6,
            class_="tick",
            text_anchor="start" if not at else "middle",
        )
        for at, text in ticks.items()
    ]
    known = [f"{name} {number(count)}" for name, count in zip(names, counts, strict=True) if count]
    return picture(f"{what}: {', '.join(known)}", *drawn, width=width, height=height, class_="histogram")


def calendar(rows: Mapping[date, int], bad: Mapping[date, str], today: date, weeks: int = 26) -> Markup:
    """A square a day, the darker the more rows; a ring where a run did not end well (`bad` says how)."""
    first = today - timedelta(days=today.weekday() + 7 * (weeks - 1))
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    most = max((rows.get(day, 0) for day in days), default=0)
    drawn = [
        element("text", f"{first + timedelta(days=row):%a}", x=0, y=_TOP + row * _CELL + 10, class_="tick")
        for row in (0, 2, 4)
    ]
    for number_of_day, day in enumerate(days):
        column, row = divmod(number_of_day, 7)
        x, y, count = _LEFT + column * _CELL, _TOP + row * _CELL, rows.get(day, 0)
        if row == 0 and day.day <= 7:
            drawn.append(element("text", f"{day:%b}", x=x, y=10, class_="tick"))
        told = f"{day.day} {day:%B %Y}: {number(count)} rows"
        title = element("title", f"{told}; {bad[day]}" if day in bad else told)
        shade = f"day h{level(count / most if most else 0)}{' bad' if day in bad else ''}"
        size = _CELL - 3
        drawn.append(element("rect", title, x=x + 1, y=y + 1, width=size, height=size, rx=2, class_=shade))
    busy = sum(1 for day in days if rows.get(day))
    said = f"Rows by day of fetching, {weeks} weeks: {busy} days with rows, {number(most)} at most"
    return picture(said, *drawn, width=_LEFT + weeks * _CELL, height=_TOP + 7 * _CELL, class_="calendar")


def level(share: float) -> int:
    """One of five shades: 0 for nothing, then quarters.

    >>> [level(share) for share in (0, 0.01, 0.5, 1)]
    [0, 1, 2, 4]
    """
    return min(int(share * _LEVELS - 1e-9) + 1, _LEVELS) if share > 0 else 0


def _share(count: int, total: int) -> str:
    return f"{count / total * 100:.2f}%" if total else "0%"


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total for count in counts] if total else [0.0 for _ in counts] if counts else []


def _outline(shares: Sequence[float], step: float, top: float, floor: float) -> str:
    """Along the tops of the bars that these shares would have."""
    heights = [floor - share / top * (floor - 12) for share in shares]
    return f"M0 {floor}" + "".join(f"V{tall:.1f}h{step:.2f}" for tall in heights) + f"V{floor}"
