"""Pages that send their reader on: found in the first bytes, counted as redirects, no page parsed for it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.content import write_site_files
from demo.crawl import crawl_command, environment
from demo.server import Newsroom
from pipelines.page.refresh import Refresh, refresh_of
from tests.crawling import ROOT, Finished, rows, run, scrapy
from tests.helpers_clean import PARK, paragraphs, story
from tests.web.server import Answer, Request, Web

# They share a crawl.
pytestmark = pytest.mark.xdist_group("meta_refresh")
BASE = "http://news.test/a/b"


def found(markup: str) -> Refresh | None:
    return refresh_of(markup.encode(), BASE)


@pytest.mark.parametrize(
    "tag",
    [
        '<meta http-equiv="refresh" content="0; url=/next">',
        "<META HTTP-EQUIV=Refresh CONTENT='0;URL=/next'>",
        "<meta content='0;url=/next' http-equiv=refresh>",
        '<meta http-equiv="refresh" content="0, /next" />',
        '<meta http-equiv="refresh" content="0.5;url=\'/next\'">',
        '<meta data-x="y" http-equiv = "refresh" content = " 0 ; url = /next ">',
        "<!-- a comment --><script>x</script><meta http-equiv=refresh content=0;url=/next>",
    ],
)
def test_a_refresh_is_found_however_it_is_written(tag: str) -> None:
    assert found(f"<html><head>{tag}") == Refresh(0, "http://news.test/next")


@pytest.mark.parametrize(
    "markup",
    [
        "",
        '<meta http-equiv="refresh" content="60">',
        '<meta http-equiv="refresh" content="soon; url=/next">',
        '<meta name="refresh" content="0; url=/next">',
        '<!-- <meta http-equiv="refresh" content="0; url=/next"> -->',
        '<noscript><meta http-equiv="refresh" content="0; url=/next"></noscript>',
        '<script>"<meta http-equiv=refresh content=0;url=/next>"',
        f'{"x" * 5_000}<meta http-equiv="refresh" content="0; url=/next">',
        '<meta http-equiv="refresh" content="0; url=http://[/">',
    ],
)
def test_what_is_no_refresh_is_none(markup: str) -> None:
    assert found(markup) is None


def test_an_address_is_read_as_the_page_writes_it() -> None:
    assert found('<meta http-equiv=refresh content="3; url=/x?a=1&amp;b=خبر">') == Refresh(
        3, "http://news.test/x?a=1&b=خبر"
    )
    body = "<meta http-equiv=refresh content='0;url=/next'>".encode("utf-16")
    assert refresh_of(body, BASE) == Refresh(0, "http://news.test/next")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from("<meta http-equiv refresh content = ; url ' \" > <!-- --> <script a 0 /".split())
    )
)
def test_no_bytes_break_the_look(pieces: list[str]) -> None:
    refresh_of(" ".join(pieces).encode(), BASE)
    refresh_of("".join(pieces).encode() * 50, BASE)


# In a run


def news(number: int) -> bytes:
    """An article like no other."""
    lines = (f"{line} It was reported by station {number} of the harbour." for line in PARK)
    return story(f"New park number {number} opens on the quay", paragraphs(*lines)).encode()


PAGES = {
    "/moved-story-1": b'<meta http-equiv="refresh" content="0; url=/story-1">',
    "/story-1": news(1),
    "/live-story-2": b'<meta http-equiv="refresh" content="60; url=/live-story-2">' + news(2),
    "/self-story-3": b'<meta http-equiv="refresh" content="0; url=/self-story-3">' + news(3),
    "/loop-1": b'<meta http-equiv="refresh" content="0; url=/loop-2">',
    "/loop-2": b'<meta http-equiv="refresh" content="0; url=/loop-1">',
    "/file-story-4": b'<meta http-equiv="refresh" content="0; url=file:///etc/passwd">' + news(4),
}


# Lets every way to decode or parse a page fail in the process that fetches, and writes down what was tried.
# Workers are started by another program than scrapy's.
_GUARD = """
import functools, os, sys

if "-m" in sys.orig_argv and "scrapy" in sys.orig_argv:
    import lxml.etree, lxml.html, parsel, scrapy.http, w3lib.encoding, w3lib.html

    def forbid(owner, name):
        def fail(*args, **kwargs):
            with open(os.environ["KHABAR_WITNESS"], "a") as file:
                file.write(name + chr(10))
            raise AssertionError(name)
        setattr(owner, name, fail)

    for owner, names in {
        lxml.etree: "HTML XML fromstring parse iterparse",
        lxml.html: "document_fromstring fromstring parse fragments_fromstring fragment_fromstring",
        parsel.Selector: "__init__",
        w3lib.html: "get_meta_refresh get_base_url replace_entities remove_tags",
        w3lib.encoding: "html_to_unicode html_body_declared_encoding",
        scrapy.http.TextResponse: "css xpath json follow urljoin _declared_encoding _body_inferred_encoding",
    }.items():
        for name in names.split():
            if hasattr(owner, name):
                forbid(owner, name)

    import scrapy.http.response.text as text
    for name in ("html_to_unicode", "html_body_declared_encoding", "get_base_url"):
        if hasattr(text, name):
            forbid(text, name)
    scrapy.http.TextResponse.text = property(lambda self: self.css("text"))
"""


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a command that may parse nothing itself."""
    folder = tmp_path_factory.mktemp("guard")
    (folder / "sitecustomize.py").write_text(_GUARD, encoding="utf-8")
    return {"PYTHONPATH": f"{folder}:{ROOT}", "KHABAR_WITNESS": str(folder / "witness")}


def tried(guard: dict[str, str]) -> str:
    """What was tried all the same."""
    witness = Path(guard["KHABAR_WITNESS"])
    return witness.read_text(encoding="utf-8") if witness.exists() else ""


@dataclass
class _Refreshing:
    """A host of pages that send their reader on."""

    address: str = ""
    listens: bool = True
    origin: str = ""
    name: str = "refreshing"
    asked: list[str] = field(default_factory=list)

    def open(self, origin: str) -> None:
        self.origin = origin

    def respond(self, request: Request) -> Answer:
        self.asked.append(request.path)
        body = PAGES.get(request.path)
        return Answer(b"", 404) if body is None else Answer(body)


@dataclass(frozen=True)
class _Crawled:
    """A run over `PAGES`, and what it asked for."""

    done: Finished
    asked: list[str]
    stored: dict[str, str]
    ends: dict[str, tuple[str, str]]
    tried: str


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, guard: dict[str, str]) -> _Crawled:
    folder = tmp_path_factory.mktemp("refresh")
    host = _Refreshing()
    with Web([host]):
        urls = folder / "urls.txt"
        asked = [path for path in PAGES if path not in ("/story-1", "/loop-2")]
        urls.write_text("".join(f"{host.origin}{path}\n" for path in asked), encoding="utf-8")
        said = {
            "NEWS_OUTPUT": str(folder / "output"),
            "NEWS_ALLOW_PRIVATE": host.address,
            "DOWNLOAD_DELAY": "0",
            "LOG_LEVEL": "WARNING",
        }
        options = [part for name, value in said.items() for part in ("-s", f"{name}={value}")]
        done = scrapy("crawl", "urls", "-a", f"file={urls}", *options, **guard)
    with closing(sqlite3.connect(folder / "output" / ".state" / "ledger.sqlite")) as db:
        ends = {
            url: (state, reason) for url, state, reason in db.execute("SELECT url, state, reason FROM urls")
        }
    return _Crawled(
        done,
        host.asked,
        {_path(row["url_requested"]): _path(row["url"]) for row in rows(folder / "output", "articles")},
        {_path(url): end for url, end in ends.items()},
        tried(guard),
    )


def _path(url: str) -> str:
    return urlsplit(url).path


def test_a_page_that_sends_on_at_once_is_followed(crawled: _Crawled) -> None:
    assert crawled.stored["/moved-story-1"] == "/story-1", crawled.done.err


@pytest.mark.parametrize("path", ["/live-story-2", "/file-story-4"])
def test_a_page_that_reloads_itself_later_or_leads_nowhere_is_the_article(
    crawled: _Crawled, path: str
) -> None:
    assert crawled.stored[path] == path
    assert crawled.asked.count(path) == 1


def test_a_page_that_sends_to_itself_at_once_is_a_loop(crawled: _Crawled) -> None:
    assert crawled.ends["/self-story-3"] == ("failed", "redirect_loop")


def test_a_loop_is_counted_as_redirects_and_ends(crawled: _Crawled) -> None:
    assert 2 <= crawled.asked.count("/loop-1") + crawled.asked.count("/loop-2") <= 9
    assert crawled.ends["/loop-1"][0] in ("failed", "forbidden")


def test_a_run_over_pages_parses_nothing_itself(crawled: _Crawled) -> None:
    assert crawled.tried == ""


def test_a_run_over_front_pages_feeds_and_sitemaps_parses_nothing_itself(
    tmp_path: Path, guard: dict[str, str]
) -> None:
    with Newsroom() as newsroom:
        write_site_files(tmp_path / "sites", newsroom.port)
        done = run(crawl_command(newsroom, tmp_path / "sites", tmp_path / "output"), **guard)
    assert done.code == 0, done.err
    assert "72 new articles from 6 sites" in done.out
    assert tried(guard) == ""


def test_the_guard_sees_what_is_parsed(guard: dict[str, str], tmp_path: Path) -> None:
    own = guard | {"KHABAR_WITNESS": str(tmp_path / "witness")}
    spider = tmp_path / "spider.py"
    spider.write_text(
        """
import scrapy

class Careless(scrapy.Spider):
    name = "careless"
    start_urls = ["data:text/html,<p>x"]

    def parse(self, response):
        return {"x": response.css("p").get()}
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "scrapy", "runspider", str(spider)]
    command += ["-s", "LOG_ENABLED=0", "-s", "ADDONS={}"]
    subprocess.run(command, cwd=tmp_path, env=environment() | own, check=False, timeout=300)
    assert "css" in tried(own)
