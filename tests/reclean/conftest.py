"""Workers, and stored pages of which some have a line that no rule cut yet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.workers import Workers
from tests.helpers_reclean import (
    DAY,
    NO_PHRASES,
    Corpus,
    advertised,
    page,
    workers,
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    started = workers()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def advertised_once(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Four stories, of which two have a line that no rule cut yet, on two sites."""
    corpus = Corpus(tmp_path_factory.mktemp("advertised") / "output")
    corpus.crawl({"/a/1": advertised(1), "/a/2": page(2)}, policy=NO_PHRASES)
    arabic = {"/b/1": advertised(1, "ar"), "/b/2": page(2, language="ar")}
    corpus.crawl(arabic, "20261122T083015-bbbbbb", site="rasid", policy=NO_PHRASES, day=DAY + timedelta(1))
    return corpus


@pytest.fixture
def corpus(advertised_once: Corpus, tmp_path: Path) -> Corpus:
    shutil.copytree(advertised_once.output, tmp_path / "output")
    return Corpus(tmp_path / "output")
