"""The steps of `clean` on a clock: whatever functions it takes from other modules of ours."""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from time import process_time
from types import ModuleType
from typing import Any

# Where steps are strung together; one that is no more has none.
_PLACES = (
    "pipelines.clean",
    "pipelines.opening",
    "pipelines.article",
    "pipelines.body.reading",
    "pipelines.body.learnt",
    "pipelines.learned.judge",
)


class Clocked:
    """While it lasts, `steps` adds up each step's own CPU seconds, without those of the steps within it."""

    def __init__(self) -> None:
        self.steps: defaultdict[str, float] = defaultdict(float)
        self._within: list[float] = []
        self._before: list[tuple[ModuleType, str, Any]] = []

    def __enter__(self) -> Clocked:
        for place in _PLACES:
            with suppress(ModuleNotFoundError):
                module = importlib.import_module(place)
                for name, function in _steps_in(module):
                    self._before.append((module, name, function))
                    setattr(module, name, self._on_the_clock(function))
        return self

    def __exit__(self, *_: object) -> None:
        for module, name, function in self._before:
            setattr(module, name, function)

    def _on_the_clock(self, function: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{function.__module__.removeprefix('pipelines.')}.{function.__name__}"

        @wraps(function)
        def clocked(*args: Any, **named: Any) -> Any:
            self._within.append(0.0)
            started = process_time()
            try:
                return function(*args, **named)
            finally:
                took = process_time() - started
                self.steps[name] += took - self._within.pop()
                if self._within:
                    self._within[-1] += took

        return clocked


def _steps_in(module: ModuleType) -> list[tuple[str, Callable[..., Any]]]:
    """Functions of ours that the module imports; those it defines string them together."""
    found = []
    for name, value in vars(module).items():
        at_home = getattr(value, "__module__", None)
        if not (isinstance(at_home, str) and at_home.startswith("pipelines.") and at_home != module.__name__):
            continue
        if inspect.isfunction(getattr(value, "__wrapped__", value)):  # wrapped: it has a cache
            found.append((name, value))
    return found
