"""Which lines of ours an input reaches, where it breaks something, and what takes its time."""

from __future__ import annotations

import cProfile
import pstats
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_OURS = ("/pipelines/", "/crawler/")


class Tracer:
    """Lines of our own code that were run, as pairs of one and the next."""

    def __init__(self) -> None:
        self.seen: set[tuple[int, int, int]] = set()
        self.fresh = 0
        self._ours: dict[CodeType, int] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        number = self._ours.get(code)
        if number is None:
            ours = any(part in code.co_filename for part in _OURS)
            number = self._ours[code] = len(self._ours) + 1 if ours else 0
        if not number:
            return None
        last = 0

        def line(frame: FrameType, event: str, arg: Any) -> Callable[..., Any]:
            nonlocal last
            if event == "line":
                step = (number, last, frame.f_lineno)
                last = frame.f_lineno
                if step not in self.seen:
                    self.seen.add(step)
                    self.fresh += 1
            return line

        return line


def where(error: BaseException) -> str:
    """What was raised and where in our code, or in the check that failed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if any(part in one.filename for part in (*_OURS, "/tests/"))]
    last = ours[-1] if ours else frames[-1]
    said = (str(error) or " ").splitlines()[0].split(":")[0][:60] if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__} {Path(last.filename).name}:{last.lineno} {last.name} {said}".strip()


def costliest(run: Callable[[bytes], str], data: bytes) -> str:
    """The function that takes most of the time, and who of ours calls for it."""
    profile = cProfile.Profile()
    try:
        profile.runcall(run, data)
    except Exception as error:  # what it raises is what is asked
        return type(error).__name__
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # no annotation has it
    own = max(stats, key=lambda key: stats[key][2])
    ours = [key for key in stats if any(part in key[0] for part in _OURS)]
    caller = max(ours, key=lambda key: (stats[key][3] > stats[own][2] * 0.9, -stats[key][3]), default=own)
    return f"{own[2]} below {Path(caller[0]).name}:{caller[2]}"
