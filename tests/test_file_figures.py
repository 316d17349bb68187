"""What published files hold: counted once a file, the same as their rows say, whatever became of some."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import SCHEMA_VERSION
from pipelines.card.figures import Cell, Counted, FileFigures, by_kind, by_site, gathered, summed
from pipelines.records import ChangeKind
from pipelines.store.file_figures import FIGURES, count_file, count_files
from pipelines.store.ledger import Ledger
from pipelines.store.manifest import PublishedFile
from pipelines.store.output import FolderOutput
from pipelines.store.parquet import file_digest
from pipelines.store.publish import Publisher
from tests.crawling import ROOT
from tests.helpers_store import NOW, article, block, rejected, stage

DAY = NOW.date()
NAMES = st.text(min_size=1, max_size=5)
COUNTS = st.integers(0, 10**9)
TIMES = st.sampled_from(["", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"])
CELLS = st.builds(
    Cell, site=NAMES, kind=NAMES, rows=COUNTS, words=COUNTS, first_fetched=TIMES, last_fetched=TIMES
)
FILES = st.builds(
    FileFigures,
    dataset=st.sampled_from(["articles", "rejected"]),
    cells=st.lists(CELLS, max_size=4).map(tuple),
    publishers=st.dictionaries(NAMES, NAMES, max_size=3),
    extractors=st.lists(NAMES, max_size=2).map(tuple),
    schema_versions=st.lists(st.integers(1, 3), max_size=2).map(tuple),
)


@pytest.fixture
def output(tmp_path: Path) -> FolderOutput:
    """Two runs' files: three articles of two sites in four versions, two rejected pages, three blocks."""
    found = FolderOutput(tmp_path / "output")
    first = article("https://sahifa.test/1", "خبر", publisher="صحيفة", rights=("robots:noai",))
    with closing(Ledger(tmp_path / "output" / ".state" / "ledger.sqlite")) as ledger:
        stage(ledger, first, block(1), block(2))
        stage(ledger, article("https://sahifa.test/2", "news of today", language="en", duplicate_of=first.id))
        stage(ledger, rejected("https://sahifa.test/about"))
        Publisher(ledger, found, tmp_path / "scratch", "run-1").publish()
        later = NOW + timedelta(days=1)
        other = article("https://rozname.test/1", "متن", site="rozname", language="fa", published_date=None)
        stage(ledger, replace(other, fetched_at=later), block(1))
        stage(ledger, rejected("https://rozname.test/about", site="rozname", fetched_at=later))
        Publisher(ledger, found, tmp_path / "scratch", "run-2").publish()
    return found


def kept(output: FolderOutput) -> Path:
    return output.folder / ".state" / FIGURES


def counted(output: FolderOutput) -> Counted:
    return count_files(output, output.listed(), kept(output))


def test_rows_words_days_and_names_are_counted_by_site_and_language(output: FolderOutput) -> None:
    found = counted(output)
    assert found.unread == ()
    fa, ar, en = found.cells("articles")
    assert (fa.site, fa.kind, fa.rows, fa.dated, fa.first_published) == ("rozname", "fa", 1, 0, "")
    assert (ar.site, ar.kind, ar.words, ar.chars, ar.signals) == ("sahifa", "ar", 1, 3, 1)
    assert (ar.first_published, ar.last_published) == ("2026-11-20", "2026-11-20")
    assert (ar.first_fetched, fa.first_fetched) == ("2026-11-21T08:30:15Z", "2026-11-22T08:30:15Z")
    assert (en.kind, en.articles, en.near, en.signals, en.dated) == ("en", 1, 1, 0, 1)
    assert found.publishers == {"sahifa": "صحيفة"}
    assert (found.extractors, found.schema_versions) == ({article().extractor}, {SCHEMA_VERSION})
    assert [cell.kind for cell in by_kind(found.cells("rejected"))] == ["not_article"]
    assert [(cell.site, cell.rows) for cell in by_site(found.cells("removed_blocks"))] == [
        ("sahifa", 2),
        ("rozname", 1),
    ]


def test_a_later_version_is_a_row_and_no_article(tmp_path: Path) -> None:
    output = FolderOutput(tmp_path / "output")
    first = article("https://sahifa.test/1", "one")
    with closing(Ledger(tmp_path / "output" / ".state" / "ledger.sqlite")) as ledger:
        stage(ledger, first)
        later = article("https://sahifa.test/1", "two", change_kind=ChangeKind.TEXT)
        stage(ledger, replace(later, version=2, previous_id=first.id))
        Publisher(ledger, output, tmp_path / "scratch", "run-1").publish()
    (cell,) = counted(output).cells("articles")
    assert (cell.rows, cell.articles) == (2, 1)


def test_a_file_is_read_once(output: FolderOutput, monkeypatch: pytest.MonkeyPatch) -> None:
    first = counted(output)
    opened: list[str] = []
    monkeypatch.setattr(output, "open", opened.append)
    assert counted(output) == first
    assert opened == []


def test_what_is_gone_is_forgotten(output: FolderOutput) -> None:
    every = output.listed()
    count_files(output, every, kept(output))
    count_files(output, every[:1], kept(output))
    with closing(sqlite3.connect(kept(output))) as db:
        assert db.execute("SELECT path FROM files").fetchall() == [(every[0].path,)]


@pytest.mark.parametrize("harm", ["no database", "nonsense", "another version", "deleted", "a folder"])
def test_what_is_kept_can_be_lost(output: FolderOutput, harm: str) -> None:
    first, path = counted(output), kept(output)
    if harm == "no database":
        path.write_bytes(b"no database" * 1000)
    elif harm == "nonsense":
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE files SET figures = '{}'")
            db.commit()
    elif harm == "another version":
        with closing(sqlite3.connect(path)) as db:
            db.executescript("UPDATE files SET figures = '{}'; PRAGMA user_version = 99;")
    else:
        path.unlink()
    if harm == "a folder":
        path.mkdir()
    assert counted(output) == first


@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "no parquet"])
def test_a_bad_file_is_named_and_the_rest_is_counted(output: FolderOutput, harm: str) -> None:
    file = next(each for each in output.listed() if each.dataset == "articles")
    path = output.folder / file.path
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(
            {"cut": data[:-50], "changed": data[:50] + b"\0" + data[51:], "no parquet": b"x"}[harm]
        )
    found = counted(output)
    assert [line.split(":")[0] for line in found.unread] == [file.path]
    assert "scrapy verify" in found.unread[0]
    whole = sum(file.rows for file in output.listed() if file.dataset == "articles")
    assert summed(found.cells("articles")).rows == whole - file.rows
    assert summed(found.cells("removed_blocks")).rows == 3
    assert counted(output) == found


def test_an_entry_that_leads_elsewhere_is_not_followed(output: FolderOutput) -> None:
    file = output.listed()[0]
    for wrong in (replace(file, path="articles/../../secret"), replace(file, dataset="pages")):
        found = count_files(output, [wrong], kept(output))
        assert found.by_dataset == {}
        assert len(found.unread) == 1


def test_a_file_of_another_schema_is_named(output: FolderOutput) -> None:
    """A later version may have renamed a column."""
    blocks = next(file for file in output.listed() if file.dataset == "removed_blocks")
    wrong = replace(blocks, dataset="articles", path=blocks.path.replace("removed_blocks", "articles"))
    target = output.folder / wrong.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((output.folder / blocks.path).read_bytes())
    found = count_files(output, [wrong], kept(output))
    assert (found.by_dataset, len(found.unread)) == ({}, 1)


@given(st.lists(FILES, max_size=4))
def test_files_add_up_in_any_order(files: list[FileFigures]) -> None:
    forth, back = gathered(files), gathered(reversed(files))
    for dataset in ("articles", "rejected"):
        assert forth.cells(dataset) == back.cells(dataset)
        rows = sum(cell.rows for file in files if file.dataset == dataset for cell in file.cells)
        assert rows == summed(forth.cells(dataset)).rows
        assert rows == sum(cell.rows for cell in by_site(forth.cells(dataset)))
        assert rows == sum(cell.rows for cell in by_kind(forth.cells(dataset)))


@given(FILES)
def test_figures_come_back_from_what_is_kept(figures: FileFigures) -> None:
    assert FileFigures.from_plain(figures.plain()) == figures


def test_one_file_is_counted_by_its_columns_alone(output: FolderOutput) -> None:
    file: PublishedFile = next(each for each in output.listed() if each.dataset == "articles")
    figures = count_file(output, file)
    assert sum(cell.rows for cell in figures.cells) == file.rows


def test_files_of_earlier_schemas_are_counted_and_known_as_such(output: FolderOutput) -> None:
    earlier = ROOT / "tests" / "earlier" / "v1"
    for dataset in ("articles", "rejected", "removed_blocks"):
        part = next((earlier / dataset).rglob("*.parquet"))
        file = next(each for each in output.listed() if each.dataset == dataset)
        path = part.relative_to(earlier).as_posix()
        target = output.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(part.read_bytes())
        found = count_file(output, replace(file, path=path, sha256=file_digest(part)))
        assert found.schema_versions == (1,)
        assert sum(cell.rows for cell in found.cells) == pq.read_metadata(part).num_rows
