"""`scrapy newsite` in a process of its own: outlets of the demo newsroom, and all that can be wrong."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.errors import ExitCode
from crawler.sites import load_site
from demo.crawl import environment
from demo.server import Newsroom
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, Finished, crawl_newsroom, rows, scrapy
from tests.helpers_hosts import Answer, Hosts

# Old encoding and numbers in queries; Persian; an index of sitemaps.
OUTLETS = ("alrasid", "khabarnameh", "harbour-ledger")


@dataclass(frozen=True)
class Written:
    """The newsroom, still open, and what the command wrote of some of its outlets."""

    newsroom: Newsroom
    folder: Path
    done: dict[str, Finished]

    def newsite(self, url: str, *arguments: str) -> Finished:
        hosts = ",".join(urlsplit(start).netloc for start in self.newsroom.starts().values())
        settings = ["-s", f"NEWS_ALLOW_PRIVATE={hosts}", "-s", "DOWNLOAD_DELAY=0"]
        return scrapy("newsite", url, *arguments, *settings)

    def refused(self, url: str, *arguments: str) -> tuple[int, str]:
        """Exit code and the one line."""
        done = self.newsite(url, *arguments)
        assert done.out == ""
        assert done.err.count("\n") == 1, done.err
        assert done.err.startswith("scrapy newsite: ")
        return done.code, done.err.removeprefix("scrapy newsite: ").rstrip("\n")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("newsite")
    with Newsroom(log=folder / "requests.jsonl") as newsroom:
        opened = Written(newsroom, folder / "sites", {})
        for name in OUTLETS:
            arguments = ("--name", name, "--folder", str(folder / "sites"))
            opened.done[name] = opened.newsite(newsroom.starts()[name], *arguments)
        yield opened


@pytest.mark.parametrize("name", OUTLETS)
def test_the_file_written_loads_and_holds_what_answered(written: Written, name: str) -> None:
    done = written.done[name]
    assert (done.code, done.err) == (ExitCode.OK, "")
    path = written.folder / f"{name}.toml"
    site = load_site(path)
    outlet = next(each for each in written.newsroom.outlets if each.name == name)
    assert (site.name, site.start, site.language) == (
        name,
        outlet.start(written.newsroom.port),
        outlet.language,
    )
    assert (len(site.feeds), len(site.sitemaps), site.sections) == (1, 1, ())
    assert site.country is None  # a number tells of no country
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30
    assert path.read_text(encoding="utf-8").rstrip("\n") in done.out


@pytest.mark.parametrize("name", OUTLETS)
def test_three_articles_are_shown_with_title_date_and_ends(written: Written, name: str) -> None:
    shown = " ".join(written.done[name].out.replace("│", " ").split())
    outlet = next(each for each in written.newsroom.outlets if each.name == name)
    seen = [each for each in outlet.articles if " ".join(each.title.split()) in shown]
    assert len(seen) == 3
    for each in seen:
        assert f"{each.published.astimezone(UTC):%Y-%m-%d %H:%M} UTC" in shown
        assert " ".join(each.gold_text.split()[-3:]) in shown
    assert "!" not in [line[:1] for line in written.done[name].out.splitlines()]  # nothing looks wrong


def test_a_crawl_of_the_files_finds_what_the_bundled_files_find(
    written: Written, demo_crawl: DemoCrawl, tmp_path: Path
) -> None:
    crawl_newsroom(written.newsroom, written.folder, tmp_path / "output")

    def places(output: Path) -> set[tuple[str, str, str, str]]:
        urls = ((row["site"], urlsplit(row["url_canonical"])) for row in rows(output, "articles"))
        return {(site, url.hostname or "", url.path, url.query) for site, url in urls if site in OUTLETS}

    assert places(tmp_path / "output") == places(demo_crawl.output)
    assert len(places(tmp_path / "output")) == 12 * len(OUTLETS)


def test_robots_txt_is_asked_first_and_obeyed(written: Written) -> None:
    log = (written.folder.parent / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    for outlet in written.newsroom.outlets:
        paths = [line.split('"path": "')[1].split('"')[0] for line in log if f'"{outlet.address}"' in line]
        if outlet.name in OUTLETS and paths:
            assert paths[0] == "/robots.txt"
            assert not [path for path in paths if path.startswith(("/search", "/admin"))]


def test_a_visit_that_is_interrupted_asks_no_further_and_writes_nothing(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with Newsroom(log=log) as newsroom:
        start = newsroom.starts()["harbour-ledger"]
        command = [sys.executable, "-m", "scrapy", "newsite", start, "--folder", str(tmp_path / "sites")]
        command += ["-s", f"NEWS_ALLOW_PRIVATE={urlsplit(start).netloc}"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True)
        while log.read_text(encoding="utf-8").count("\n") < 3:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == ExitCode.UNFINISHED
    assert said == f"scrapy newsite: {start}: stopped before the visit was over\n"
    assert "/2026/" not in log.read_text(encoding="utf-8")
    assert not (tmp_path / "sites").exists()


def test_a_dry_run_shows_the_file_and_writes_none(written: Written, tmp_path: Path) -> None:
    start = written.newsroom.starts()["hadshot-hanamal"]
    done = written.newsite(start, "-n", "--folder", str(tmp_path / "sites"))
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert f"Not written; {tmp_path}/sites/127-0-0-6.toml would be:\n# Written by" in done.out
    assert 'language = "he"' in done.out
    assert not (tmp_path / "sites").exists()


def test_a_site_without_an_article_is_written_doubted_and_ends_with_5(tmp_path: Path) -> None:
    with Hosts({"127.0.3.50": lambda path: Answer() if path == "/" else Answer(404)}) as hosts:
        start = hosts.url("127.0.3.50", "/")
        settings = ("-s", f"NEWS_ALLOW_PRIVATE={hosts.allowed}", "-s", "DOWNLOAD_DELAY=0")
        done = scrapy("newsite", start, "--folder", str(tmp_path), "--name", "empty", *settings)
    assert (done.code, done.err) == (ExitCode.SHORTFALL, "")
    assert "! no link to an article was found" in done.out
    assert load_site(tmp_path / "empty.toml").start == start


def test_a_file_in_the_way_is_told_before_anything_is_fetched(written: Written) -> None:
    before = (written.folder / "alrasid.toml").read_bytes()
    start, arguments = "http://nowhere.invalid/", ("--name", "alrasid", "--folder", str(written.folder))
    code, said = written.refused(start, *arguments)
    assert code == ExitCode.USAGE
    assert said.startswith(f"{written.folder}/alrasid.toml: is there already; --force replaces it")
    assert (written.folder / "alrasid.toml").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_exit_code_4(written: Written, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    code, said = written.refused("http://nowhere.invalid/", "--folder", str(tmp_path / "file"))
    assert code == ExitCode.UNFINISHED
    assert said.startswith(f"{tmp_path}/file/")
    assert "cannot write" in said


def test_a_site_that_does_not_answer_is_one_line_and_exit_code_4(written: Written, tmp_path: Path) -> None:
    folder = ("--folder", str(tmp_path))
    start = written.newsroom.starts()["sahifa-east"]
    assert written.refused(f"{start}nothing-here", *folder) == (
        ExitCode.UNFINISHED,
        f"{start}nothing-here: the server answered 404",
    )
    assert written.refused(f"{start}search", *folder) == (
        ExitCode.UNFINISHED,
        f"{start}search: Forbidden by robots.txt",
    )
    code, said = written.refused("http://127.0.0.1:9/", *folder)
    assert code == ExitCode.UNFINISHED
    assert said == "http://127.0.0.1:9/: 127.0.0.1 is a private address"
    assert list(tmp_path.iterdir()) == []
    written.refused("http://127.0.0.1:9/", "--folder", str(tmp_path / "sites"))
    assert list(tmp_path.iterdir()) == []  # no folder is made for nothing


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("http://x.test/", "http://y.test/"), "one site at a time"),
        (("ftp://x.test/\x1b[2J",), "bad URL 'ftp://x.test/"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    done = scrapy("newsite", *arguments, "--folder", "no-such-folder/sites")
    assert not (ROOT / "no-such-folder").exists()
    assert done.code == ExitCode.USAGE
    assert said in done.err
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err


def test_no_url_prints_the_usage() -> None:
    done = scrapy("newsite")
    assert done.code == ExitCode.USAGE
    assert "scrapy newsite [options] <url>" in done.out
