"""`scrapy …` in a process group that kills itself, whole, at a given call of a given step.

Run as `python -m tests.soak.victim STEP before|after NUMBER ARGUMENTS…`; with `-` for a step it lives. What
is patched is patched here: the code that is killed knows nothing of it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from multiprocessing import forkserver
from typing import Any, NoReturn

from tests.soak.steps import STEPS, Step


def die() -> NoReturn:
    """kill -9 of this process and all of its group, workers too: as if the power went."""
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("nobody outlives SIGKILL")


def find(target: str) -> tuple[Any, str]:
    """The holder of a target, and the name it holds it under."""
    module, _, path = target.partition(":")
    *holders, name = path.split(".")
    holder = import_module(module)
    for part in holders:
        holder = getattr(holder, part)
    return holder, name


class _Countdown:
    """Which call is the deadly one."""

    def __init__(self, number: int) -> None:
        self._left = number

    def is_up(self) -> bool:
        self._left -= 1
        return self._left == 0


def arm(step: Step, when: str, number: int) -> None:
    """Let the `number`th call of the step be the last thing that happens."""
    (_arm_worker if step.in_worker else _arm_here)(step, when, number)


def _arm_here(step: Step, when: str, number: int) -> None:
    holder, name = find(step.target)
    real, countdown = getattr(holder, name), _Countdown(number)

    @wraps(real)
    def deadly(*args: Any, **kwargs: Any) -> Any:
        last = countdown.is_up()
        if last and when == "before":
            die()
        result = real(*args, **kwargs)
        if last:
            die()
        return result

    setattr(holder, name, deadly)


def _arm_worker(step: Step, when: str, number: int) -> None:
    """The task is counted where it is sent from; the worker that gets it pulls all others with it."""
    from pipelines.workers import Workers

    task, real, countdown = getattr(*find(step.target)), Workers.run, _Countdown(number)

    @wraps(real)
    async def deadly(self: Workers, function: Callable[..., Any], *args: object) -> Any:
        if function is task and countdown.is_up():
            return await real(self, _last_task, when, function, *args)
        return await real(self, function, *args)

    setattr(Workers, "run", deadly)  # noqa: B010  mypy refuses the assignment


def _last_task(when: str, function: Callable[..., Any], *args: object) -> NoReturn:
    """In the worker: die with the task not begun, or with its result not sent."""
    if when == "after":
        function(*args)
    die()


def main() -> None:
    name, when, number, *arguments = sys.argv[1:]
    if os.getpgrp() != os.getpid():
        raise SystemExit("a victim must lead a process group of its own, or it would take its parent with it")
    # While this process imports Scrapy, the workers' server imports the cleaning: half of a short run.
    multiprocessing.set_forkserver_preload(["tests.soak.warm"])
    forkserver.ensure_running()
    from scrapy.cmdline import execute

    if name != "-":
        arm(STEPS[name], when, int(number))
    execute(["scrapy", *arguments])


if __name__ == "__main__":
    main()
