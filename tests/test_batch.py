"""Batches over archives, as commands: the same files whatever the engine, order and interruption."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.archives import build
from pipelines.archive.batch.engine import LocalEngine
from pipelines.archive.batch.job import Input, Job, Step
from pipelines.archive.batch.plan import Batch, Summary
from pipelines.archive.batch.shelf import open_shelf
from pipelines.archive.paths import archive_files
from pipelines.store.lock import OutputLock
from pipelines.store.output import FolderOutput
from tests.crawling import THOROUGH, Finished, kill_when, start
from tests.helpers_batch import archives, command, newsroom_pages, published, reclean, rows
from tests.hostile.content import DEAR

pytestmark = pytest.mark.xdist_group("batch")
PAGES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("batch")


@pytest.fixture(scope="module")
def paths(folder: Path) -> list[Path]:
    return archives(folder / "archives", PAGES, 2)


@pytest.fixture(scope="module")
def reference(folder: Path, paths: list[Path]) -> tuple[Path, Finished]:
    """The output of one process."""
    output = folder / "reference"
    return output, reclean(output, paths, "--engine", "one")


def test_every_article_of_the_archives_is_one_row(reference: tuple[Path, Finished]) -> None:
    output, done = reference
    assert (done.code, done.err.count("Traceback")) == (0, 0), done.err
    articles = rows(output)
    addresses = set(articles["url_canonical"].to_pylist())
    assert {url for url, _, _ in newsroom_pages(PAGES)} <= addresses
    assert articles.num_rows == len(set(articles["id"].to_pylist())) == len(addresses)
    assert set(articles["discovered_via"].to_pylist()) == {"warc"}
    # What came again said nothing new, and of what came under another host one is the other's duplicate.
    assert "1 captures said nothing new" in done.out
    mirrored = [url for url in addresses if url.startswith("http://mirror.test/")]
    assert len(mirrored) == 1
    by_url = {row["url_canonical"]: row for row in articles.to_pylist()}
    original = by_url[newsroom_pages(PAGES)[36][0]]
    assert by_url[mirrored[0]]["duplicate_of"] == original["id"] == original["cluster_id"]
    assert original["duplicate_of"] is None


def test_blocks_that_were_cut_name_rows_that_are_there(reference: tuple[Path, Finished]) -> None:
    output, _ = reference
    ids = set(rows(output)["id"].to_pylist())
    removed = rows(output, "removed_blocks")
    assert removed.num_rows
    assert set(removed["article_id"].to_pylist()) <= ids


def test_the_manifest_lists_what_is_there(reference: tuple[Path, Finished]) -> None:
    output, _ = reference
    listed = json.loads((output / "manifest.json").read_text())["files"]
    assert {each["path"]: each["sha256"] for each in listed} == published(output)


def test_a_pool_makes_the_same_files_in_whatever_order_and_place_archives_come(
    folder: Path, paths: list[Path], reference: tuple[Path, Finished]
) -> None:
    moved = [Path(shutil.copy(path, folder)) for path in reversed(paths)]
    output = folder / "pool"
    done = reclean(output, moved, "--engine", "pool", "--workers", "2")
    assert done.code == 0, done.err
    assert published(output) == published(reference[0])


def test_a_second_batch_has_nothing_to_do(folder: Path, reference: tuple[Path, Finished]) -> None:
    before = published(reference[0])
    again = reclean(reference[0], [folder / "archives" / "*.warc.gz"], "--engine", "one")
    assert (again.code, again.err, again.out) == (0, "", reference[1].out)
    assert published(reference[0]) == before


# Where a batch is killed: what is on its shelf then.
_MOMENTS: dict[str, Callable[[Path], bool]] = {
    "viewed": lambda output: any(output.glob(".state/batch/view/*/*.parquet")),
    "cleaned": lambda output: any(output.glob(".state/batch/articles/*.parquet")),
    "decided": lambda output: any(output.glob(".state/batch/pair/*/*.parquet")),
    "published": lambda output: any(output.glob("articles/*/*.parquet")),
}


@pytest.mark.parametrize("moment", _MOMENTS if THOROUGH else ["cleaned"])
def test_a_batch_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, paths: list[Path], reference: tuple[Path, Finished], moment: str
) -> None:
    output = tmp_path / "output"
    kill_when(start(command(output, paths, "--engine", "one")), lambda: _MOMENTS[moment](output))
    done = reclean(output, paths, "--engine", "one")
    assert done.code == 0, done.err
    assert "reclean: index" not in done.err
    if moment in ("cleaned", "decided", "published"):
        assert "reclean: view" not in done.err
    assert published(output) == published(reference[0])


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path: Path, folder: Path) -> None:
    whole, torn = build(tmp_path / "archives", newsroom_pages(12), 2, torn=True)
    other = tmp_path / "notes.warc.gz"
    other.write_text("no archive at all")
    output = tmp_path / "output"
    missing = tmp_path / "none-*.warc.gz"
    done = reclean(output, [whole, torn, other, missing], "--workers", "1")
    assert done.code == 4
    assert "Traceback" not in done.err
    lines = done.err.splitlines()
    assert [line for line in lines if str(missing) in line and "no such file" in line]
    assert [line for line in lines if str(other) in line]
    assert [line for line in lines if f"{torn}: damaged at" in line]
    assert rows(output).num_rows == 11
    # A second batch, with the archive mended and one more, leaves no row of the torn one behind.
    build(tmp_path / "archives", newsroom_pages(12), 2)
    done = reclean(output, [whole, torn, *archives(tmp_path / "more", 14, 1)], "--workers", "1")
    assert done.code == 0, done.err
    assert "clean: 3 of 3" in done.err  # both were written anew
    known = {url for most in (12, 14) for url, _, _ in newsroom_pages(most)}
    assert sorted(rows(output)["url_canonical"].to_pylist()) == sorted(known)


def test_an_archive_more_is_all_that_is_cleaned(tmp_path: Path, paths: list[Path]) -> None:
    output = tmp_path / "output"
    reclean(output, paths[:1], "--workers", "1")
    before = set(rows(output)["id"].to_pylist())
    done = reclean(output, paths, "--workers", "1")
    assert "clean: 1 of 2" in done.err
    after = rows(output)["id"].to_pylist()
    assert before <= set(after)
    assert len(after) == len(set(after)) == PAGES + 1
    listed = json.loads((output / "manifest.json").read_text())["files"]
    assert {each["path"] for each in listed} == published(output).keys()


def test_a_page_that_hangs_is_a_rejected_row(tmp_path: Path) -> None:
    hanging = next(case for case in DEAR if case.path.endswith("lines"))
    pages = [*newsroom_pages(4), ("http://east.test/hang", hanging.body(), {"content-type": "text/html"})]
    output = tmp_path / "output"
    done = reclean(output, build(tmp_path / "archives", pages, 1), "--workers", "1", "--page-seconds", "3")
    assert done.code == 0, done.err
    assert rows(output).num_rows == 4
    (row,) = rows(output, "rejected").to_pylist()
    assert row["url"] == "http://east.test/hang"
    assert row["reason"] in {str(reason) for reason in (hanging.reason, *hanging.reasons)}


def test_only_the_pages_of_a_site_are_cleaned(tmp_path: Path, paths: list[Path]) -> None:
    site = newsroom_pages(1)[0][0].split("/")[2]
    output = tmp_path / "output"
    done = reclean(output, paths, "--workers", "1", "--site", site)
    assert done.code == 0, done.err
    assert set(rows(output)["site"].to_pylist()) == {site}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine", "ray", "--address", "127.0.0.1:1"], "no Ray cluster at 127.0.0.1:1"),
        (["--engine", "ray", "--address", "nowhere"], "--address nowhere: it must be host:port"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line(
    tmp_path: Path, paths: list[Path], options: list[str], said: str
) -> None:
    pytest.importorskip("ray")
    done = reclean(tmp_path / "output", paths, *options)
    assert done.code == 4
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_crawl_s_output_is_refused(tmp_path: Path, paths: list[Path]) -> None:
    ledger = tmp_path / "output" / ".state" / "ledger.sqlite"
    ledger.parent.mkdir(parents=True)
    ledger.touch()
    done = reclean(tmp_path / "output", paths)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "give a place of its own" in done.err


def test_an_output_in_use_is_refused(tmp_path: Path, paths: list[Path]) -> None:
    with OutputLock(tmp_path / "output" / ".state" / "lock", "another batch"):
        done = reclean(tmp_path / "output", paths)
    assert (done.code, len(done.err.splitlines())) == (3, 1)
    assert "is in use by another batch" in done.err


def test_nothing_matches(tmp_path: Path) -> None:
    done = reclean(tmp_path / "output", [tmp_path / "*.warc.gz"])
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("changes", "cleaned"), [({}, 0), ({"cleaner": "another"}, 1), ({"page_seconds": 99.0}, 1)]
)
def test_what_another_cleaning_or_another_bound_made_is_made_anew(
    tmp_path: Path, changes: dict[str, Any], cleaned: int
) -> None:
    (path,) = archives(tmp_path / "archives", 4, 1)
    output = FolderOutput(tmp_path / "output")
    job = Job(str(output.folder), f"{output.folder}/.state/batch", 60.0, 2**30)

    def batch(job: Job) -> Summary:
        engine = LocalEngine(job, 1)
        try:
            given = [Input.of(archive, job) for archive in archive_files([str(path)])]
            return Batch(job, engine, open_shelf(job.work), output, lambda _: None).run(given)
        finally:
            engine.stop()

    assert batch(job).done[Step.CLEAN] == 1
    before = rows(output.folder)
    assert batch(replace(job, **changes)).done[Step.CLEAN] == cleaned
    assert rows(output.folder).num_rows == before.num_rows
    memories = (output.folder / ".state/batch/memory").rglob("*.parquet")
    assert len({path.parent for path in memories}) == 1
