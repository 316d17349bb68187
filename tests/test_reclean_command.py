"""`scrapy reclean` as a person calls it, over what real crawls of a loopback site left."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from demo.crawl import environment
from tests.crawling import ROOT, Finished, kill_when, rows, scrapy, start
from tests.helpers_hosts import Answer, Hosts
from tests.helpers_reclean import READ_ALSO, page, text_of
from tests.test_lock import held_elsewhere

pytestmark = pytest.mark.xdist_group("reclean")
HOST = "127.0.7.31"
# What the site prints under each story in the same words: none of the rules knows it.
FURNITURE = "The harbour desk of this paper watches the tide for you every day"
COUNT = 12
COLUMNS = (
    *("site", "rows", "unchanged", "text", "par. +", "par. -", "letters +", "letters -"),
    *("titles", "dates", "other", "gained", "lost", "unreadable"),
)
EARLY = 2


@dataclass(frozen=True)
class Scene:
    """A folder with what crawls of an open site left."""

    folder: Path
    hosts: Hosts

    @property
    def served(self) -> str:
        return self.hosts.url(HOST, "")

    @property
    def output(self) -> Path:
        return self.folder / "output"

    def crawl(self, numbers: range, **settings: object) -> Finished:
        urls = "\n".join(f"{self.served}/news/story-{number}" for number in numbers)
        (self.folder / "urls.txt").write_text(urls, encoding="utf-8")
        given = {"NEWS_OUTPUT": self.output, "NEWS_WORKERS": 1, **settings}
        pairs = [part for name, value in given.items() for part in ("-s", f"{name}={value}")]
        quick = ("-s", "DOWNLOAD_DELAY=0", "-s", f"NEWS_ALLOW_PRIVATE={self.hosts.allowed}")
        return scrapy("crawl", "urls", "-a", f"file={self.folder / 'urls.txt'}", *pairs, *quick)

    def sites(self, *rules_off: str) -> Path:
        """A folder with the site's file, of today."""
        folder = self.folder / "sites"
        folder.mkdir(exist_ok=True)
        lines = [f'name = "{HOST}"', f'start = "{self.served}/"', f"rules_off = {json.dumps(rules_off)}"]
        (folder / "site.toml").write_text("\n".join(lines), encoding="utf-8")
        return folder

    def command(self, *arguments: str) -> list[str]:
        sites = (
            () if any(each.startswith("sites=") for each in arguments) else ("-a", f"sites={self.sites()}")
        )
        return ["reclean", "-s", f"NEWS_OUTPUT={self.output}", *sites, *arguments]

    def reclean(self, *arguments: str) -> Finished:
        return scrapy(*self.command(*arguments))

    def looked(self, *arguments: str, code: int = 0) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The JSON object, and the rows of the diff by the last part of their address."""
        done = self.reclean("--format", "json", "--diff", str(self.folder / "diff.parquet"), *arguments)
        assert (done.code, done.err) == (code, "")
        with pq.ParquetFile(self.folder / "diff.parquet") as file:
            diff = {row["url"].rpartition("/")[2]: row for row in file.read().to_pylist()}
        return json.loads(done.out), diff

    def done(self) -> int:
        """Pages whose outcome a call has noted."""
        work = self.output / ".state" / "reclean" / "ledger.sqlite.work"
        if not work.exists():
            return 0
        with closing(sqlite3.connect(work)) as db, suppress(sqlite3.OperationalError):  # begun just now
            return int(db.execute("SELECT count(*) FROM outcomes").fetchone()[0])
        return 0

    def newest(self) -> dict[str, dict[str, Any]]:
        """Of each article the row that an analyst takes for the latest."""
        query = (
            "SELECT * FROM read_parquet(?, hive_partitioning = true) "
            "QUALIFY row_number() OVER (PARTITION BY url_canonical ORDER BY version DESC) = 1"
        )
        files = [f"{self.output}/articles/**/*.parquet"]
        found = duckdb.sql(query, params=files).to_arrow_table().to_pylist()
        return {row["url"].rpartition("/")[2]: row for row in found}

    def balanced(self) -> bool:
        done = scrapy("reconcile", "-s", f"NEWS_OUTPUT={self.output}")
        return done.code == 0


def answer(path: str) -> Answer:
    if not path.startswith("/news/story-"):
        return Answer(404)
    number = int(path.rpartition("-")[2])
    markup = page(number, READ_ALSO["en"], FURNITURE)
    return Answer(body=markup.encode(), headers=(("Content-Type", "text/html; charset=utf-8"),))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A crawl of two pages, then one of ten more, which teach memory what the site repeats."""
    folder = tmp_path_factory.mktemp("crawled")
    with Hosts({HOST: answer}) as hosts:
        scene = Scene(folder, hosts)
        for numbers in (range(EARLY), range(EARLY, COUNT)):
            done = scene.crawl(numbers)
            assert done.code == 0, done.out + done.err
        yield scene


@pytest.fixture
def scene(crawled: Scene, tmp_path: Path) -> Scene:
    shutil.copytree(crawled.folder, tmp_path / "scene")
    return Scene(tmp_path / "scene", crawled.hosts)


def early() -> set[str]:
    return {f"story-{number}" for number in range(EARLY)}


def test_what_memory_learnt_late_cleans_the_first_pages_within_a_budget(scene: Scene) -> None:
    assert {name for name, row in scene.newest().items() if FURNITURE in row["text"]} == early()
    before = {path: path.read_bytes() for path in scene.output.rglob("*.parquet")}
    found, diff = scene.looked()
    assert {name: row["paragraphs_lost"] for name, row in diff.items()} == {
        name: [FURNITURE] for name in early()
    }
    assert (found["total"]["rows"], found["total"]["unchanged"]) == (COUNT, COUNT - EARLY)
    assert found["published"] is None
    refused = scene.reclean("--publish", "--budget", "0.1%")
    assert refused.code == 5
    assert f"Beyond the loss budget: site {HOST}: " in refused.out
    assert "Nothing was published" in refused.out
    assert {path: path.read_bytes() for path in scene.output.rglob("*.parquet") if path in before} == before
    done = scene.reclean("--publish", "--budget", "5%")
    assert (done.code, done.err) == (0, "")
    assert f"Published {EARLY} new versions and 0 gained pages" in done.out
    newest = scene.newest()
    assert {name: row["text"] for name, row in newest.items()} == {
        f"story-{number}": "\n\n".join(text_of(number)) for number in range(COUNT)
    }
    assert {name for name, row in newest.items() if row["change_kind"] == "recleaned"} == early()
    assert scene.balanced()
    again = scene.reclean("--publish")
    assert (again.code, again.out.splitlines()[-1]) == (0, "Published 0 new versions and 0 gained pages")
    assert scene.newest() == newest


def test_a_rule_turned_off_shows_and_publishes_exactly_that_and_back(scene: Scene) -> None:
    off = f"sites={scene.sites('phrase.en.read_also', 'site_memory')}"
    found, diff = scene.looked("-a", off, "--publish")
    assert {name: row["paragraphs_gained"] for name, row in diff.items() if name not in early()} == {
        f"story-{number}": [READ_ALSO["en"], FURNITURE] for number in range(EARLY, COUNT)
    }
    assert {name: row["paragraphs_gained"] for name, row in diff.items() if name in early()} == {
        name: [READ_ALSO["en"]] for name in early()
    }
    assert found["total"]["letters_lost"] == 0
    assert found["published"]["versions"] == COUNT
    assert all(row["text"].endswith(FURNITURE) for row in scene.newest().values())
    found, diff = scene.looked("--publish", code=5)
    assert len(found["beyond_budget"]) == 2
    assert (found["published"], len(diff)) == (None, COUNT)
    found, diff = scene.looked("--publish", "--budget", "10%")
    assert {tuple(row["paragraphs_lost"]) for row in diff.values()} == {(READ_ALSO["en"], FURNITURE)}
    assert found["published"]["versions"] == COUNT
    versions = sorted(row["version"] for row in rows(scene.output, "articles"))
    assert versions == sorted([1, 2, 3] * COUNT)
    ids = {row["id"] for row in rows(scene.output, "articles")}
    assert len(ids) == 3 * COUNT
    assert scene.balanced()


def test_the_next_look_makes_no_version_of_what_was_recleaned(scene: Scene) -> None:
    assert scene.reclean("--publish", "--budget", "5%").code == 0
    before = scene.newest()
    asked = len(scene.hosts.asked(HOST))
    done = scene.crawl(range(COUNT), NEWS_RECHECK="always")
    assert done.code == 0, done.out + done.err
    assert len(scene.hosts.asked(HOST)) - asked == COUNT
    assert scene.newest() == before


def test_a_missing_raw_file_is_one_line_and_exit_code_4(scene: Scene) -> None:
    _, second = sorted((scene.output / "raw").glob("*.warc.gz"))
    second.rename(scene.folder / second.name)
    done = scene.reclean("--publish", "--budget", "100%")
    assert done.code == 4
    lines = [line for line in done.out.splitlines() if second.name in line]
    assert lines == [f"raw/{second.name}: {COUNT - EARLY} pages cannot be read: the file is missing"]
    assert f"Published {EARLY} new versions" in done.out
    (scene.folder / second.name).rename(second)
    again = scene.reclean()
    assert again.code == 0
    assert "cannot be read" not in again.out


def test_a_reclean_that_is_stopped_says_so_in_one_line(scene: Scene) -> None:
    command = [sys.executable, "-m", "scrapy", *scene.command()]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True)
    while process.poll() is None and scene.done() < 2:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4
    assert said == "scrapy reclean: stopped; what was cleaned is kept, and a rerun does the rest\n"
    assert scene.done() >= 2


def test_a_killed_reclean_is_taken_up_by_the_next(scene: Scene) -> None:
    def some_done() -> bool:
        return scene.done() > 2

    process = start([sys.executable, "-m", "scrapy", *scene.command("--publish", "--budget", "5%")])
    kill_when(process, some_done)
    done = scene.reclean("--publish", "--budget", "5%")
    assert done.code == 0, done.out + done.err
    assert not any(FURNITURE in row["text"] for row in scene.newest().values())
    assert scene.balanced()


def test_the_terminal_shows_sites_languages_and_the_worst_losses(scene: Scene) -> None:
    out = scene.reclean().out
    lines = out.splitlines()
    assert re.split(r"  +", lines[0]) == [*COLUMNS]
    assert lines[1].split()[:5] == [HOST, str(COUNT), str(COUNT - EARLY), str(EARLY), "0"]
    assert [line.split()[0] for line in lines[2:5] if line] == ["total", "language"]
    worst = lines.index("Most letters lost")
    assert f"- {FURNITURE}" in lines[worst + 2]
    assert lines[-1] == f"Nothing was published; --publish makes {EARLY} rows new versions"
    (diff,) = (scene.output / ".state" / "reclean").glob("diff-*.parquet")
    assert lines[-2] == f"The diff has {EARLY} rows: {diff}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-a", "site=nobody"), "no site 'nobody' in the ledger; there are 127.0.7.31"),
        (("-a", "since=yesterday"), "since='yesterday': it must be a day such as 2026-11-21"),
        (("-a", "until=2026-11-21"), "no argument 'until'; there are site, since, sites"),
        (("--budget", "lots"), "--budget 'lots': it must be a share such as '2%'"),
        (("--diff", "/nowhere/diff.parquet"), "--diff /nowhere/diff.parquet: there is no folder /nowhere"),
        (("-a", "sites=/nowhere/site.toml"), "/nowhere/site.toml: cannot read the site file"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(scene: Scene, arguments: tuple[str, ...], said: str) -> None:
    done = scene.reclean(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"scrapy reclean: {said}")
    assert len(done.err.splitlines()) == 1


def test_the_diff_is_no_part_of_a_dataset(scene: Scene) -> None:
    done = scene.reclean("--diff", str(scene.output / "articles" / "diff.parquet"))
    assert done.code == 2
    assert "readers of the dataset would take it for a part of it" in done.err


def test_looking_goes_on_beside_a_run_and_publishing_waits_for_it(scene: Scene) -> None:
    with held_elsewhere(scene.output / ".state" / "lock", "run elsewhere"):
        assert scene.reclean().code == 0
        done = scene.reclean("--publish", "--budget", "5%")
        assert done.code == 3
        assert "is in use by run elsewhere" in done.err


def test_without_a_ledger_there_is_nothing_to_clean(tmp_path: Path) -> None:
    done = scrapy("reclean", "-s", f"NEWS_OUTPUT={tmp_path / 'empty'}")
    assert done.code == 4
    assert "there is no ledger" in done.err
    assert len(done.err.splitlines()) == 1
