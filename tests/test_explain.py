"""`scrapy explain` in a process of its own: pages of the demo newsroom, files, and all that can be wrong."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.errors import ExitCode, UserError
from crawler.subject import subject
from demo.content import gold, not_articles, write_site_files
from demo.crawl import environment
from demo.model import Gold
from demo.server import Newsroom
from tests.conftest import DemoCrawl
from tests.crawling import ROOT, Finished, rows, scrapy
from tests.helpers_clean import document, paragraphs, story
from tests.helpers_golden import ARABIC, PERSIAN, page_of

SITE = 'name = "harbour"\nstart = "https://www.harbour.test/news/"\ncountry = "GR"\n'


@pytest.fixture(scope="module")
def open_demo(demo_crawl: DemoCrawl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoCrawl]:
    """The crawled newsroom once more, with a log of its own: other tests count the crawl's requests."""
    folder = tmp_path_factory.mktemp("explain")
    with Newsroom(log=folder / "requests.jsonl") as newsroom:
        write_site_files(folder / "sites", newsroom.port)
        yield replace(demo_crawl, newsroom=newsroom, sites=folder / "sites", log=folder / "requests.jsonl")


def settings(demo: DemoCrawl) -> list[str]:
    hosts = ",".join(urlsplit(start).netloc for start in demo.newsroom.starts().values())
    return ["-s", f"NEWS_OUTPUT={demo.output}", "-s", f"NEWS_ALLOW_PRIVATE={hosts}", "-s", "DOWNLOAD_DELAY=0"]


def stored(demo: DemoCrawl, dataset: str, url: str) -> dict[str, Any]:
    """The row of the page that the crawl fetched under another port."""
    path = urlsplit(url).hostname, urlsplit(url).path
    found = (
        row
        for row in rows(demo.output, dataset)
        if (urlsplit(row["url"]).hostname, urlsplit(row["url"]).path) == path
    )
    return next(found)


def explained(*arguments: str) -> dict[str, Any]:
    done = scrapy("explain", "--format", "json", *arguments)
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


def refused(*arguments: str) -> tuple[int, str]:
    """Exit code and the one line."""
    done = scrapy("explain", *arguments)
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert done.err.startswith("scrapy explain: ")
    return done.code, done.err


@pytest.fixture
def answer(open_demo: DemoCrawl) -> Gold:
    return next(a for a in gold(open_demo.newsroom.port) if a.site == "sahifa-east")


@pytest.fixture
def arabic(tmp_path: Path) -> Path:
    (file := tmp_path / "page.html").write_text(page_of(ARABIC), encoding="utf-8")
    return file


# -- a URL


def test_a_page_of_the_newsroom_is_explained_as_the_run_stored_it(open_demo: DemoCrawl, answer: Gold) -> None:
    found = explained(answer.url, "-a", f"sites={open_demo.sites}", *settings(open_demo))
    assert (found["outcome"], found["site"], found["known_pages"]) == ("article", "sahifa-east", 12)
    kept = [block["text"] for block in found["blocks"] if block["kept"]]
    assert "\n\n".join(kept) == answer.text
    row = stored(open_demo, "articles", answer.url)
    of_the_run = {
        (block["order"], block["path"], block["text"])
        for block in rows(open_demo.output, "removed_blocks")
        if block["article_id"] == row["id"]
    }
    cut = {(b["order"], b["path"], b["text"]) for b in found["blocks"] if not b["kept"]}
    assert of_the_run == cut
    orders = [block["order"] for block in found["blocks"]]
    assert orders == sorted(set(orders))
    said = {entry["field"]: (entry["value"], entry["source"]) for entry in found["metadata"]}
    assert said["title"] == (answer.title, "h1, json-ld:headline")
    assert said["published"] == (row["published_at"].isoformat(), "json-ld:datePublished")
    assert said["authors"] == (", ".join(row["authors"]), "json-ld:author")
    assert said["country"] == ("YE", "site file")
    assert said["language"] == ("ar", "the text 1.00")


def test_what_earlier_runs_learnt_of_the_site_counts(open_demo: DemoCrawl, tmp_path: Path) -> None:
    """Without other rules, site memory cuts what the newsroom repeats; without a ledger nothing does."""
    answer = next(a for a in gold(open_demo.newsroom.port) if a.site == "harbour-ledger")
    file = open_demo.sites / "harbour-ledger.toml"
    (tmp_path / "harbour-ledger.toml").write_text(
        'rules_off = ["phrase", "structure"]\n' + file.read_text(encoding="utf-8"), encoding="utf-8"
    )
    arguments = [answer.url, "-a", f"sites={tmp_path}", *settings(open_demo)]
    found = explained(*arguments)
    assert found["rules_off"] == ["phrase", "structure"]
    assert any(block["rule"] == "site_memory" for block in found["blocks"])
    fresh = explained(*arguments, "-s", f"NEWS_OUTPUT={tmp_path / 'none'}")
    assert (fresh["site"], fresh["known_pages"]) == ("harbour-ledger", 0)
    assert not any(block["rule"] == "site_memory" for block in fresh["blocks"])
    assert not (tmp_path / "none").exists()


def test_a_refused_page_shows_its_reason_and_what_was_seen(open_demo: DemoCrawl) -> None:
    pages = not_articles(open_demo.newsroom.port)
    url = next(url for url in pages if stored(open_demo, "rejected", url)["reason"] == "no_body")
    arguments = (url, "-a", f"sites={open_demo.sites}", *settings(open_demo))
    found = explained(*arguments)
    assert (found["outcome"], found["reason"]) == ("rejected", "no_body")
    assert found["detail"].endswith("letters of text")
    assert found["blocks"]
    assert not [block for block in found["blocks"] if block["kept"]]
    shown = scrapy("explain", *arguments).out
    assert f"Refused as no_body ({found['detail']}); 0 blocks kept" in shown


def test_robots_txt_is_obeyed_and_nothing_is_stored(open_demo: DemoCrawl) -> None:
    before = {path: path.stat().st_mtime_ns for path in open_demo.output.rglob("*.parquet")}
    start = open_demo.newsroom.starts()["sahifa-east"]
    code, said = refused(f"{start}search", "-a", f"sites={open_demo.sites}", *settings(open_demo))
    assert code == ExitCode.UNFINISHED
    assert said == f"scrapy explain: {start}search: Forbidden by robots.txt\n"
    log = open_demo.log.read_text(encoding="utf-8").splitlines()
    assert not [line for line in log if json.loads(line)["path"].startswith("/search")]
    assert {path: path.stat().st_mtime_ns for path in open_demo.output.rglob("*.parquet")} == before


def test_a_url_without_a_page_is_one_line_and_an_exit_code(open_demo: DemoCrawl) -> None:
    start = open_demo.newsroom.starts()["harbour-ledger"]
    there = ["-a", f"sites={open_demo.sites}", *settings(open_demo)]
    assert refused(f"{start}nothing-here", *there) == (
        ExitCode.UNFINISHED,
        f"scrapy explain: {start}nothing-here: the server answered 404\n",
    )
    code, said = refused(start, "-a", f"sites={open_demo.sites}")
    assert code == ExitCode.UNFINISHED
    assert "is a private address" in said
    code, said = refused("http://127.0.0.1:9/", "-s", "NEWS_ALLOW_PRIVATE=127.0.0.1:9", "-s", "RETRY_TIMES=0")
    assert code == ExitCode.UNFINISHED
    assert "http://127.0.0.1:9/: " in said


# -- a file


def test_a_file_is_read_as_a_page_of_its_site(arabic: Path, tmp_path: Path) -> None:
    (tmp_path / "harbour.toml").write_text(SITE + 'rules_off = ["structure.share"]', encoding="utf-8")
    given = ["-a", f"file={arabic}", "-a", f"sites={tmp_path}", "-s", f"NEWS_OUTPUT={tmp_path / 'out'}"]
    known = explained(*given, "-a", "url=http://harbour.test/news/1")
    assert (known["site"], known["rules_off"]) == ("harbour", ["structure.share"])
    assert [b["text"] for b in known["blocks"] if b["rule"] == "structure.share"] == []
    assert explained(*given, "-a", "site=harbour")["site"] == "harbour"
    stranger = explained(*given, "-a", "url=http://elsewhere.test/1")
    assert (stranger["site"], stranger["rules_off"]) == ("elsewhere.test", [])
    plain = scrapy("explain", *given).out
    assert plain.startswith(f"{arabic}, address unknown\nas a page of no site\nAn article of ")


@pytest.mark.parametrize("golden", [ARABIC, PERSIAN], ids=lambda golden: golden.language)
def test_kept_and_cut_stand_beside_each_other_in_reading_order(golden: Any, tmp_path: Path) -> None:
    (file := tmp_path / "page.html").write_text(page_of(golden), encoding="utf-8")
    shown = scrapy("explain", "-a", f"file={file}", COLUMNS="300").out
    lines = shown.split("─┼─")[1].splitlines()[1:]
    left, right = zip(*(line.split(" │") for line in lines), strict=True)
    kept = [cell.strip() for cell in left]
    places = [kept.index(paragraph) for paragraph in golden.text.split("\n\n")]
    assert places == sorted(places)
    cut = [cell.strip() for cell in right]
    for text, (rule, _) in golden.cut.items():
        at = cut.index(text)
        assert cut[at - 1].startswith(f"{rule} (")
        assert not kept[at]


def test_a_narrow_terminal_stacks_them_with_marks(arabic: Path) -> None:
    shown = scrapy("explain", "-a", f"file={arabic}", COLUMNS="60").out
    assert "│" not in shown
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    at = lines.index("- phrase.ar.read_also.start.1 (read_also)")
    assert lines[at + 1] == "- اقرأ أيضًا: الصيادون يرممون شباكهم"
    assert "+ أشجار ومقاعد" in lines


def on_a_terminal(*arguments: str, columns: int = 100, **env: str) -> str:
    """What the command writes to a terminal of this width."""
    controller, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    plain = {name: value for name, value in environment().items() if name not in ("COLUMNS", "NO_COLOR")}
    command = [sys.executable, "-m", "scrapy", "explain", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=plain | {"TERM": "xterm"} | env, stdout=terminal)
    os.close(terminal)
    written = b""
    try:
        while chunk := os.read(controller, 65536):
            written += chunk
    except OSError:  # Linux says EIO when the last writer is gone
        pass
    os.close(controller)
    assert process.wait(60) == 0
    return written.decode()


def test_colours_and_directions_are_for_terminals_alone(arabic: Path) -> None:
    given = ("-a", f"file={arabic}")
    coloured = on_a_terminal(*given)
    assert "\x1b[33m" in coloured
    assert "\u2067" in coloured  # right-to-left cells are isolated, so that columns keep their places
    plain = on_a_terminal(*given, NO_COLOR="1")
    assert "\x1b" not in plain
    assert "\u2067" in plain
    piped = scrapy("explain", *given).out
    assert not {"\x1b", "\u2067", "\u2069", "\u200e"} & set(piped)
    assert "│" not in on_a_terminal(*given, columns=50)


def test_a_page_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    bar = '<div class="share\x1b[2J">Send\x1b]0;x\x07 it \u202eon</div>'
    inside = bar + paragraphs("The quay was rebuilt. " * 9, "The mayor thanked the masons. " * 9)
    (file := tmp_path / "page.html").write_text(story("Quay\x1b[31m", inside), encoding="utf-8")
    shown = scrapy("explain", "-a", f"file={file}", "-a", "url=http://x.test/\x1b[2J").out
    assert "share" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_a_page_refused_unread_shows_why(tmp_path: Path) -> None:
    (file := tmp_path / "page.html").write_bytes(b"%PDF-1.7 x")
    assert "Refused as not_html" in scrapy("explain", "-a", f"file={file}").out
    (wall := tmp_path / "wall.html").write_text(document("<p>Please log in to go on</p>"), encoding="utf-8")
    found = explained("-a", f"file={wall}")
    assert found["outcome"] == "rejected"
    assert [block["text"] for block in found["blocks"]] == ["Please log in to go on"]


def test_a_reader_that_leaves_early_is_no_error(arabic: Path) -> None:
    command = f"{sys.executable} -m scrapy explain -a file={arabic} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# -- mistakes


@pytest.mark.parametrize(
    ("url", "arguments", "said"),
    [
        (["ftp://x.test/"], {}, "bad URL 'ftp://x.test/'"),
        (["http://x.test/", "http://y.test/"], {}, "one page at a time"),
        (["http://x.test/"], {"file": "x.html"}, "one page at a time"),
        ([], {"site": "sahifa"}, "no page given"),
        ([], {"file": "no-such-file.html"}, "no-such-file.html: there is no such file"),
        ([], {"file": "docs"}, "docs: is no file"),
        ([], {"page": "x"}, "unknown argument 'page'; known are file, url, case, site, sites"),
        (["http://x.test/"], {"site": "nobody"}, "no site 'nobody' in sites; there are "),
        (["http://x.test/"], {"sites": "no-folder"}, "no-folder: cannot read the site file"),
    ],
)
def test_a_mistake_is_told_before_anything_is_fetched(
    url: list[str], arguments: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError) as caught:
        subject(url, arguments)
    assert said in str(caught.value)


def test_a_mistake_is_one_line_and_exit_code_2() -> None:
    code, line = refused("http://x.test/", "-a", "site=nobody")
    assert code == ExitCode.USAGE
    assert "no site 'nobody' in sites; there are " in line


def test_no_argument_at_all_prints_the_usage() -> None:
    done: Finished = scrapy("explain")
    assert done.code == ExitCode.USAGE
    assert "scrapy explain [options] <url>" in done.out


def test_a_ledger_that_cannot_be_read_is_exit_code_4(arabic: Path, tmp_path: Path) -> None:
    (ledger := tmp_path / "ledger.sqlite").write_bytes(b"no database" * 99)
    code, said = refused("-a", f"file={arabic}", "-s", f"NEWS_STATE={ledger}")
    assert code == ExitCode.UNFINISHED
    assert str(ledger) in said


def test_the_site_nearest_above_a_url_is_its_site(tmp_path: Path) -> None:
    for name, start in {
        "whole": "https://paper.test/",
        "persian": "https://www.paper.test/fa/",
        "other": "https://other.test/",
    }.items():
        (tmp_path / f"{name}.toml").write_text(f'name = "{name}"\nstart = "{start}"\n', encoding="utf-8")

    def site(url: str) -> str:
        return subject([url], {"sites": str(tmp_path)}).name

    assert site("https://paper.test/world/1") == "whole"
    assert site("https://www.paper.test/world/1") == "whole"
    assert site("https://paper.test/fa/1") == "persian"
    assert site("https://paper.test/fable") == "whole"
    assert site("http://other.test/1") == "other"
    assert site("https://sport.paper.test/1") == "sport.paper.test"
