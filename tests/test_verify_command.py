"""`scrapy verify`, and what becomes of files that are gone."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.records import Cleaned
from pipelines.store.errors import StoreError
from pipelines.store.forget import forget_missing, missing_files, refuse_missing
from pipelines.store.ledger import Ledger
from pipelines.store.links import Link
from pipelines.store.lock import OutputLock
from pipelines.store.output import FolderOutput
from pipelines.store.reconcile import reconcile
from tests.conftest import DemoCrawl
from tests.crawling import Finished, crawl_newsroom, scrapy
from tests.helpers_store import NOW, Store, article, page, seed
from tests.helpers_verify import looked, part, table_of, write_anew


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store, _ = seed(tmp_path_factory.mktemp("template") / "output")
    store.publish()
    return store


@pytest.fixture
def store(template: Store, tmp_path: Path) -> Store:
    return template.copy(tmp_path / "output")


# -- files that are gone


def test_missing_files_stop_a_run_until_they_are_forgotten(store: Store) -> None:
    output = FolderOutput(store.output)
    gone = part(store)
    target = gone.relative_to(store.output).as_posix()
    with closing(Ledger(store.ledger_path)) as ledger:
        assert missing_files(output, ledger.connection) == []
        refuse_missing(output, ledger.connection)
        output.remove(target)
        assert missing_files(output, ledger.connection) == [target]
        with pytest.raises(StoreError, match=rf"1 published files are missing .*{target}.*verify --forget"):
            refuse_missing(output, ledger.connection)
        forgotten = forget_missing(ledger, output)
        assert (forgotten.files, forgotten.rows, forgotten.unknown) == ((target,), 2, 0)
        refuse_missing(output, ledger.connection)
        assert forget_missing(ledger, output).files == ()
    assert target not in {each.path for each in output.listed()}
    assert looked(store) == []
    assert reconcile(store.ledger_path, output).imbalances == ()


def test_forgotten_articles_stay_known_and_are_not_stored_again(store: Store) -> None:
    output = FolderOutput(store.output)
    lost = article("https://sahifa.test/news/1", "متن اول")
    for dataset in ("articles", "rejected", "removed_blocks"):
        output.remove(part(store, dataset).relative_to(store.output).as_posix())
    with closing(Ledger(store.ledger_path)) as ledger:
        forget_missing(ledger, output)
        assert ledger.known([lost.url]) == {lost.url}
        other = "https://sahifa.test/short/1"  # another address of the article
        ledger.discover("run-2", "sahifa", [Link(other, other, "link")], NOW)
        ledger.lease("run-2", "sahifa", 10)
        ledger.fetched(other, page(url=other))
        assert ledger.stage(other, Cleaned(lost)) is None
    assert reconcile(store.ledger_path, output).imbalances == ()


def test_rows_that_were_lost_before_are_not_forgotten_in_silence(store: Store) -> None:
    output = FolderOutput(store.output)
    kept, gone = [store.output / name for name in store.visible() if name.startswith("articles")]
    write_anew(store, kept, table_of(kept).slice(0, 1))
    output.remove(gone.relative_to(store.output).as_posix())
    with closing(Ledger(store.ledger_path)) as ledger:
        assert forget_missing(ledger, output).unknown == 1


# -- the command


@pytest.fixture
def demo(demo_crawl: DemoCrawl, tmp_path: Path) -> Path:
    shutil.copytree(demo_crawl.output, tmp_path / "output")
    return tmp_path / "output"


def run_verify(output: Path, *arguments: str) -> Finished:
    return scrapy("verify", *arguments, "-s", f"NEWS_OUTPUT={output}")


def test_a_crawl_of_the_demo_verifies_with_its_raw_bytes(demo: Path) -> None:
    done = run_verify(demo, "--raw")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("All as the manifest says: 3 files, ")


def test_problems_are_exit_6_one_line_each(demo: Path) -> None:
    path = next((demo / "articles").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-100])
    shutil.copy(path, path.with_name("copy.parquet"))
    done = run_verify(demo)
    assert (done.code, done.err) == (6, "")
    lines = done.out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"{path.relative_to(demo)}: has ")
    assert "copy.parquet: not in the manifest; is no whole Parquet file" in lines[1]
    assert lines[2].startswith("2 problems")
    plain = json.loads(run_verify(demo, "--format", "json").out)
    assert {each["file"] for each in plain["problems"]} == {
        str(path.relative_to(demo)),
        str(path.with_name("copy.parquet").relative_to(demo)),
    }


def test_a_crawl_whose_files_are_gone_ends_before_it_fetches_until_they_are_forgotten(
    demo_crawl: DemoCrawl, demo: Path
) -> None:
    """D10: the datasets were moved away between two runs."""
    for dataset in ("articles", "rejected", "removed_blocks"):
        shutil.rmtree(demo / dataset)
    asked = demo_crawl.log.read_text(encoding="utf-8").count("\n")
    done = crawl_newsroom(demo_crawl.newsroom, demo_crawl.sites, demo)
    assert done.code == 4
    assert len(done.err.splitlines()) == 1
    for word in ("3 published files are missing", "articles/fetch_date=", "scrapy verify --forget"):
        assert word in done.err
    assert demo_crawl.log.read_text(encoding="utf-8").count("\n") == asked
    forgotten = run_verify(demo, "--forget")
    assert (forgotten.code, forgotten.err) == (0, "")
    assert "3 files that are gone" in forgotten.out
    assert scrapy("reconcile", "-s", f"NEWS_OUTPUT={demo}").code == 0
    again = crawl_newsroom(demo_crawl.newsroom, demo_crawl.sites, demo)
    assert again.code == 0
    assert "72 articles known already" in again.out


def test_to_forget_while_a_run_is_under_way_is_refused(demo: Path) -> None:
    with OutputLock(demo / ".state" / "lock", "run 20261121T000000-abcdef"):
        done = run_verify(demo, "--forget")
        assert run_verify(demo).code == 0
    assert (done.code, done.out) == (3, "")
    assert "20261121T000000-abcdef" in done.err


def test_nothing_to_verify_is_exit_4(tmp_path: Path) -> None:
    done = run_verify(tmp_path / "nowhere")
    assert (done.code, done.out) == (4, "")
    assert "is NEWS_OUTPUT right?" in done.err
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_ledger_is_a_problem_and_the_files_are_looked_at_all_the_same(demo: Path) -> None:
    (demo / ".state" / "ledger.sqlite").write_bytes(b"no database" * 1000)
    for more in ("-wal", "-shm"):
        (demo / ".state" / f"ledger.sqlite{more}").unlink(missing_ok=True)
    done = run_verify(demo)
    assert done.code == 6
    assert "ledger.sqlite: file is not a database: move it away" in done.out
    assert "looked at 3 files" in done.out
