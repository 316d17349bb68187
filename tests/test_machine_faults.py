"""A full disk, a read-only disk and folders of other users, as a run meets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.content import gold, write_site_files
from demo.crawl import crawl_command
from demo.server import Newsroom
from pipelines.store.ledger import Ledger
from tests.crawling import IN_THE_LONG_FORM, Finished, crawl_newsroom, parts, rows
from tests.helpers_machine import (
    can_mount,
    permissions_hold,
    run_on_small_disk,
    run_unprivileged,
    run_with_read_only,
    run_with_small_files,
)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with Newsroom(log=tmp_path / "requests.jsonl") as found:
        write_site_files(tmp_path / "sites", found.port)
        yield found


def assert_full(done: Finished) -> None:
    """Exit code 4, one line that says why, and no traceback."""
    assert done.code == 4, done.err
    said = [line for line in done.out.splitlines() if "could not finish" in line]
    assert said == done.out.splitlines()[:1]
    # SQLite calls a file that may not grow an I/O error.
    assert any(words in said[0] for words in ("is full", "No space left", "File too large", "disk I/O error"))
    assert "Traceback" not in done.err
    assert "Short of" not in done.out


def assert_completes(newsroom: Newsroom, sites: Path, output: Path) -> None:
    """Nothing is half visible, and the next run, with space, stores every article once."""
    before = [row["url"] for row in rows(output, "articles")]
    assert len(before) == len(set(before))
    done = crawl_newsroom(newsroom, sites, output)
    assert done.code == 0, done.out + done.err
    answers = {a.url: a.text for a in gold(newsroom.port) if sites.is_dir() or a.site == sites.stem}
    stored = [(row["url"], row["text"]) for row in rows(output, "articles")]
    assert len(stored) == len(answers) > 0
    assert dict(stored) == answers
    assert not list(output.rglob("*.tmp"))
    assert not list((output / ".state" / "scratch").glob("*"))


def fetched_places(tmp_path: Path) -> list[str]:
    """What was asked for, robots.txt included."""
    log = tmp_path / "requests.jsonl"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


# -- a full disk


@pytest.mark.skipif(not can_mount(), reason="this machine lets nobody mount a small disk")
@pytest.mark.parametrize(
    ("kibibytes", "sites"),
    [
        pytest.param(260, "sites/harbour-ledger.toml", id="at the start"),
        pytest.param(900, "sites", id="while links are noted", marks=IN_THE_LONG_FORM),
        pytest.param(5_500, "sites", id="while pages are stored"),
        pytest.param(6_400, "sites", id="while rows are published", marks=IN_THE_LONG_FORM),
    ],
)
def test_a_crawl_on_a_full_disk_says_so_and_the_next_one_with_space_completes_it(
    newsroom: Newsroom, tmp_path: Path, kibibytes: int, sites: str
) -> None:
    output = tmp_path / "output"
    command = crawl_command(newsroom, tmp_path / sites, output)
    assert_full(run_on_small_disk(command, output, kibibytes, tmp_path / "kept"))
    assert_completes(newsroom, tmp_path / sites, tmp_path / "kept")


def test_a_crawl_whose_files_may_not_grow_says_so_and_the_next_one_completes_it(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    output, site = tmp_path / "output", tmp_path / "sites" / "harbour-ledger.toml"
    assert_full(run_with_small_files(crawl_command(newsroom, site, output), 300))
    assert list(parts(output)) == []
    assert_completes(newsroom, site, output)


# -- folders that cannot be written


FOLDERS = (".", "articles", "raw", ".state", "rejected/fetch_date={today}")


@pytest.fixture(params=FOLDERS)
def refused(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The part of the output that cannot be written."""
    folder: Path = tmp_path / "output" / request.param.format(today=datetime.now(UTC).date())
    folder.mkdir(parents=True)
    return folder


def command_on(tmp_path: Path, newsroom: Newsroom) -> list[str]:
    return crawl_command(newsroom, tmp_path / "sites", tmp_path / "output")


def assert_refused(done: Finished, folder: Path, tmp_path: Path) -> None:
    """One line that names the folder, and nobody was asked for anything."""
    assert done.code == 4, done.err
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert str(folder) in done.err
    assert fetched_places(tmp_path) == []


@pytest.mark.skipif(not can_mount(), reason="this machine lets nobody mount a folder read-only")
def test_a_read_only_part_of_the_output_stops_the_run_before_anything_is_fetched(
    newsroom: Newsroom, tmp_path: Path, refused: Path
) -> None:
    assert_refused(run_with_read_only(command_on(tmp_path, newsroom), refused), refused, tmp_path)


@pytest.mark.skipif(not permissions_hold(), reason="permissions mean nothing to this user")
def test_a_part_of_the_output_without_permission_stops_the_run_before_anything_is_fetched(
    newsroom: Newsroom, tmp_path: Path, refused: Path
) -> None:
    refused.chmod(0o555)
    try:
        assert_refused(run_unprivileged(command_on(tmp_path, newsroom)), refused, tmp_path)
    finally:
        refused.chmod(0o755)


@pytest.mark.skipif(not permissions_hold(), reason="permissions mean nothing to this user")
def test_a_ledger_that_may_only_be_read_is_named(newsroom: Newsroom, tmp_path: Path) -> None:
    ledger = tmp_path / "output" / ".state" / "ledger.sqlite"
    Ledger(ledger).close()
    ledger.chmod(0o444)
    assert_refused(run_unprivileged(command_on(tmp_path, newsroom)), ledger, tmp_path)
