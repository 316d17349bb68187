"""What the user, the machine and a kill -9 do to a crawl."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from demo.content import ARTICLES_EACH, gold, write_site_files
from demo.crawl import crawl_command
from demo.server import Newsroom
from pipelines.store.lock import OutputLock
from tests.crawling import (
    THOROUGH,
    Finished,
    crawl_newsroom,
    kill_when,
    requests_in,
    rows,
    run,
    scrapy,
    start,
    start_crawl,
)


def refused(done: Finished, code: int, *words: str) -> None:
    """One line on stderr that names what is wrong, and the exit code; nothing else."""
    lines = done.err.splitlines()
    assert done.code == code, done.err
    assert len(lines) == 1, done.err
    assert lines[0].startswith("scrapy crawl: ")
    for word in words:
        assert word in lines[0]
    assert done.out == ""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


def crawl(output: Path, *arguments: str) -> Finished:
    return scrapy("crawl", *arguments, "-s", f"NEWS_OUTPUT={output}")


def test_a_missing_site_file_is_named(tmp_path: Path, output: Path) -> None:
    refused(crawl(output, "news", "-a", f"sites={tmp_path / 'none.toml'}"), 2, "none.toml")
    assert not output.exists()


def test_a_malformed_site_file_is_named_with_its_key(tmp_path: Path, output: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('name = "bad"\nstart = "http://bad.test/"\nfeed = []\n', encoding="utf-8")
    refused(crawl(output, "news", "-a", f"sites={file}"), 2, "bad.toml", "'feed'")
    assert not output.exists()


def test_an_unknown_site_name_lists_the_known_ones(output: Path) -> None:
    done = crawl(output, "news", "-a", "sites=demo/sites", "-a", "site=nowhere")
    refused(done, 2, "'nowhere'", "sahifa-east")
    assert not output.exists()


def test_a_bad_url_is_named_with_its_line(tmp_path: Path, output: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_text("http://good.test/a\nfile:///etc/passwd\n", encoding="utf-8")
    refused(crawl(output, "urls", "-a", f"file={file}"), 2, "urls.txt:2", "file:///etc/passwd")
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nope"], "nope"),
        (["news", "-a", "colour=blue"], "colour"),
        (["urls"], "file=FILE"),
        (["urls", "-a", "file=missing.txt"], "missing.txt"),
        (["news", "-a", "sites=demo/sites", "-s", "NEWS_WORKERS=many"], "NEWS_WORKERS"),
        (["news", "-a", "sites=demo/sites", "-s", "NEWS_PAGE_SECONDS=0"], "NEWS_PAGE_SECONDS"),
        (["news", "-a", "sites=demo/sites", "-s", "NEWS_RECHECK=often"], "NEWS_RECHECK"),
        (["news", "-a", "sites=demo/sites", "-s", "NEWS_HOST_BUDGET=-1"], "NEWS_HOST_BUDGET"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_2(output: Path, arguments: list[str], word: str) -> None:
    refused(crawl(output, *arguments), 2, word)
    assert not output.exists()


def test_an_output_that_cannot_be_written_stops_the_run_before_it_starts(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way", encoding="utf-8")
    refused(crawl(file / "output", "news", "-a", "sites=demo/sites"), 4, str(file))


def test_a_ledger_that_is_none_is_moved_aside_and_named(output: Path) -> None:
    ledger = output / ".state" / "ledger.sqlite"
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"this is no database, however long it may be" * 100)
    done = crawl(output, "urls", "-a", "url=http://127.0.0.2:9/", "-L", "CRITICAL")
    assert done.code == 6
    (moved,) = ledger.parent.glob("ledger.sqlite.damaged-*")
    assert str(moved) in done.out
    assert moved.read_bytes() == b"this is no database, however long it may be" * 100


def test_a_second_run_on_the_same_output_is_refused_and_told_who_holds_it(output: Path) -> None:
    with OutputLock(output / ".state" / "lock", "run 20261121T000000-abcdef"):
        done = crawl(output, "news", "-a", "sites=demo/sites")
    refused(done, 3, "20261121T000000-abcdef", str(os.getpid()))


def test_a_site_that_yields_too_little_is_exit_5(tmp_path: Path, output: Path) -> None:
    with Newsroom() as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        file = tmp_path / "sites" / "alrasid.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace(f"min_articles = {ARTICLES_EACH}", "min_articles = 13"), encoding="utf-8"
        )
        done = crawl_newsroom(newsroom, file, output)
    assert done.code == 5
    assert "alrasid: 12 articles, 13 expected" in done.out


def test_a_site_that_does_not_answer_is_exit_5(tmp_path: Path, output: Path) -> None:
    (file := tmp_path / "silent.toml").write_text(
        'name = "silent"\nstart = "http://127.0.0.2:9/"\n', encoding="utf-8"
    )
    done = crawl(
        output, "news", "-a", f"sites={file}", "-s", "NEWS_ALLOW_PRIVATE=127.0.0.2:9", "-L", "CRITICAL"
    )
    assert done.code == 5
    assert "silent: nothing found from http://127.0.0.2:9/" in done.out
    assert "Look at the rows" not in done.out


def test_a_site_in_a_folder_does_not_take_the_sitemaps_of_its_host(tmp_path: Path, output: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with Newsroom(log=log) as newsroom:
        start = f"{newsroom.starts()['harbour-ledger']}about"
        (file := tmp_path / "folder.toml").write_text(
            f'name = "folder"\nstart = "{start}"\n', encoding="utf-8"
        )
        crawl_newsroom(newsroom, file, output)
    asked = [json.loads(line)["path"] for line in log.open(encoding="utf-8")]
    assert "/about" in asked
    assert not [path for path in asked if "sitemap" in path and not path.startswith("/about/")]


def test_a_second_address_of_a_stored_article_adds_no_row_and_is_counted(
    tmp_path: Path, output: Path
) -> None:
    with Newsroom() as newsroom:
        start = newsroom.starts()["khabarnameh"]
        article = next(answer.url for answer in gold(newsroom.port) if answer.url.startswith(start))
        short = f"{start}{article.split('/')[4]}"  # the outlet's short link leads to the article
        (file := tmp_path / "urls.txt").write_text(f"{article}\n{short}\n", encoding="utf-8")
        allowed = start.removeprefix("http://").strip("/")
        settings = ("-s", f"NEWS_ALLOW_PRIVATE={allowed}", "-s", "DOWNLOAD_DELAY=0", "-L", "ERROR")
        done = crawl(output, "urls", "-a", f"file={file}", *settings)
    assert done.code == 0, done.err
    assert [row["url"] for row in rows(output, "articles")] == [article]
    assert "1 pages hold an article that is stored already" in done.out


def test_private_addresses_are_not_fetched_unless_allowed(tmp_path: Path, output: Path) -> None:
    with Newsroom() as newsroom:
        url = f"{next(iter(newsroom.starts().values()))}2026/11/02/anything/"
        done = scrapy("crawl", "urls", "-a", f"url={url}", "-s", f"NEWS_OUTPUT={output}", "-L", "WARNING")
    assert done.code == 0
    assert "Nothing new: 0 articles" in done.out
    assert "NEWS_CONTACT is not set" in done.err


def test_a_run_told_to_stop_early_publishes_what_it_has_and_the_next_one_goes_on(
    tmp_path: Path, output: Path
) -> None:
    with Newsroom() as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        # One at a time: 70 of some 140 responses are all 62 places to look in and never all 72 articles.
        limit = ("-s", "CLOSESPIDER_PAGECOUNT=70", "-s", "CONCURRENT_REQUESTS=1")
        limited = run([*crawl_command(newsroom, tmp_path / "sites", output), *limit])
        first = len(rows(output, "articles"))
        done = crawl_newsroom(newsroom, tmp_path / "sites", output)
    assert (limited.code, done.code) == (0, 0)
    assert 0 < first < 72
    assert len(rows(output, "articles")) == 72


def test_a_terminated_run_publishes_what_it_has(tmp_path: Path, output: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with Newsroom(log=log) as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        process = start_crawl(newsroom, tmp_path / "sites", output)
        while process.poll() is None and requests_in(log) < 80:
            time.sleep(0.005)
        process.terminate()
        assert process.wait(timeout=180) == 0
        stored = len(rows(output, "articles"))
        crawl_newsroom(newsroom, tmp_path / "sites", output)
    assert stored > 0
    assert len(rows(output, "articles")) == 72


@pytest.mark.parametrize("requests", [15, 45, 75, 110] if THOROUGH else [45])
def test_a_killed_run_loses_nothing_and_doubles_nothing(tmp_path: Path, output: Path, requests: int) -> None:
    """kill -9 after so many requests; the next run completes, and no page kept is fetched again."""
    log = tmp_path / "requests.jsonl"
    with Newsroom(log=log) as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        process = start_crawl(newsroom, tmp_path / "sites", output)
        kill_when(process, lambda: requests_in(log) >= requests)
        done = crawl_newsroom(newsroom, tmp_path / "sites", output)
        answers = {answer.url: answer.text for answer in gold(newsroom.port)}
    assert done.code == 0, done.err
    stored = [(row["url"], row["text"]) for row in rows(output, "articles")]
    assert len(stored) == len(answers)
    assert dict(stored) == answers
    asked = Counter(
        (entry["address"], entry["path"]) for entry in map(json.loads, log.open(encoding="utf-8"))
    )
    again = [place for place, times in asked.items() if times > 2]
    assert again == []


def test_pages_that_wait_for_site_memory_outlive_a_kill_and_are_not_fetched_again(
    tmp_path: Path, output: Path
) -> None:
    """Killed when a site's pages are fetched and held: the next run cleans them from the WARC."""
    log = tmp_path / "requests.jsonl"
    with Newsroom(log=log) as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        site = tmp_path / "sites" / "harbour-ledger.toml"
        process = start_crawl(newsroom, site, output)
        ledger = output / ".state" / "ledger.sqlite"
        kill_when(process, lambda: fetched(ledger) >= 3)
        held = fetched(ledger)
        done = crawl_newsroom(newsroom, site, output)
        answers = {a.url: a.text for a in gold(newsroom.port) if a.site == "harbour-ledger"}
    assert held >= 3
    assert done.code == 0, done.err
    stored = [(row["url"], row["text"]) for row in rows(output, "articles")]
    assert len(stored) == len(answers)
    assert dict(stored) == answers
    asked = Counter(json.loads(line)["path"] for line in log.open(encoding="utf-8"))
    articles = [url.split("/", 3)[3] for url in answers]
    # What was under way when it was killed may be asked for once more; what was held may not.
    assert sum(asked[f"/{path}"] for path in articles) <= len(articles) * 2 - held


def test_a_killed_second_look_leaves_every_article_stored_once(tmp_path: Path, output: Path) -> None:
    """kill -9 while all stored articles are looked at again; the next run ends what was begun."""
    log = tmp_path / "requests.jsonl"
    again = ["-s", "NEWS_RECHECK=always"]
    with Newsroom(log=log) as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        command = crawl_command(newsroom, tmp_path / "sites" / "harbour-ledger.toml", output)
        assert run(command).code == 0
        before = rows(output, "articles")
        asked = requests_in(log)
        process = start([*command, *again])
        kill_when(process, lambda: requests_in(log) >= asked + 8)
        done = run([*command, *again])
    assert done.code == 0, done.err
    assert f"{len(before)} stored articles looked at again without a new version" in done.out
    assert rows(output, "articles") == before
    with closing(sqlite3.connect(output / ".state" / "ledger.sqlite")) as db:
        assert {state for (state,) in db.execute("SELECT state FROM urls WHERE article_id NOT NULL")} == {
            "committed"
        }


def fetched(ledger: Path) -> int:
    """Pages fetched and not cleaned for good."""
    if not ledger.exists():
        return 0
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM urls WHERE state = 'fetched'").fetchone()[0])
        except sqlite3.OperationalError:  # just being made
            return 0
