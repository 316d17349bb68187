"""What pages start from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from demo.content import DEFAULT_PORT
from demo.server import Newsroom, PortBusyError
from tests.crawling import ROOT
from tests.docs.blocks import blocks
from tests.docs.stage import Stage

SetUp = Callable[[Path | None], Stage]


@pytest.fixture(scope="session")
def port() -> int:
    """One that nobody has on the newsroom's addresses, as wide as the one the pages show."""
    first = DEFAULT_PORT + 1 + os.getpid() % 1000  # other workers look for one at the same time
    for port in range(first, 10_000):
        with suppress(PortBusyError), Newsroom(port):
            return port
    raise PortBusyError("no port of four digits is free")


@pytest.fixture(scope="session")
def crawled(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A clone in which the README's first block was typed: `make crawl`."""
    stage = Stage.set_up(tmp_path_factory.mktemp("readme"), port)
    stage.do(blocks(ROOT / "README.md")[0])
    yield stage
    stage.tear_down()


@pytest.fixture
def set_up(port: int, tmp_path: Path) -> Iterator[SetUp]:
    """Makes a clone, with an output if one is given."""
    stages: list[Stage] = []

    def made(output: Path | None) -> Stage:
        stages.append(Stage.set_up(tmp_path, port, output))
        return stages[-1]

    yield made
    for stage in stages:
        stage.tear_down()
