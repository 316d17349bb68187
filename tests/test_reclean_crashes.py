"""Publishing recleaned rows is one step: readers of the manifest see all or nothing, after any crash."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput
from pipelines.store.publish import Publisher
from pipelines.store.reclean_work import Work
from pipelines.store.reconcile import reconcile
from tests.crawling import THOROUGH
from tests.helpers_reclean import DAY, NO_PHRASES, Corpus, advertised, looked, page, publish, workers
from tests.helpers_store import FORKSERVER, STEPS, Crash, LineTracer, die_at, largest_file

# Four files: articles and removed blocks of two days. The other steps are done once.
OFTEN = ("write", "note", "rename")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Corpus, set[tuple[Any, ...]]]:
    """A corpus that was looked at, to copy, and the identities of its rows once that is published."""
    corpus = Corpus(tmp_path_factory.mktemp("template") / "output")
    corpus.crawl({"/a/1": advertised(1), "/a/2": page(2)}, policy=NO_PHRASES)
    second = {"/b/1": advertised(1, "ar"), "/b/2": "<html><body><p>Nothing.</p></body></html>"}
    corpus.crawl(second, "20261122T083015-bbbbbb", site="rasid", policy=NO_PHRASES, day=DAY.replace(day=22))
    pool = workers()
    try:
        with looked(corpus, pool) as look:
            assert look.total.changed == 2
    finally:
        pool.stop()
    whole = copy(corpus, corpus.output.parent / "whole")
    publish_it(whole)
    assert reconcile(whole.ledger_path, FolderOutput(whole.output)).imbalances == ()
    return corpus, set(whole.identities())


def copy(corpus: Corpus, output: Path) -> Corpus:
    shutil.copytree(corpus.output, output)
    return Corpus(output)


def publish_it(corpus: Corpus, run_id: str = "reclean-1") -> None:
    with closing(Work(corpus.work_file, "job-1")) as work:
        publish(corpus, work, run_id)


def listed(corpus: Corpus) -> list[tuple[Any, ...]]:
    """Identities of the rows that a reader of the manifest sees."""
    found: list[tuple[Any, ...]] = []
    for entry in FolderOutput(corpus.output).listed():
        with pq.ParquetFile(corpus.output / entry.stable_path) as file:
            rows = file.read().to_pylist()
        assert len(rows) == entry.rows
        for row in rows:
            if entry.dataset == "articles":
                found.append(("articles", row["id"]))
            elif entry.dataset == "rejected":
                found.append(("rejected", row["url"]))
            else:
                found.append(("removed", row["article_id"], row["order"]))
    return found


def assert_all_or_nothing(corpus: Corpus, before: set[tuple[Any, ...]], after: set[tuple[Any, ...]]) -> None:
    """By the manifest; who reads by pattern sees no row twice, and none that was not meant."""
    seen = listed(corpus)
    assert len(seen) == len(set(seen))
    assert set(seen) in (before, after)
    by_pattern = corpus.identities()
    assert set(by_pattern.values()) == {1}
    assert before <= set(by_pattern) <= after


def assert_recovered(corpus: Corpus, before: set[tuple[Any, ...]], after: set[tuple[Any, ...]]) -> None:
    """What any next start does is enough; a rerun then has nothing left to do."""
    with closing(Ledger(corpus.ledger_path)) as ledger:
        Publisher(ledger, FolderOutput(corpus.output), corpus.scratch, "run-9").recover()
    corpus.settled()
    found = set(listed(corpus))
    assert found in (before, after)
    assert found == set(corpus.identities())
    publish_it(corpus, "reclean-2")
    corpus.settled()
    assert set(listed(corpus)) == after
    assert reconcile(corpus.ledger_path, FolderOutput(corpus.output)).imbalances == ()


def publish_until_killed(output: Path, step: str, when: str, number: int) -> None:
    """In a child: publish, and die before or after the given call of the step."""
    die_at(STEPS[step], when, number)
    publish_it(Corpus(output))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("step", "number"), [*((step, n) for step in OFTEN for n in (1, 2, 4)), ("manifest", 2), ("commit", 1)]
)
def test_a_killed_publication_is_seen_whole_or_not_at_all(
    template: tuple[Corpus, set[tuple[Any, ...]]], tmp_path: Path, step: str, when: str, number: int
) -> None:
    corpus, after = copy(template[0], tmp_path / "output"), template[1]
    before = set(corpus.identities())
    child = FORKSERVER.Process(target=publish_until_killed, args=(corpus.output, step, when, number))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert_all_or_nothing(corpus, before, after)
    assert_recovered(corpus, before, after)
    assert set(corpus.identities()) == after


def test_a_crash_before_any_line_leaves_all_or_nothing(
    template: tuple[Corpus, set[tuple[Any, ...]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is cut here, and it takes most of the time
    corpus, after = template
    before = set(corpus.identities())
    with LineTracer() as tracer:
        publish_it(copy(corpus, tmp_path / "whole"))
    ours = ("publish.py", "manifest.py", "staging.py", "versions.py")
    first = {line: number for number, line in reversed(list(enumerate(tracer.lines)))}
    points = sorted(number for line, number in first.items() if line[0].endswith(ours))
    assert len(points) > 100
    for number in points[:: 1 if THOROUGH else 4]:
        crashed = copy(corpus, tmp_path / str(number))
        with LineTracer(number), pytest.raises(Crash):
            publish_it(crashed)
        assert_all_or_nothing(crashed, before, after)
        assert_recovered(crashed, before, after)
        shutil.rmtree(crashed.output)


def test_crashes_of_the_recovery_leave_nothing_half(
    template: tuple[Corpus, set[tuple[Any, ...]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between two files, then again before lines of the recovery that finishes it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    corpus, after = template
    before = set(corpus.identities())
    killed = copy(corpus, tmp_path / "killed")
    child = FORKSERVER.Process(target=publish_until_killed, args=(killed.output, "rename", "after", 2))
    child.start()
    child.join()
    with LineTracer() as tracer:
        copy(killed, tmp_path / "whole").restart("run-3")
    first = {line: number for number, line in reversed(list(enumerate(tracer.lines)))}
    points = sorted(number for line, number in first.items() if line[0].endswith("publish.py"))
    assert len(points) > 40
    for number in points[:: 1 if THOROUGH else 3]:
        crashed = copy(killed, tmp_path / str(number))
        with LineTracer(number), pytest.raises(Crash):
            crashed.restart("run-3")
        assert_all_or_nothing(crashed, before, after)
        assert_recovered(crashed, before, after)
        shutil.rmtree(crashed.output)


def test_a_full_disk_publishes_nothing_and_the_next_start_all_of_it(
    template: tuple[Corpus, set[tuple[Any, ...]]], tmp_path: Path
) -> None:
    corpus, after = copy(template[0], tmp_path / "output"), template[1]
    before = set(corpus.identities())
    obstacle = corpus.output / "removed_blocks"
    obstacle.rename(tmp_path / "aside")
    obstacle.write_text("no folder")
    with pytest.raises(StoreError, match="removed_blocks"):
        publish_it(corpus)
    obstacle.unlink()
    (tmp_path / "aside").rename(obstacle)
    assert set(listed(corpus)) == before
    assert_recovered(corpus, before, after)
    assert set(corpus.identities()) == after


def test_a_spool_that_cannot_grow_takes_nothing(
    template: tuple[Corpus, set[tuple[Any, ...]]], tmp_path: Path
) -> None:
    corpus = copy(template[0], tmp_path / "output")
    before = corpus.files()
    with largest_file(8 * 1024), pytest.raises(Exception, match=r"disk|full|large"):
        publish_it(corpus)
    assert corpus.files() == before
    assert corpus.query("SELECT count(*) FROM spool") == [(0,)]
