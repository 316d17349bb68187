"""A line of the size of a word: how a figure went over the last runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from pipelines.report.svg import element, picture
from pipelines.report.words import number

_HEIGHT = 20
# Room for the line's thickness and the last run's dot.
_MARGIN = 3


def sparkline(
    values: Sequence[float | None],
    what: str,
    *,
    width: int = 72,
    area: bool = False,
    most: float | None = None,
    say: Callable[[float], str] = number,
) -> Markup:
    """`values` of runs, the oldest first, from zero up to `most` or the highest; None leaves a gap.

    With `area` what is below a line without gaps is filled.
    The last run has a dot; screen readers hear the range and the last value, as `say` puts them.
    """
    known = [value for value in values if value is not None]
    if not known:
        return Markup("")
    top = most or max(known) or 1
    step = (width - 2 * _MARGIN) / max(len(values) - 1, 1)
    places = [
        None if value is None else (round(_MARGIN + at * step), _height(value / top))
        for at, value in enumerate(values)
    ]
    path = "".join(_path(places))
    drawn = [element("path", d=path, class_="line")]
    if area and None not in places:
        drawn.insert(0, element("path", d=f"{path}V{_height(0)}H{_MARGIN}Z", class_="area"))
    if places and (last := places[-1]) is not None:
        drawn.append(element("circle", cx=last[0], cy=last[1], r=2.2, class_="last"))
    return picture(_label(values, known, what, say), *drawn, width=width, height=_HEIGHT, class_="spark")


def _label(
    values: Sequence[float | None], known: Sequence[float], what: str, say: Callable[[float], str]
) -> str:
    last = "none" if values[-1] is None else say(values[-1])
    if len(values) == 1:
        return f"{what}: {last}"
    return f"{what}, {len(values)} runs: {say(min(known))} to {say(max(known))}, last {last}"


def _height(share: float) -> int:
    return round(_HEIGHT - _MARGIN - min(share, 1) * (_HEIGHT - 2 * _MARGIN))


def _path(places: Sequence[tuple[int, int] | None]) -> Iterator[str]:
    """The shortest commands for it: a thousand sites have one each."""
    before: tuple[int, int] | None = None
    for place in places:
        if place is not None:
            if before is None:
                yield f"M{place[0]} {place[1]}h0"  # a run alone is a point
            else:
                right, down = place[0] - before[0], place[1] - before[1]
                yield f"h{right}" if not down else f"l{right} {down}"
        before = place
