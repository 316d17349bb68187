"""What stands beside the data: written whole at each run, over anything, and nothing of others is lost."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path

import duckdb
import pytest
import yaml

import crawler.upkeep.card as module
from crawler.upkeep.card import CARD, CROISSANT, SECOND, VIEWS
from pipelines.card.data import MARK
from pipelines.card.notes import END
from pipelines.shard import Shard, shards
from pipelines.store.file_figures import FIGURES
from pipelines.store.ledger import Ledger
from pipelines.store.output import FolderOutput, open_output
from pipelines.store.place import state_folder
from pipelines.store.publish import Publisher
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, rows, scrapy
from tests.helpers_card import copied, write, written_card
from tests.helpers_store import article, rejected, stage

DOCS = (ROOT / "docs" / "card.md").read_text(encoding="utf-8")


def publish(output: Path, *names: str, run: str = "run-1", shard: Shard | None = None) -> None:
    """What a run does, as one of a shard or of the whole."""
    state = state_folder(str(output), "", shard)
    run = f"{run}-{shard.name}-abcdef" if shard else run
    with closing(Ledger(state / "ledger.sqlite")) as ledger:
        ledger.start_run(run, "news", article().fetched_at)
        for name in names:
            stage(ledger, article(f"https://sahifa.test/{name}", f"text of {name}"))
        Publisher(ledger, FolderOutput(output), state / "scratch", run).publish()


def text(output: Path, name: str = CARD) -> str:
    return (output / name).read_text(encoding="utf-8")


# -- over a real crawl


def test_a_crawls_card_says_what_its_rows_say(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    output = written_card(demo_crawl, tmp_path)
    card, db = text(output), duckdb.connect()
    db.execute(text(output, VIEWS))
    counted = "count(DISTINCT url_canonical), count(*), sum(word_count), sum(char_count)"
    articles, versions, words, chars = db.execute(f"SELECT {counted} FROM articles").fetchall()[0]
    assert f"**{articles:,} articles** in {versions:,} versions, from 6 sites and in 4 languages" in card
    assert f"{words:,} words, {chars:,} characters" in card
    for site, publisher, number, total in db.execute(
        "SELECT site, mode(publisher), count(*), sum(word_count) FROM articles GROUP BY site"
    ).fetchall():
        (line,) = re.findall(rf"^\| {re.escape(site.replace('-', chr(92) + '-'))} \|.*$", card, re.MULTILINE)
        assert f"| {number} | {number} | {total:,} |" in line
        assert (publisher or "") in line
    for reason, number in db.execute("SELECT reason, count(*) FROM rejected GROUP BY 1").fetchall():
        assert f"| {reason.replace('_', chr(92) + '_')} | {number} |" in card
    ledger = output / ".state" / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as state:
        (urls,) = state.execute("SELECT count(*) FROM urls").fetchone()
        (last,) = state.execute("SELECT max(run_id) FROM runs").fetchone()
    assert f"| discovered | {urls} |" in card
    assert "published by 2 runs, the last of them run " + last.replace("-", r"\-") in card
    assert "Not counted" not in card


def test_load_dataset_finds_the_files_of_each_config(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    """Its patterns are relative to the folder of the card."""
    output = written_card(demo_crawl, tmp_path)
    header = yaml.safe_load(text(output).split("---\n")[1])
    files = [path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()]
    for config in header["configs"]:
        (given,) = config["data_files"]
        found = [name for name in files if fnmatch(name, given["path"])]
        assert found == [name for name in files if name.startswith(f"{config['config_name']}/")]
        assert [path.relative_to(output).as_posix() for path in output.glob(given["path"])] == found
        assert found


@pytest.mark.parametrize("reader", ["duckdb", "polars", "pandas"])
def test_the_cards_snippets_run(demo_crawl: DemoCrawl, tmp_path: Path, reader: str) -> None:
    output = written_card(demo_crawl, tmp_path)
    (snippet,) = re.findall(rf"```python {reader}\n(.*?)```", text(output), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", snippet], cwd=output, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_the_command_writes_them_and_says_so(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    output = copied(demo_crawl, tmp_path)
    done = scrapy("card", "-s", f"NEWS_OUTPUT={output}")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"README.md, croissant.json, views.sql written below {output}\n"
    ledger = output / ".state" / "ledger.sqlite"
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA user_version = 99")
    done = scrapy("card", "--format", "json", "-s", f"NEWS_OUTPUT={output}")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["targets"], found["said"], found["refused"]) == ([CARD, CROISSANT, VIEWS], [], "")
    (line,) = found["not_counted"]
    assert "ledger version 99" in line


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments, code in ((["-a", "shard=9/8"], 2), (["-s", f"NEWS_OUTPUT={tmp_path}/file"], 4)):
        done = scrapy("card", *arguments)
        assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 1)


def test_nothing_published_is_said(tmp_path: Path) -> None:
    done = scrapy("card", "-s", f"NEWS_OUTPUT={tmp_path}/empty")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0].endswith("is NEWS_OUTPUT right?")
    assert "Nothing has been published here yet." in text(tmp_path / "empty")
    db = duckdb.connect()
    db.execute(text(tmp_path / "empty", VIEWS))
    assert db.execute("SELECT count(*) FROM as_cc_news").fetchall() == [(0,)]


# -- what cannot be read


@pytest.fixture
def output(tmp_path: Path) -> Path:
    found = tmp_path / "output"
    publish(found, "1", "2")
    publish(found, "3", run="run-2")
    write(found)
    return found


def test_what_refuses_the_documents_is_said_and_no_run_fails(output: Path) -> None:
    (output / CARD).unlink()
    (output / CARD).mkdir()
    written = write(output)
    assert (written.targets, written.said) == ((), ())
    assert CARD in written.refused
    done = scrapy("card", "-s", f"NEWS_OUTPUT={output}")
    assert (done.code, done.out, len(done.err.splitlines())) == (4, "", 1)


def not_counted(output: Path) -> list[str]:
    section = text(output).partition("## Not counted")[2].partition("\n## ")[0]
    return re.findall("^- (.*)$", section, re.MULTILINE)


@pytest.mark.parametrize("harm", ["no database", "another version", "gone"])
def test_a_ledger_that_cannot_be_read_is_named(output: Path, harm: str) -> None:
    ledger = output / ".state" / "ledger.sqlite"
    if harm == "another version":
        with closing(sqlite3.connect(ledger)) as db:
            db.execute("PRAGMA user_version = 99")
    else:
        for more in ("-wal", "-shm"):
            ledger.with_name(f"{ledger.name}{more}").unlink(missing_ok=True)
        ledger.unlink()
    if harm == "no database":
        ledger.write_bytes(b"no database" * 1000)
    write(output)
    assert len(not_counted(output)) == 1
    assert "**3 articles**" in text(output)
    assert "From addresses to articles" not in text(output)
    assert ledger.exists() == (harm != "gone")


def test_a_damaged_manifest_is_named_and_the_ledger_is_shown(output: Path) -> None:
    (output / "manifest.json").write_text("{", encoding="utf-8")
    write(output)
    (line,) = not_counted(output)
    assert "manifest" in line
    assert "| discovered | 3 |" in text(output)
    assert text(output, "manifest.json") == "{"


def test_a_damaged_file_is_named_and_the_rest_is_counted(output: Path) -> None:
    path = next((output / "articles").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-100])
    (output / ".state" / FIGURES).unlink()
    write(output)
    (line,) = not_counted(output)
    assert "scrapy verify" in line
    assert re.search(r"\*\*[12] articles?\*\*", text(output))
    assert path.name in text(output, CROISSANT)


def test_shards_whose_number_cannot_be_read_are_named(output: Path) -> None:
    (output / "shards.json").write_text("{", encoding="utf-8")
    write(output)
    (line,) = not_counted(output)
    assert "shards" in line


# -- files of others


def test_notes_stay_and_the_rest_is_made_anew(output: Path) -> None:
    path = output / CARD
    path.write_text(text(output).replace(END, f"Ask us first. ملاحظة\n{END}"), encoding="utf-8")
    publish(output, "4", run="run-3")
    assert write(output).targets == (CARD, CROISSANT, VIEWS)
    assert f"\nAsk us first. ملاحظة\n{END}" in text(output)
    assert "**4 articles**" in text(output)


def test_a_readme_of_ones_own_stays_and_the_card_stands_beside_it(output: Path) -> None:
    (output / CARD).write_text("# Mine\n", encoding="utf-8")
    written = write(output)
    assert written.targets == (SECOND, CROISSANT, VIEWS)
    (line,) = written.said
    assert str(output / CARD) in line
    assert text(output) == "# Mine\n"
    noted = text(output, SECOND).replace(END, f"A note.\n{END}")
    (output / SECOND).write_text(noted, encoding="utf-8")
    (output / CARD).unlink()
    assert write(output).targets == (CARD, CROISSANT, VIEWS)
    assert "A note." in text(output)
    assert not (output / SECOND).exists()


def test_a_card_that_lost_the_lines_around_its_notes_is_not_overwritten(output: Path) -> None:
    broken = text(output).replace(END, "My long note, and no end.")
    (output / CARD).write_text(broken, encoding="utf-8")
    assert write(output).targets[0] == SECOND
    assert text(output) == broken


def test_a_second_file_of_ones_own_is_no_matter_while_the_card_has_its_place(output: Path) -> None:
    (output / SECOND).write_text("mine", encoding="utf-8")
    written = write(output)
    assert (written.targets, written.said) == ((CARD, CROISSANT, VIEWS), ())
    assert text(output, SECOND) == "mine"


def test_other_files_of_ones_own_stay(output: Path) -> None:
    for name in (CARD, SECOND, CROISSANT, VIEWS):
        (output / name).write_text("mine", encoding="utf-8")
    written = write(output)
    assert written.targets == ()
    assert len(written.said) == 4
    assert {text(output, name) for name in (CARD, SECOND, CROISSANT, VIEWS)} == {"mine"}


# -- shards and other runs at the same time


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    output = tmp_path / "output"
    output.mkdir()
    (output / "shards.json").write_text('{"shards": 3}', encoding="utf-8")
    for shard in list(shards(3))[:2]:
        publish(output, f"of-{shard.number}", shard=shard)
    return output


@pytest.mark.parametrize("shard", [None, Shard(1, 3), Shard(2, 3)])
def test_each_shard_writes_the_one_card_of_all(sharded: Path, shard: Shard | None) -> None:
    write(sharded, shard)
    assert "**2 articles**" in text(sharded)
    assert "| discovered | 2 |" in text(sharded)
    (line,) = not_counted(sharded)
    assert "not here\\: 1 of 3" in line


def test_two_at_a_time_tear_nothing(sharded: Path) -> None:
    whole = re.compile(rf"---\n.*{re.escape(MARK)}.*```\n\Z", re.DOTALL)
    (sharded / CARD).write_text("", encoding="utf-8")
    (sharded / CARD).unlink()
    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(write, sharded, shard) for shard in list(shards(3))[:2] * 5]
        while not all(each.done() for each in work):
            if (sharded / CARD).exists():
                assert whole.match(text(sharded))
        assert all(each.result().targets == (CARD, CROISSANT, VIEWS) for each in work)
    assert not list(sharded.glob(".*.tmp"))


def test_what_was_published_meanwhile_is_in_the_card(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another shard's run publishes between our look at the manifest and the writing of the card."""
    put, calls = module._put, []

    def late(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            publish(output, "late", run="run-9")
        return put(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(module, "_put", late)
    write(output)
    assert "**4 articles**" in text(output)
    assert len(calls) == 2


def test_half_written_documents_of_killed_runs_are_swept(output: Path) -> None:
    (output / ".README.md.4711.tmp").write_text("half", encoding="utf-8")
    (output / ".mine.tmp").write_text("somebody's own", encoding="utf-8")
    FolderOutput(output).sweep()
    assert [path.name for path in output.glob(".*.tmp")] == [".mine.tmp"]


def test_figures_are_those_of_the_rows_after_a_rejected_page_came(output: Path) -> None:
    with closing(Ledger(output / ".state" / "ledger.sqlite")) as ledger:
        stage(ledger, rejected())
        Publisher(ledger, open_output(str(output)), output / ".state" / "scratch", "run-3").publish()
    assert "CAST(NULL AS" in text(output, VIEWS).split("VIEW rejected AS")[1].split(";")[0]
    write(output)
    db = duckdb.connect()
    db.execute(text(output, VIEWS))
    assert db.execute("SELECT reason FROM rejected").fetchall() == [("not_article",)]
    assert len(rows(output, "rejected")) == 1
    shutil.rmtree(output / "rejected")
    write(output)
    assert "scrapy verify" not in text(output)  # what was counted is not read again


def test_the_documented_query_runs(demo_crawl: DemoCrawl, tmp_path: Path) -> None:
    written_card(demo_crawl, tmp_path)
    (snippet,) = re.findall(r"```python views\n(.*?)```", DOCS, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "sahifa-east" in done.stdout


def test_the_documented_views_are_those_of_the_script(output: Path) -> None:
    table = DOCS.split("| view | rows |")[1].split("\n\n")[0]
    names = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(names) == sorted(re.findall(r"OR REPLACE VIEW (\w+)", text(output, VIEWS)))
    comments = re.findall(r"COMMENT ON VIEW (\w+)", text(output, VIEWS))
    assert sorted(comments) == sorted(names)
